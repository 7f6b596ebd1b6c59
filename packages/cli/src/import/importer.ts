/**
 * Moves call records from a file to the raw topic. The position in the file is committed together with the records, so that a
 * killed import goes on where it stopped: nothing is published twice, nothing is left out.
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { EventLog, OutputRecord, PartitionClaim } from '@tollstream/event-log';
import { readCalls } from '@tollstream/switch-formats';
import type { ImportChunk, ReadCallsOptions, ReadPosition } from '@tollstream/switch-formats';

/** Leading bytes that tell whether a file at a known path is still the file that was read before. */
const HEAD_BYTES_MAX = 4_096;

export interface ImportSource {
  /** Path, or '-' for standard input. */
  readonly file: string;
  readonly options: ReadCallsOptions;
}

export interface ImportProgress {
  readonly records: number;
  readonly bytes: number;
  readonly resumedAtByte: number;
}

export interface ImporterOptions {
  readonly log: EventLog;
  readonly rawTopic: string;
  readonly source: ImportSource;
  /** Stops after the chunk in hand. */
  readonly signal?: AbortSignal;
  /** Awaited before each chunk: back-pressure of the pipeline behind. */
  readonly ready?: () => Promise<void>;
  readonly onProgress?: (progress: ImportProgress) => void;
}

interface SavedPosition {
  readonly position: ReadPosition;
  readonly head: string;
  readonly headBytes: number;
}

/** @returns how many records this call published (0 when the file had been read to its end before). */
export async function importCalls(options: ImporterOptions): Promise<ImportProgress> {
  const { log, rawTopic, source } = options;
  const partitions = await partitionCount(log, rawTopic);
  const claim = await log.claim(`import-${sourceId(source.file)}`, rawTopic, 0);
  try {
    const from = source.file === '-' ? undefined : await resumePosition(claim, source.file);
    const resumedAtByte = from?.bytes ?? 0;
    let records = 0;
    let bytes = resumedAtByte;
    let chunkNumber = from?.records ?? 0;
    const name = source.file === '-' ? 'stdin' : path.basename(source.file);
    const readOptions = from === undefined ? source.options : { ...source.options, from };
    for await (const chunk of readCalls(source.file, readOptions)) {
      await options.ready?.();
      await claim.commit({
        outputs: outputsOf(chunk, { topic: rawTopic, partition: chunkNumber % partitions, name }),
        nextOffset: chunk.position.bytes,
        metadata: JSON.stringify(await savedPosition(chunk.position, source.file)),
      });
      records += chunk.records.length;
      chunkNumber += 1;
      bytes = chunk.position.bytes;
      options.onProgress?.({ records, bytes, resumedAtByte });
      if (options.signal?.aborted === true) break;
    }
    return { records, bytes, resumedAtByte };
  } finally {
    await claim.release();
  }
}

function outputsOf(
  chunk: ImportChunk,
  target: { topic: string; partition: number; name: string },
): OutputRecord[] {
  const { topic, partition, name } = target;
  const headers = chunk.headers;
  return chunk.records.map((record) => ({
    topic,
    partition,
    key: `${name}:${record.line}`,
    value: record.value,
    headers,
  }));
}

async function partitionCount(log: EventLog, topic: string): Promise<number> {
  const [info] = await log.describeTopics([topic]);
  if (info === undefined) {
    throw Object.assign(new Error(`topic ${topic} does not exist`), {
      code: 'TOLL_TOPIC_MISSING',
      remedy: 'Run `tollstream topics create` first.',
    });
  }
  return info.partitions;
}

/** Stable over restarts; two paths are two sources. */
function sourceId(file: string): string {
  const name = file === '-' ? '-' : path.resolve(file);
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** Where to go on, or undefined to begin at the start: a new file, or another file under a known name. */
async function resumePosition(claim: PartitionClaim, file: string): Promise<ReadPosition | undefined> {
  if (claim.committed === null || claim.committed.metadata === '') return undefined;
  const saved = JSON.parse(claim.committed.metadata) as SavedPosition;
  const { size } = await stat(file);
  if (size < saved.headBytes) return undefined;
  return (await headDigest(file, saved.headBytes)) === saved.head ? saved.position : undefined;
}

async function savedPosition(position: ReadPosition, file: string): Promise<SavedPosition> {
  if (file === '-') return { position, head: '', headBytes: 0 };
  const { size } = await stat(file);
  const headBytes = Math.min(HEAD_BYTES_MAX, size);
  return { position, head: await headDigest(file, headBytes), headBytes };
}

async function headDigest(file: string, bytes: number): Promise<string> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(head, 0, bytes, 0);
    return createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex').slice(0, 16);
  } finally {
    await handle.close();
  }
}
