/**
 * Moves call records from a file to the raw topic. The position in the file is committed together with the records, so that a
 * killed import goes on where it stopped: nothing is published twice, nothing is left out.
 */
import { createHash, randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { topicMissing } from '@tollstream/event-log';
import type { Commit, EventLog, PartitionClaim, RecordHeaders } from '@tollstream/event-log';
import { readCalls } from '@tollstream/switch-formats';
import type { ImportChunk, ReadCallsOptions, ReadPosition } from '@tollstream/switch-formats';
import { EventPacker } from './event-packer.ts';
import type { PackTarget } from './event-packer.ts';

/** Leading bytes that tell whether a file at a known path is still the file that was read before. */
const HEAD_BYTES_MAX = 4_096;
const STANDARD_INPUT = '-';

export interface ImportSource {
  /** A path, '-' for standard input, or several paths where the rows of one call stand in different files. */
  readonly files: readonly string[];
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
  /** By file. */
  readonly headBytes: readonly number[];
}

/** @returns how many records this call published (0 when the file had been read to its end before). */
export async function importCalls(options: ImporterOptions): Promise<ImportProgress> {
  const { log, rawTopic, source } = options;
  const partitions = await partitionCount(log, rawTopic);
  const claim = await log.claim(`import-${sourceId(source.files)}`, rawTopic, 0);
  try {
    const from = await resumePosition(claim, source.files);
    const resumedAtByte = from?.bytes ?? 0;
    let records = 0;
    let bytes = resumedAtByte;
    // Each source begins at a partition of its own: many small files would else all be in the first one.
    let chunkNumber = firstChunkNumber(source.files) + (from?.records ?? 0);
    const packer = new EventPacker();
    const name = nameOf(source.files);
    const readOptions = from === undefined ? source.options : { ...source.options, from };
    for await (const chunk of readCalls(source.files, readOptions)) {
      await options.ready?.();
      const target = { topic: rawTopic, partition: chunkNumber % partitions, name };
      await claim.commit({
        ...outputsOf(chunk, target, packer),
        nextOffset: chunk.position.bytes,
        metadata: JSON.stringify(await savedPosition(chunk.position, source.files)),
      });
      const { located } = chunk;
      records += located?.reduce((sum, { count }) => sum + count, 0) ?? chunk.records.length;
      for (const events of located ?? []) events.release();
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
  target: Omit<PackTarget, 'headers'>,
  packer: EventPacker,
): Pick<Commit, 'outputs' | 'packed'> {
  const { topic, partition, name } = target;
  const headers = rawHeaders(chunk.headers);
  if (chunk.located !== undefined)
    return { outputs: [], packed: packer.pack(chunk.located, { ...target, headers }) };
  const outputs = chunk.records.map((record) => ({
    topic,
    partition,
    key: `${name}:${record.line}`,
    value: record.value,
    ...(headers === undefined ? {} : { headers }),
  }));
  return { outputs };
}

/** Formats that the raw topic carries anyway, told apart by their first byte. */
const EVENT_FORMATS = ['json', 'avro'];

/** By the reader's headers object: readers and log tell by identity that the headers of a record are those of the one before. */
const knownHeaders = new WeakMap<RecordHeaders, RecordHeaders | undefined>();

/** What a record must say of itself beyond what its topic says. */
function rawHeaders(given: RecordHeaders): RecordHeaders | undefined {
  if (knownHeaders.has(given)) return knownHeaders.get(given);
  const { 'tollstream-format': format = '', ...rest } = given;
  const needed = EVENT_FORMATS.includes(format) ? rest : given;
  const headers = Object.keys(needed).length === 0 ? undefined : needed;
  knownHeaders.set(given, headers);
  return headers;
}

async function partitionCount(log: EventLog, topic: string): Promise<number> {
  const [info] = await log.describeTopics([topic]);
  if (info === undefined) throw topicMissing([topic]);
  return info.partitions;
}

/** What stands before the line number in a record's key. */
function nameOf(files: readonly string[]): string {
  const [first = ''] = files;
  const name = first === STANDARD_INPUT ? 'stdin' : path.basename(first);
  return files.length === 1 ? name : `${name}+${files.length - 1}`;
}

/** Stable over restarts; other paths are another source. */
function sourceId(files: readonly string[]): string {
  const names = files.map((file) => (file === STANDARD_INPUT ? file : path.resolve(file)));
  return createHash('sha256').update(names.join('\0')).digest('hex').slice(0, 16);
}

/** Standard input is another source each time. */
function firstChunkNumber(files: readonly string[]): number {
  const bytes = files.includes(STANDARD_INPUT) ? randomBytes(4) : Buffer.from(sourceId(files), 'hex');
  return bytes.readUInt32BE();
}

/** Where to go on, or undefined to begin at the start: a new source, or other content under known names. */
async function resumePosition(
  claim: PartitionClaim,
  files: readonly string[],
): Promise<ReadPosition | undefined> {
  if (claim.committed === null || claim.committed.metadata === '' || files.includes(STANDARD_INPUT))
    return undefined;
  const saved = JSON.parse(claim.committed.metadata) as SavedPosition;
  return (await headDigest(files, saved.headBytes)) === saved.head ? saved.position : undefined;
}

async function savedPosition(position: ReadPosition, files: readonly string[]): Promise<SavedPosition> {
  if (files.includes(STANDARD_INPUT)) return { position, head: '', headBytes: [] };
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const headBytes = sizes.map((size) => Math.min(HEAD_BYTES_MAX, size));
  return { position, head: await headDigest(files, headBytes), headBytes };
}

/** @param bytes by file: how much of its beginning counts */
async function headDigest(files: readonly string[], bytes: readonly number[]): Promise<string> {
  const digest = createHash('sha256');
  for (const [i, file] of files.entries()) {
    const handle = await open(file);
    try {
      const head = Buffer.alloc(bytes[i] ?? 0);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      digest.update(`${bytesRead}\0`).update(head.subarray(0, bytesRead));
    } finally {
      await handle.close();
    }
  }
  return digest.digest('hex').slice(0, 16);
}
