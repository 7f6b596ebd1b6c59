import { createHash } from 'node:crypto';
import type { Offset } from '@tollstream/event-log';
import type { UsageTable } from '@tollstream/usage-store';

/** When a block is closed and written: whichever comes first. */
export interface BlockLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** Age of the oldest record since it was taken up. */
  readonly ageMsMax: number;
  /**
   * The same while rows keep coming, at least one in twice `ageMsMax`: an insert costs as much for ten rows as for a thousand. Equal to
   * it where rows are to wait for no others.
   */
  readonly ageGrowingMsMax: number;
  /**
   * The same while this stage or one before it works off a backlog of such an age: the rows are late, and larger inserts catch up
   * sooner.
   */
  readonly ageBehindMsMax: number;
}

/** Offsets of one partition, half-open, and how many rows they hold. */
export interface Range {
  readonly partition: number;
  readonly first: Offset;
  readonly next: Offset;
  readonly rows: number;
}

/** What one insert holds: ranges of partitions of one topic, by partition, with the name that the store knows its rows by. */
export interface Boundary {
  readonly token: string;
  readonly ranges: readonly Range[];
}

/** What stands beside the committed offset of a partition. */
export interface Note {
  readonly v: 1;
  /** Id of the topic the offset belongs to: a topic made anew under the same name starts over. */
  readonly topicId: string;
  /** Rows stored of this partition since its beginning. */
  readonly rows: number;
  /** Present while its insert is under way: these offsets, and no others, are written first after a crash. */
  readonly boundary?: Boundary;
}

/** One message of a block topic. */
export interface BlockMessage {
  readonly offset: Offset;
  readonly rows: number;
  readonly native: Buffer;
}

/** Messages taken up and not yet written. */
export interface OpenBlock {
  readonly first: Offset;
  readonly next: Offset;
  readonly rows: number;
  readonly bytes: number;
  /** When the first of its offsets was taken up; null while there is none. */
  readonly openedAtMs: number | null;
  /** When rows were taken up last. */
  readonly grownAtMs: number | null;
  readonly natives: Buffer[];
}

export function emptyBlock(first: Offset): OpenBlock {
  return { first, next: first, rows: 0, bytes: 0, openedAtMs: null, grownAtMs: null, natives: [] };
}

/** The block with a message more; messages come in offset order. Takes over the list of the block given, which is used up. */
export function withMessage(block: OpenBlock, message: BlockMessage, nowMs: number): OpenBlock {
  if (message.rows > 0) block.natives.push(message.native);
  return {
    ...block,
    next: message.offset + 1,
    rows: block.rows + message.rows,
    bytes: block.bytes + message.native.length,
    openedAtMs: block.openedAtMs ?? nowMs,
    grownAtMs: message.rows > 0 ? nowMs : block.grownAtMs,
  };
}

/** The block with offsets that hold no records (transaction markers), so that the committed offset gets past them. */
export function withOffsetsUpTo(block: OpenBlock, next: Offset, nowMs: number): OpenBlock {
  return next <= block.next ? block : { ...block, next, openedAtMs: block.openedAtMs ?? nowMs };
}

/** Whether the block is to be written before this message: no block exceeds the limits unless a single message does. */
export function overflows(
  block: Pick<OpenBlock, 'rows' | 'bytes'>,
  message: BlockMessage,
  limits: BlockLimits,
): boolean {
  if (block.rows === 0) return false;
  return block.rows + message.rows > limits.rowsMax || block.bytes + message.native.length > limits.bytesMax;
}

/** Whether the block is to be written now. One opened in the future is: the clock was set back, and nobody knows its age. */
export function isDue(block: OpenBlock, limits: BlockLimits, nowMs: number, behind: boolean): boolean {
  if (block.openedAtMs === null) return false;
  const ageMs = nowMs - block.openedAtMs;
  return (
    block.rows >= limits.rowsMax ||
    block.bytes >= limits.bytesMax ||
    ageMs >= ageMax(block, limits, nowMs, behind) ||
    ageMs < 0
  );
}

function ageMax(block: OpenBlock, limits: BlockLimits, nowMs: number, behind: boolean): number {
  if (behind) return limits.ageBehindMsMax;
  const isGrowing = block.grownAtMs !== null && nowMs - block.grownAtMs < limits.ageMsMax * 2;
  return isGrowing ? limits.ageGrowingMsMax : limits.ageMsMax;
}

/** Names rows by where they came from: the same ranges of the same topic always give the same token. */
export function boundaryOf(
  { table, topicId }: { readonly table: UsageTable; readonly topicId: string },
  ranges: readonly Range[],
): Boundary {
  const ofRanges = ranges.map(({ partition, first, next }) => `\0${partition}\0${first}\0${next}`);
  const hash = createHash('sha256').update(`${table}\0${topicId}${ofRanges.join('')}`);
  return { token: hash.digest('hex').slice(0, 32), ranges };
}

export function rowsOf({ ranges }: Boundary): number {
  return ranges.reduce((sum, { rows }) => sum + rows, 0);
}

/** @returns the range of the partition that the boundary stands beside */
export function rangeIn(boundary: Boundary, partition: number): Range {
  const own = boundary.ranges.find((range) => range.partition === partition);
  if (own === undefined)
    throw new Error(`A boundary of other partitions stands beside partition ${partition}.`);
  return own;
}

/** The note as it stands beside the offset of `partition`: its own range is named, the others of the insert are lists of four numbers. */
export function writeNote({ v, topicId, rows, boundary }: Note, partition: number): string {
  if (boundary === undefined) return JSON.stringify({ v, topicId, rows });
  const { first, next, rows: rowsOfRange } = rangeIn(boundary, partition);
  const others = boundary.ranges
    .filter((range) => range.partition !== partition)
    .map((range) => [range.partition, range.first, range.next, range.rows]);
  const own = { first, next, rows: rowsOfRange, token: boundary.token };
  return JSON.stringify({ v, topicId, rows, boundary: others.length === 0 ? own : { ...own, others } });
}

/** @returns null when the metadata is none of ours, as after an operator moved the offset by hand */
export function readNote(metadata: string, partition: number): Note | null {
  let value: unknown;
  try {
    value = JSON.parse(metadata);
  } catch {
    return null;
  }
  if (!isRecord(value) || value['v'] !== 1) return null;
  const { topicId, rows, boundary } = value;
  if (typeof topicId !== 'string' || typeof rows !== 'number') return null;
  if (boundary === undefined) return { v: 1, topicId, rows };
  if (!isRecord(boundary)) return null;
  const { token, first, next, rows: rowsOfRange, others = [] } = boundary;
  if (typeof token !== 'string' || !Array.isArray(others)) return null;
  const ranges = [[partition, first, next, rowsOfRange], ...(others as unknown[])].map(readRange);
  if (!ranges.every((range) => range !== null)) return null;
  return {
    v: 1,
    topicId,
    rows,
    boundary: { token, ranges: ranges.sort((a, b) => a.partition - b.partition) },
  };
}

function readRange(value: unknown): Range | null {
  if (!Array.isArray(value) || value.length !== 4 || !value.every((part) => typeof part === 'number'))
    return null;
  const [partition, first, next, rows] = value as [number, number, number, number];
  return { partition, first, next, rows };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
