/** Calls published at a steady rate, or at one after the other, whatever becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { requireCatalog } from '@tollstream/catalog';
// Before kafkajs, which it replaces parts of.
import '@tollstream/event-log/kafka';
import kafkajs from 'kafkajs';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { PackedLines } from './packed-lines.ts';
import type { Span } from './pauses.ts';

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
  /** Of each rate. */
  readonly seconds: number;
  readonly seed: number;
  /** Rates that follow. */
  readonly further?: readonly number[];
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

/** What was published at one of the rates of a load. */
export interface Step extends Span {
  readonly ratePerSecond: number;
  readonly achieved: number;
  /** This and `toMs` in milliseconds of `performance.now()`, half-open. */
  readonly fromMs: number;
}

/** Hands over what is due, again and again; what falls behind is made up for. */
export async function publishSteadily(
  load: Load,
  publish: (lines: Buffer[]) => Promise<void>,
  onMeasured: () => void = () => {},
): Promise<Step[]> {
  const { seconds, seed, catalogDirectory } = load;
  const rates = ratesOf(load);
  const catalog = await requireCatalog(catalogDirectory ?? SAMPLE_CATALOG);
  const total = dueCalls(load, WARM_UP_SECONDS + SETTLE_SECONDS + seconds * rates.length);
  // Made beforehand: making them takes more than publishing them.
  const lines = new PackedLines();
  for (const line of generateCalls({ calls: total, seed, catalog })) lines.add(line);
  const startMs = performance.now();
  const stepFrom = (step: number): number =>
    startMs + (WARM_UP_SECONDS + SETTLE_SECONDS + step * seconds) * 1_000;
  const sentAt: number[] = [];
  let sent = 0;
  const passSteps = (): void => {
    while (sentAt.length < rates.length && performance.now() >= stepFrom(sentAt.length))
      if (sentAt.push(sent) === 1) onMeasured();
  };
  while (sent < total) {
    passSteps();
    const due = Math.min(total, dueCalls(load, (performance.now() - startMs) / 1_000));
    const next = Math.min(due, sent + SEND_CALLS_MAX);
    if (next > sent) await publish(lines.views(sent, next));
    sent = next;
    if (sent === due) await sleep(TICK_MS);
  }
  passSteps();
  const endMs = performance.now();
  return rates.map((ratePerSecond, step) => {
    const isLast = step === rates.length - 1;
    const [fromMs, toMs] = [stepFrom(step), isLast ? endMs : stepFrom(step + 1)];
    const calls = (isLast ? total : sentAt[step + 1]!) - sentAt[step]!;
    return { ratePerSecond, achieved: (calls * 1_000) / (toMs - fromMs), fromMs, toMs };
  });
}

function ratesOf({ ratePerSecond, further = [] }: Load): number[] {
  return [ratePerSecond, ...further];
}

/** Calls that are to be published in the first so many seconds. */
function dueCalls(load: Load, seconds: number): number {
  const warmUp = Math.min(seconds, WARM_UP_SECONDS) * WARM_UP_SHARE;
  const settle = clamp(seconds - WARM_UP_SECONDS, SETTLE_SECONDS);
  const measured = seconds - WARM_UP_SECONDS - SETTLE_SECONDS;
  const steps = ratesOf(load).map((rate, step) => rate * clamp(measured - step * load.seconds, load.seconds));
  return Math.floor(load.ratePerSecond * (warmUp + settle) + steps.reduce((all, calls) => all + calls, 0));
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
