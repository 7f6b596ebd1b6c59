import type { Catalog } from '@tollstream/catalog';
import type {
  Commit,
  Committed,
  EventLog,
  PartitionClaim,
  PartitionTask,
  StateFollower,
} from '@tollstream/event-log';
import type { RatingProcessor, RatingState } from '@tollstream/service-rating';
import { createRatingProcessor } from '@tollstream/service-rating';
import type { BlockInsert, UsageStore } from '@tollstream/usage-store';
import type { Variant } from './run.ts';
import { CATALOG_VERSIONS } from './world/catalogs.ts';
import { TOPICS, type Service } from './world/pipeline.ts';

/** A pipeline that is wrong on purpose, in one place. The simulator is worth what it finds of these. */
export interface BrokenVariant {
  readonly what: string;
  /** Caught within so many seeds, wherever one begins; stated with room over what was measured. */
  readonly seedsMax: number;
  readonly variant: Variant;
}

/** Each wraps what a service is given, or takes a promise of the world away; the services themselves are the right ones. */
export const BROKEN_VARIANTS: Readonly<Record<string, BrokenVariant>> = {
  'commit-before-insert': {
    what: 'the aggregator commits its offset while the insert is still under way',
    seedsMax: 10,
    variant: { seams: () => ({ store: insertInBackground }) },
  },
  'token-without-boundary': {
    what: 'the aggregator inserts under a token whose range it has not recorded',
    seedsMax: 5,
    variant: {
      seams: () => ({
        log: (log, service) => onAggregatorLog(log, service, { commitPositions: forgetBoundary(log) }),
      }),
    },
  },
  'replay-alone': {
    what: 'a new owner brings its own rows only of an insert that held those of several partitions',
    seedsMax: 40,
    variant: {
      seams: () => ({
        log: (log, service) => onAggregatorLog(log, service, { committed: async () => null }),
      }),
    },
  },
  'no-replay': {
    what: 'an insert that failed counts as done when it is tried again',
    seedsMax: 5,
    variant: { seams: () => ({ store: (store) => ({ ...bound(store), replayBlocks: async () => 0 }) }) },
  },
  'blind-retry': {
    what: 'an insert that failed is sent again under another token, without a look at what is stored',
    seedsMax: 5,
    variant: { seams: () => ({ store: retryBlindly }) },
  },
  'no-fencing': {
    what: 'the log takes commits of an owner of the past',
    seedsMax: 5,
    variant: { flaws: { hasNoFencing: true } },
  },
  'position-before-fencing': {
    what: 'a new owner reads the position before it fences the old one',
    seedsMax: 60,
    variant: { flaws: { readsPositionBeforeFencing: true } },
  },
  'state-after-abort': {
    what: 'rating keeps the state of a batch whose commit failed',
    seedsMax: 5,
    variant: { seams: keepStateAfterAbort },
  },
  'takes-up-unresolved': {
    what: 'suspended calls are taken up while earlier requests are not resolved yet',
    seedsMax: 5,
    variant: { seams: () => ({ suspense: (options) => ({ ...options, until: async () => undefined }) }) },
  },
  'dedupe-window-0': {
    what: 'rating remembers one call only',
    seedsMax: 2,
    variant: { seams: () => ({ dedupe: { windowCallsMax: 1, windowAgeMs: 60_000 } }) },
  },
  'token-window-0': {
    what: 'the tables remember no tokens',
    seedsMax: 20,
    variant: { tokenWindow: 0 },
  },
  'two-catalogs': {
    what: 'half of a batch is priced by another catalog version',
    seedsMax: 2,
    variant: { seams: () => ({ rating: priceByTwoCatalogs }) },
  },
  'lost-totals': {
    what: 'ingest starts its totals anew with each owner',
    seedsMax: 2,
    variant: { seams: () => ({ log: (log, service) => onClaims(log, service, 'ingest', forgetTotals) }) },
  },
  'outputs-before-position': {
    what: 'rating writes its outputs in one step and moves its position in another',
    seedsMax: 5,
    variant: { seams: () => ({ log: (log, service) => onClaims(log, service, 'rating', commitInTwo) }) },
  },
  'rejects-dropped': {
    what: 'ingest drops what it cannot read',
    seedsMax: 2,
    variant: { seams: () => ({ log: (log, service) => onClaims(log, service, 'ingest', dropRejected) }) },
  },
  'alert-state-after-abort': {
    what: 'rating keeps what was spent in a batch whose commit failed',
    seedsMax: 5,
    variant: { seams: () => ({ rating: keepAfterAbort('spend') }) },
  },
  'alerts-forgotten': {
    what: 'a new owner of a partition does not know which alerts were given',
    seedsMax: 5,
    variant: { seams: () => ({ rating: forgetAlerts }) },
  },
  'allowance-forgotten': {
    what: 'a new owner of a partition does not know what was used of the allowances',
    seedsMax: 5,
    variant: { seams: () => ({ rating: forgetAllowances }) },
  },
  'parts-forgotten': {
    what: 'a new owner of a partition does not know which parts of calls wait for the others',
    seedsMax: 5,
    variant: { seams: () => ({ rating: onRestoredParts((part, parts) => parts.delete(part.source)) }) },
  },
  'parts-doubled': {
    what: 'a new owner of a partition has each part that waits twice',
    seedsMax: 5,
    variant: { seams: () => ({ rating: onRestoredParts(waitTwice) }) },
  },
  'parts-after-abort': {
    what: 'rating keeps the waiting parts of a batch whose commit failed',
    seedsMax: 25,
    variant: { seams: () => ({ rating: keepAfterAbort('parts') }) },
  },
  'snapshot-before-commit': {
    what: 'a snapshot is taken of a state with a batch that is not committed yet, under the position before it',
    seedsMax: 15,
    variant: { seams: () => ({ rating: snapshotBeforeCommit }) },
  },
};

/** The log as it is, but for the claims that the tasks of one service get. */
function onClaims(
  log: EventLog,
  service: Service,
  broken: Service,
  change: (claim: PartitionClaim) => PartitionClaim,
): EventLog {
  if (service !== broken) return log;
  return withMethods(log, {
    join: async (options) =>
      log.join({ ...options, open: async (claim): Promise<PartitionTask> => options.open(change(claim)) }),
  });
}

function onAggregatorLog(log: EventLog, service: Service, methods: Partial<EventLog>): EventLog {
  return service === 'aggregator' ? withMethods(log, methods) : log;
}

function withMethods(log: EventLog, methods: Partial<EventLog>): EventLog {
  return Object.assign(Object.create(log) as EventLog, {
    describeTopics: async (names: readonly string[]) => log.describeTopics(names),
    committed: async (...place: Parameters<EventLog['committed']>) => log.committed(...place),
    commitPositions: async (moves: Parameters<EventLog['commitPositions']>[0]) => log.commitPositions(moves),
    offsets: async (topic: string) => log.offsets(topic),
    read: (range: Parameters<EventLog['read']>[0]) => log.read(range),
    join: async (options: Parameters<EventLog['join']>[0]) => log.join(options),
    ...methods,
  });
}

/** The store's methods as values, so that a copy can leave some out. */
function bound(store: UsageStore): UsageStore {
  return {
    kind: store.kind,
    database: store.database,
    migrate: async () => store.migrate(),
    insertBlocks: async (insert) => store.insertBlocks(insert),
    replayBlocks: async (insert) => store.replayBlocks(insert),
    query: async (sql, parameters) => store.query(sql, parameters),
    queryStream: async (sql, format, parameters) => store.queryStream(sql, format, parameters),
    ping: async () => store.ping(),
    close: async () => store.close(),
  };
}

function insertInBackground(store: UsageStore): UsageStore {
  return {
    ...bound(store),
    insertBlocks: async (insert) => {
      store.insertBlocks(insert).catch(async () => store.replayBlocks(insert).catch(() => 0));
      return Promise.resolve();
    },
  };
}

function retryBlindly(store: UsageStore): UsageStore {
  let attempts = 0;
  return {
    ...bound(store),
    replayBlocks: async (insert: BlockInsert) => {
      attempts += 1;
      await store.insertBlocks({ ...insert, token: `${insert.token}-${attempts}` });
      return insert.rows;
    },
  };
}

function withCommit(claim: PartitionClaim, commit: (step: Commit) => Promise<void>): PartitionClaim {
  return { ...claim, commit };
}

function forgetBoundary(log: EventLog): EventLog['commitPositions'] {
  return async (moves) =>
    log.commitPositions(
      moves.map((move) => {
        const { boundary: _forgotten, ...rest } = JSON.parse(move.metadata) as Record<string, unknown>;
        return { ...move, metadata: JSON.stringify(rest) };
      }),
    );
}

function forgetTotals(claim: PartitionClaim): PartitionClaim {
  return { ...claim, committed: claim.committed === null ? null : { ...claim.committed, metadata: '' } };
}

function commitInTwo(claim: PartitionClaim): PartitionClaim {
  let { offset, metadata } = claim.committed ?? { offset: 0, metadata: '' };
  return withCommit(claim, async (step) => {
    if (step.outputs.length > 0) await claim.commit({ outputs: step.outputs, nextOffset: offset, metadata });
    await claim.commit({ ...step, outputs: [] });
    ({ nextOffset: offset, metadata } = step);
  });
}

function dropRejected(claim: PartitionClaim): PartitionClaim {
  return withCommit(claim, async (step) =>
    claim.commit({ ...step, outputs: step.outputs.filter(({ topic }) => topic !== TOPICS.rejected) }),
  );
}

function keepStateAfterAbort(): { rating: (processor: RatingProcessor) => RatingProcessor } {
  return {
    rating(processor) {
      // One per process, as its memory is.
      const kept = new Map<number, RatingState>();
      return {
        restore: async (claim, log) => {
          const state = kept.get(claim.partition) ?? (await processor.restore(claim, log));
          kept.set(claim.partition, state);
          return state;
        },
        process: (state, batch) => processor.process(state, batch),
      };
    },
  };
}

/** What one part of the state was before an abort, it stays. */
function keepAfterAbort(part: 'spend' | 'parts'): (processor: RatingProcessor) => RatingProcessor {
  return (processor) => {
    const kept = new Map<number, Partial<RatingState>>();
    return {
      restore: async (claim, log) => {
        const state = await processor.restore(claim, log);
        const first = kept.get(claim.partition) ?? { [part]: state[part] };
        kept.set(claim.partition, first);
        return { ...state, ...first };
      },
      process: (state, batch) => processor.process(state, batch),
    };
  };
}

type Parts = RatingState['parts'];
type Part = ReturnType<Parts['all']>[number];

function onRestoredParts(
  change: (part: Part, parts: Parts, state: RatingState) => void,
): (processor: RatingProcessor) => RatingProcessor {
  return (processor) => ({
    restore: async (claim, log) => {
      const state = await processor.restore(claim, log);
      for (const part of state.parts.all(state.window)) change(part, state.parts, state);
      return state;
    },
    process: (state, batch) => processor.process(state, batch),
  });
}

function waitTwice(part: Part, parts: Parts, { window }: RatingState): void {
  parts.add({ ...part, source: `${part.source} again` }, window);
}

function forgetAlerts(processor: RatingProcessor): RatingProcessor {
  return {
    restore: async (claim, log) => {
      const state = await processor.restore(claim, log);
      state.spend.forgetAlerts();
      return state;
    },
    process: (state, batch) => processor.process(state, batch),
  };
}

function forgetAllowances(processor: RatingProcessor): RatingProcessor {
  return {
    restore: async (claim, log) => {
      const state = await processor.restore(claim, log);
      const { allowances } = await processor.restore({ ...claim, committed: null }, withoutRecords(log));
      return { ...state, allowances };
    },
    process: (state, batch) => processor.process(state, batch),
  };
}

function snapshotBeforeCommit(processor: RatingProcessor): RatingProcessor {
  const followed = new Map<number, { follower: StateFollower; position: Committed | null }>();
  return {
    restore: async (claim, log) => processor.restore(claim, log),
    follow: (state, claim, log) => {
      const own = { follower: processor.follow!(state, claim, log), position: claim.committed };
      followed.set(claim.partition, own);
      return {
        committed: async (position) => {
          own.position = position;
          return Promise.resolve();
        },
        tick: async () => Promise.resolve(),
        close: async () => own.follower.close(),
      };
    },
    process: (state, batch) => {
      const rated = processor.process(state, batch);
      const { follower, position } = followed.get(batch.partition)!;
      if (position !== null) void follower.committed(position);
      return rated;
    },
  };
}

function withoutRecords(log: EventLog): EventLog {
  return Object.assign(Object.create(log) as EventLog, {
    offsets: async (topic: string) =>
      (await log.offsets(topic)).map(({ partition }) => ({ partition, begin: 0, end: 0 })),
    read: (range: Parameters<EventLog['read']>[0]) => log.read({ ...range, to: range.from }),
  });
}

function priceByTwoCatalogs(processor: RatingProcessor, catalog: Catalog): RatingProcessor {
  const other = createRatingProcessor({
    catalog: CATALOG_VERSIONS[catalog.version % CATALOG_VERSIONS.length]!,
    topics: TOPICS,
  });
  return {
    restore: async (claim, log) => processor.restore(claim, log),
    process: (state, batch) => {
      const half = Math.ceil(batch.records.length / 2);
      const first = processor.process(state, { ...batch, records: batch.records.slice(0, half) });
      if (half === batch.records.length) return first;
      const second = other.process(state, { ...batch, records: batch.records.slice(half) });
      return { ...second, outputs: [...first.outputs, ...second.outputs] };
    },
  };
}
