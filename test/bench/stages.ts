/**
 * Each stage alone, in this process, on the sample's calls: what one core does. Every stage works on what the stage before
 * it made, so the records are those of the pipeline.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Catalog } from '@tollstream/catalog';
import { ZERO_TOTALS, decodeBlock, encodeCallEvent, parseCallEventJson } from '@tollstream/contracts';
import {
  type LogRecord,
  type OutputRecord,
  type RecordBatch,
  createMemoryEventLog,
  openSqliteEventLog,
} from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { type NormalizedNumber, normalize } from '@tollstream/numbering';
import { createIngestProcessor } from '@tollstream/service-ingest';
import { createRatingProcessor } from '@tollstream/service-rating';
import { USAGE_TABLES, openEmbeddedStore } from '@tollstream/usage-store';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import type { StageResult } from './result.ts';

const BATCH_RECORDS = 25_000;
export const TOPICS = {
  accepted: 'calls.accepted',
  rejected: 'calls.rejected',
  rated: 'usage.rated',
  suspended: 'usage.suspended',
  resolved: 'usage.resolved',
  alerts: 'usage.alerts',
};

export async function benchStages(options: {
  calls: number;
  seed: number;
  catalog: Catalog;
}): Promise<StageResult[]> {
  const { catalog } = options;
  const lines = [...generateCalls({ calls: options.calls, seed: options.seed, catalog })];
  const events = lines
    .map((line) => parseCallEventJson(line))
    .flatMap((decoded) => (decoded.kind === 'call' ? [decoded.call] : []));
  const avro = events.map(encodeCallEvent);
  const results: StageResult[] = [];

  results.push(
    measure('decode JSON', lines.length, bytesOf(lines), () =>
      lines.forEach((line) => void parseCallEventJson(line)),
    ),
    measure('normalise', events.length * 2, null, () => {
      const out: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };
      const plan = { country: 'US', areaCode: '212' };
      for (const event of events) {
        normalize(event.from, plan, out);
        normalize(event.to, plan, out);
      }
    }),
  );

  const ingest = createIngestProcessor({
    catalog,
    outputs: {
      accepted: TOPICS.accepted,
      rejected: TOPICS.rejected,
      acceptedPartitions: 1,
      rejectedPartitions: 1,
    },
  });
  let accepted: OutputRecord[] = [];
  const ingestAll = (batches: readonly RecordBatch[]) => (): void => {
    const state = { totals: ZERO_TOTALS };
    accepted = batches.flatMap((batch) => [...ingest.process(state, batch).outputs]);
  };
  results.push(
    measure(
      'ingest Avro (decode, normalise, attribute, encode)',
      avro.length,
      bytesOf(avro),
      ingestAll(batchesOf('calls.raw', avro)),
    ),
    measure(
      'ingest JSON (decode, normalise, attribute, encode)',
      lines.length,
      bytesOf(lines),
      ingestAll(batchesOf('calls.raw', lines)),
    ),
  );

  const blocks = accepted
    .filter((output) => output.topic === TOPICS.accepted)
    .map((output) => output.value ?? Buffer.alloc(0));
  const acceptedCalls = countOf(blocks);
  const rating = createRatingProcessor({ catalog, topics: TOPICS });
  const ratingBatches = batchesOf(TOPICS.accepted, blocks, 6);
  let rated: OutputRecord[] = [];
  results.push(
    await measureAsync(
      'rate (decode, duplicates, price, encode)',
      acceptedCalls,
      bytesOf(blocks),
      async () => {
        const state = await emptyState(rating);
        rated = ratingBatches.flatMap((batch) => [...rating.process(state, batch).outputs]);
      },
    ),
  );

  const ratedBlocks = rated
    .filter((output) => output.topic === TOPICS.rated)
    .map((output) => output.value ?? Buffer.alloc(0));
  results.push(await benchInsert(ratedBlocks), await benchLog(lines));
  return results;
}

/** Rated blocks into the real engine, as large as the aggregator inserts them. */
async function benchInsert(blocks: readonly Buffer[]): Promise<StageResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  const store = await openEmbeddedStore({ dataDirectory: directory });
  try {
    await store.migrate();
    const natives = blocks.map((block) => decodeBlock(block).native);
    const rows = countOf(blocks);
    let round = 0;
    return await measureAsync('insert (embedded ClickHouse)', rows, bytesOf(natives), async () => {
      round += 1;
      await store.insertBlocks({
        table: 'usage',
        columns: USAGE_TABLES.usage.columns,
        natives,
        token: `round-${round}`,
        rows,
      });
    });
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Raw records through the SQLite log: one atomic commit a batch, then read back. */
async function benchLog(lines: readonly Buffer[]): Promise<StageResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  const log = openSqliteEventLog({ directory });
  try {
    await log.createTopics([{ name: 'calls.raw', partitions: 1 }]);
    const claim = await log.claim('bench', 'calls.raw', 0);
    let position = 0;
    return await measureAsync('SQLite log (append durably, read)', lines.length, bytesOf(lines), async () => {
      const [before] = await log.offsets('calls.raw');
      for (const batch of batchesOf('calls.raw', lines)) {
        position += batch.records.length;
        const outputs = batch.records.map((record) => ({
          topic: 'calls.raw',
          partition: 0,
          value: record.value,
        }));
        await claim.commit({ outputs, nextOffset: position, metadata: '' });
      }
      await readAll(log, before?.end ?? 0);
    });
  } finally {
    await log.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function readAll(log: EventLog, from: number): Promise<number> {
  let records = 0;
  for await (const batch of log.read({ topic: 'calls.raw', partition: 0, from }))
    records += batch.records.length;
  return records;
}

export async function emptyState(
  rating: ReturnType<typeof createRatingProcessor>,
): ReturnType<typeof rating.restore> {
  const log = createMemoryEventLog();
  await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
  return rating.restore(await log.claim('rating', TOPICS.accepted, 0), log);
}

export function batchesOf(topic: string, values: readonly Buffer[], size = BATCH_RECORDS): RecordBatch[] {
  const batches: RecordBatch[] = [];
  // After every call of the sample: no call lies in the future.
  const timestampMs = Date.UTC(2021, 0, 1);
  for (let first = 0; first < values.length; first += size) {
    const records: LogRecord[] = values
      .slice(first, first + size)
      .map((value, i) => ({ offset: first + i, key: null, value, timestampMs }));
    batches.push({
      topic,
      partition: 0,
      records,
      nextOffset: first + records.length,
      endOffset: values.length,
    });
  }
  return batches;
}

function countOf(blocks: readonly Buffer[]): number {
  return blocks.reduce((sum, block) => sum + decodeBlock(block).header.recordCount, 0);
}

function bytesOf(values: readonly Buffer[]): number {
  return values.reduce((sum, value) => sum + value.length, 0);
}

/** Best of several rounds after a warm-up: other work of the machine only ever makes a round slower. */
const ROUNDS = 5;

function measure(stage: string, calls: number, bytes: number | null, work: () => void): StageResult {
  let best = { seconds: Infinity, cpuSeconds: Infinity };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    work();
    best = better(best, startedMs, cpu, round);
  }
  return stageResult(stage, calls, bytes, best);
}

async function measureAsync(
  stage: string,
  calls: number,
  bytes: number | null,
  work: () => Promise<void>,
): Promise<StageResult> {
  let best = { seconds: Infinity, cpuSeconds: Infinity };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const cpu = process.cpuUsage();
    const startedMs = performance.now();
    await work();
    best = better(best, startedMs, cpu, round);
  }
  return stageResult(stage, calls, bytes, best);
}

interface Best {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

function better(best: Best, startedMs: number, cpu: NodeJS.CpuUsage, round: number): Best {
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  if (round === 0) return best;
  return {
    seconds: Math.min(best.seconds, seconds),
    cpuSeconds: Math.min(best.cpuSeconds, (user + system) / 1e6),
  };
}

function stageResult(stage: string, calls: number, bytes: number | null, best: Best): StageResult {
  return {
    stage,
    calls,
    calls_per_second: Math.round(calls / best.seconds),
    cpu_seconds_per_million: (best.cpuSeconds * 1e6) / calls,
    bytes_per_call: bytes === null ? null : bytes / calls,
  };
}
