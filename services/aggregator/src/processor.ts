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

/** A contiguous range of one partition that is one insert: half-open, with the name that the store knows its rows by. */
export interface Boundary {
  readonly first: Offset;
  readonly next: Offset;
  readonly rows: number;
  readonly token: string;
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
export function overflows(block: OpenBlock, message: BlockMessage, limits: BlockLimits): boolean {
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

/** Names rows by where they came from: the same range of the same topic always gives the same token. */
export function tokenOf(range: {
  table: UsageTable;
  topicId: string;
  partition: number;
  first: Offset;
  next: Offset;
}): string {
  const text = `${range.table}\0${range.topicId}\0${range.partition}\0${range.first}\0${range.next}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export function writeNote(note: Note): string {
  return JSON.stringify(note);
}

/** @returns null when the metadata is none of ours, as after an operator moved the offset by hand */
export function readNote(metadata: string): Note | null {
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
  const { first, next, token } = boundary;
  if (typeof first !== 'number' || typeof next !== 'number' || typeof token !== 'string') return null;
  if (typeof boundary['rows'] !== 'number') return null;
  return { v: 1, topicId, rows, boundary: { first, next, rows: boundary['rows'], token } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
