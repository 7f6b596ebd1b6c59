/** Three members of rating over a real broker, restarted one after the other while calls keep coming. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseTotals } from '@tollstream/contracts';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import { startRating } from '../rating.ts';
import type { RatingTopics } from '../processor.ts';
import { testCatalog } from './catalog.ts';
import { acceptedBlock, outputs } from './stage.ts';

const MEMBERS = 3;
const FEED_MS = 50;
/** Only what hangs reaches it. */
const DEADLINE_MS = 300_000;

export interface RollingRestart {
  /** Ids of the calls that came, each also as a copy. */
  readonly calls: readonly string[];
  /** Ids of the rated calls, as they stand on the log. */
  readonly rated: readonly string[];
  /** Running totals, summed over the partitions. */
  readonly totals: { readonly seen: number; readonly rated: number; readonly duplicate: number };
  /** Partitions that a member which stayed had to give up, for each time that one left and that one came. */
  readonly movedByLeaving: readonly number[];
  readonly movedByComing: readonly number[];
  /** Longest time between two commits of one partition, while each got a call every `FEED_MS`. */
  readonly longestStopMs: number;
}

interface Member {
  isJoined(): boolean;
  stop(): Promise<void>;
}

export async function rollingRestart({
  brokers,
  partitions,
}: {
  brokers: readonly string[];
  partitions: number;
}): Promise<RollingRestart> {
  const run = randomUUID();
  const of = (name: string): string => `${name}-${run}`;
  const topics: RatingTopics = {
    accepted: of('accepted'),
    rated: of('rated'),
    suspended: of('suspended'),
    resolved: of('resolved'),
    alerts: of('alerts'),
  };
  const group = of('rating');
  const log = openKafkaEventLog({ brokers });
  await log.createTopics(Object.values(topics).map((name) => ({ name, partitions })));
  const catalog = testCatalog();
  const committedMs = new Map<number, number>();
  let longestStopMs = 0;
  let moved = 0;
  const start = async (): Promise<Member> => {
    const own = openKafkaEventLog({ brokers });
    let isStopping = false;
    const membership = await startRating({
      log: own,
      catalog,
      topics,
      group,
      metrics: createMetrics({ service: 'rating' }),
      onEvent: (event) => {
        if (event.kind === 'revoked' && !isStopping) moved += 1;
        if (event.kind !== 'lag') return;
        const before = committedMs.get(event.partition);
        const now = performance.now();
        if (before !== undefined) longestStopMs = Math.max(longestStopMs, now - before);
        committedMs.set(event.partition, now);
      },
    });
    return {
      isJoined: () => membership.joined,
      stop: async () => {
        isStopping = true;
        await membership.stop();
        await own.close();
      },
    };
  };
  const calls: string[] = [];
  const feeder = startFeeder(log, { topics, partitions, calls });
  const members: Member[] = [];
  const movedByLeaving: number[] = [];
  const movedByComing: number[] = [];
  try {
    for (let i = 0; i < MEMBERS; i++) members.push(await start());
    await allCommitted();
    longestStopMs = 0;
    for (let i = 0; i < MEMBERS; i++) {
      moved = 0;
      await members[i]!.stop();
      await allCommitted();
      movedByLeaving.push(moved);
      moved = 0;
      members[i] = await start();
      await until(() => members[i]!.isJoined());
      await allCommitted();
      movedByComing.push(moved);
    }
    await feeder.stop();
    const totalsOf = async (): Promise<RollingRestart['totals']> => {
      const sum = { seen: 0, rated: 0, duplicate: 0 };
      for (let partition = 0; partition < partitions; partition++) {
        const totals = parseTotals((await log.committed(group, topics.accepted, partition))?.metadata ?? '');
        for (const name of ['seen', 'rated', 'duplicate'] as const) sum[name] += totals[name];
      }
      return sum;
    };
    await until(async () => (await totalsOf()).seen >= calls.length * 2);
    const rated: string[] = [];
    for (let partition = 0; partition < partitions; partition++)
      for (const { rows } of await outputs(log, topics.rated, partition))
        rated.push(...rows.map((row) => String(row['call_id'])));
    return { calls, rated, totals: await totalsOf(), movedByLeaving, movedByComing, longestStopMs };
  } finally {
    await feeder.stop();
    for (const member of members) await member.stop();
    await log.deleteTopics(Object.values(topics));
    await log.close();
  }

  /** Each partition, from now on. */
  async function allCommitted(): Promise<void> {
    const sinceMs = performance.now();
    await until(() =>
      Array.from({ length: partitions }, (_, partition) => partition).every(
        (partition) => (committedMs.get(partition) ?? 0) > sinceMs,
      ),
    );
  }
}

/** A call and its copy to each partition, again and again. */
function startFeeder(
  log: EventLog,
  { topics, partitions, calls }: { topics: RatingTopics; partitions: number; calls: string[] },
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const feed = async (): Promise<void> => {
    const claim = await log.claim(`feeder-${topics.accepted}`, topics.accepted, 0);
    for (let round = 0; !stopped.signal.aborted; round++) {
      const ids = Array.from({ length: partitions }, (_, partition) => `call-${partition}-${round}`);
      await claim.commit({
        outputs: ids.map((id, partition) => ({
          topic: topics.accepted,
          partition,
          value: acceptedBlock([{ id }, { id }], round),
        })),
        nextOffset: 0,
        metadata: '',
      });
      calls.push(...ids);
      await sleep(FEED_MS);
    }
    await claim.release();
  };
  const fed = feed();
  fed.catch(() => undefined);
  return {
    stop: async () => {
      stopped.abort();
      await fed;
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('a rolling restart hangs');
    await sleep(20);
  }
}
