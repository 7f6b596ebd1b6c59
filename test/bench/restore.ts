/**
 * A restart of rating with so many remembered calls: one partition's output is written to a SQLite log, and a process of its own restores the state
 * from all of it, another one from a snapshot.
 */
import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Catalog } from '@tollstream/catalog';
import {
  ZERO_TOTALS,
  decodeBlock,
  encodeBlock,
  readNativeBlock,
  serialiseTotals,
} from '@tollstream/contracts';
import type { OutputRecord } from '@tollstream/event-log';
import { openSqliteEventLog } from '@tollstream/event-log';
import { createIngestProcessor } from '@tollstream/service-ingest';
import { RATING_GROUP, createRatingProcessor } from '@tollstream/service-rating';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import type { StepCost } from './process-usage.ts';
import { TOPICS, batchesOf, emptyState } from './stages.ts';

export interface RestoreResult {
  readonly ids: number;
  /** Of the rated blocks that hold them. */
  readonly output_bytes: number;
  readonly window_bytes_per_id: number;
  readonly from_output: StepCost;
  readonly snapshot: {
    readonly bytes: number;
    /** With a batch coming as soon as the one before is done. */
    readonly seconds: number;
    /** Longest time between two batches. */
    readonly pause_ms: number;
  };
  readonly from_snapshot: StepCost;
}

/** What a process that restores says. */
export interface RestoredOnce {
  readonly cost: StepCost;
  readonly ids: number;
  readonly window_bytes: number;
  readonly snapshot?: RestoreResult['snapshot'];
}

const BLOCK_CALLS = 4_000;
const BLOCKS_PER_COMMIT = 16;
const DAY_MS = 86_400_000;
/** Less than a window remembers by default. */
const SPREAD_MS = 28 * DAY_MS;

export async function benchRestore({
  ids,
  seed,
  catalog,
  say,
}: {
  ids: number;
  seed: number;
  catalog: Catalog;
  say: (line: string) => void;
}): Promise<RestoreResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  try {
    const output_bytes = await writeOutput(path.join(directory, 'log'), { ids, seed, catalog });
    say('restore from all of the output …');
    const first = restoreOnce(directory, ids, 'output');
    say(`${JSON.stringify(first)}; restore from a snapshot …`);
    const second = restoreOnce(directory, ids, 'snapshot');
    if (second.ids !== first.ids)
      throw new Error(`${first.ids} ids from output, ${second.ids} from a snapshot`);
    return {
      ids: first.ids,
      output_bytes,
      window_bytes_per_id: Number((first.window_bytes / first.ids).toFixed(1)),
      from_output: first.cost,
      snapshot: first.snapshot!,
      from_snapshot: second.cost,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function restoreOnce(directory: string, ids: number, from: 'output' | 'snapshot'): RestoredOnce {
  const program = path.join(import.meta.dirname, 'restore-once.ts');
  const answer = execFileSync(process.execPath, [program, directory, String(ids), from], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(answer) as RestoredOnce;
}

/** Blocks as rating writes them, each with identities and times of its own. @returns their bytes */
async function writeOutput(
  directory: string,
  { ids, seed, catalog }: { ids: number; seed: number; catalog: Catalog },
): Promise<number> {
  const { header, native } = decodeBlock(await ratedBlock(seed, catalog));
  const block = readNativeBlock(native);
  const hashes = block.column('call_hash').data();
  const startedAt = block.column('started_at').data();
  const log = openSqliteEventLog({ directory });
  try {
    await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
    const claim = await log.claim(RATING_GROUP, TOPICS.accepted, 0);
    const blocks = Math.ceil(ids / block.rows);
    const beginMs = Date.UTC(2020, 0, 1);
    let bytes = 0;
    for (let first = 0; first < blocks; first += BLOCKS_PER_COMMIT) {
      const next = Math.min(blocks, first + BLOCKS_PER_COMMIT);
      const outputs: OutputRecord[] = [];
      for (let offset = first; offset < next; offset++) {
        randomFillSync(hashes);
        for (let row = 0; row < block.rows; row++) {
          const ms = beginMs + Math.floor(((offset + row / block.rows) / blocks) * SPREAD_MS);
          startedAt.writeBigInt64LE(BigInt(ms), row * 8);
        }
        const rated = (offset + 1) * block.rows;
        const totals = { ...ZERO_TOTALS, seen: rated, rated };
        const value = encodeBlock({ ...header, firstOffset: offset, nextOffset: offset + 1, totals }, [
          native,
        ]);
        bytes += value.length;
        outputs.push({ topic: TOPICS.rated, partition: 0, value });
      }
      const rated = next * block.rows;
      const metadata = serialiseTotals({ ...ZERO_TOTALS, seen: rated, rated });
      await claim.commit({ outputs, nextOffset: next, metadata });
    }
    await claim.release();
    return bytes;
  } finally {
    await log.close();
  }
}

/** A block of the sample's calls, rated. */
async function ratedBlock(seed: number, catalog: Catalog): Promise<Buffer> {
  const { accepted, rejected } = TOPICS;
  const outputs = { accepted, rejected, acceptedPartitions: 1, rejectedPartitions: 1 };
  const ingest = createIngestProcessor({ catalog, outputs });
  const rating = createRatingProcessor({ catalog, topics: TOPICS });
  const lines = [...generateCalls({ calls: BLOCK_CALLS, seed, catalog })];
  const state = { totals: ZERO_TOTALS };
  const blocks = batchesOf('calls.raw', lines)
    .flatMap((batch) => ingest.process(state, batch).outputs)
    .filter(({ topic }) => topic === accepted)
    .map(({ value }) => value!);
  const ratingState = await emptyState(rating);
  const rated = batchesOf(accepted, blocks).flatMap((batch) => rating.process(ratingState, batch).outputs);
  return rated.find(({ topic }) => topic === TOPICS.rated)!.value!;
}
