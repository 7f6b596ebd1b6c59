/** Calls published at a steady rate, whatever becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { requireCatalog } from '@tollstream/catalog';
// Before kafkajs, which it replaces parts of.
import '@tollstream/event-log/kafka';
import kafkajs from 'kafkajs';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { PackedLines } from './packed-lines.ts';

/** Not measured: half of the load while services and broker compile their code, so that no backlog comes of it, then all of it. */
const WARM_UP_SECONDS = 30;
const WARM_UP_SHARE = 0.5;
const SETTLE_SECONDS = 15;
const TICK_MS = 10;
/** What one send takes at most: a load that fell behind would be one request that the broker refuses, and so fall behind for ever. */
const SEND_CALLS_MAX = 10_000;
const JSON_HEADERS = { 'tollstream-format': 'json' };

export interface Load {
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly seed: number;
  /** Absent: the sample's. */
  readonly catalogDirectory?: string;
}

export interface RawPublisher {
  /** Spreads the calls over the partitions in turn, and resolves when the broker has them. */
  publish(lines: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

/** @param onRecord told each record, and when it was handed over by `performance.now()` */
export async function rawPublisher(options: {
  brokers: readonly string[];
  topic: string;
  partitions: number;
  onRecord?: (partition: number, offset: number, nowMs: number) => void;
}): Promise<RawPublisher> {
  const { brokers, topic, partitions, onRecord } = options;
  const producer = new kafkajs.Kafka({
    clientId: 'bench',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.ERROR,
  }).producer({
    createPartitioner: () => (args) => args.message.partition ?? 0,
    // Offsets are counted here: sends of one partition may not overtake each other.
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const ends = Array.from({ length: partitions }, () => 0);
  let next = 0;
  return {
    async publish(lines) {
      const nowMs = performance.now();
      const messages = lines.map((value) => {
        const partition = next++ % partitions;
        onRecord?.(partition, ends[partition]!++, nowMs);
        return { partition, value, headers: JSON_HEADERS };
      });
      await producer.send({ topic, acks: -1, messages });
    },
    close: () => producer.disconnect(),
  };
}

/** Hands over what is due, again and again; what falls behind is made up for. */
export async function publishSteadily(
  { ratePerSecond, seconds, seed, catalogDirectory }: Load,
  publish: (lines: Buffer[]) => Promise<void>,
  onMeasured: () => void = () => {},
): Promise<{ achieved: number; measuredFrom: number }> {
  const total = dueCalls(ratePerSecond, WARM_UP_SECONDS + SETTLE_SECONDS + seconds);
  const catalog = await requireCatalog(catalogDirectory ?? SAMPLE_CATALOG);
  // Made beforehand: making them takes more than publishing them.
  const lines = new PackedLines();
  for (const line of generateCalls({ calls: total, seed, catalog })) lines.add(line);
  const startMs = performance.now();
  const measuredFrom = startMs + (WARM_UP_SECONDS + SETTLE_SECONDS) * 1_000;
  let sentBefore = 0;
  let isMeasured = false;
  for (let sent = 0; sent < total;) {
    if (!isMeasured && performance.now() >= measuredFrom) {
      isMeasured = true;
      sentBefore = sent;
      onMeasured();
    }
    const due = Math.min(total, dueCalls(ratePerSecond, (performance.now() - startMs) / 1_000));
    const next = Math.min(due, sent + SEND_CALLS_MAX);
    if (next > sent) await publish(lines.views(sent, next));
    sent = next;
    if (sent === due) await sleep(TICK_MS);
  }
  const achieved = ((total - sentBefore) * 1_000) / (performance.now() - measuredFrom);
  return { achieved, measuredFrom };
}

/** Calls that are to be published in the first so many seconds. */
function dueCalls(ratePerSecond: number, seconds: number): number {
  const warmUp = Math.min(seconds, WARM_UP_SECONDS) * WARM_UP_SHARE;
  return Math.floor(ratePerSecond * (warmUp + Math.max(0, seconds - WARM_UP_SECONDS)));
}
