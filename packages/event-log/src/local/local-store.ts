import type { PackedOutputs } from '../packed-outputs.ts';
import type { PackedRecords } from '../packed-records.ts';
import type { Committed, LogRecord, Offset, OutputRecord, TopicInfo, TopicSpec } from '../port.ts';

/** Names one partition of one group. */
export interface Position {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** The outputs of one commit for one partition, in order. */
export interface PartitionOutputs {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutputRecord[];
}

export interface StoreCommit {
  readonly outputs: readonly PartitionOutputs[];
  /** Behind `outputs`. */
  readonly packed?: PackedOutputs | undefined;
  readonly nextOffset: Offset;
  readonly metadata: string;
  /** Stamped on records that bring no time of their own; ms since epoch, UTC. */
  readonly nowMs: number;
}

/** A position that is committed together with others. */
export interface StoreMove {
  readonly position: Position;
  readonly epoch: number;
  readonly nextOffset: Offset;
  readonly metadata: string;
}

export interface ReadLimits {
  /** Exclusive. */
  readonly to: Offset;
  readonly recordsMax: number;
  readonly bytesMax: number;
}

export interface ReadResult<Records = readonly LogRecord[] | PackedRecords> {
  readonly records: Records;
  /** Next offset to read from; `limits.to` when everything before it was read. */
  readonly nextOffset: Offset;
}

export interface CursorOptions {
  /** Whoever reads is done with one batch when it asks for the next: what the log made for the earlier one may go. */
  readonly oneBatchAtATime: boolean;
}

export const SEVERAL_BATCHES_AT_A_TIME: CursorOptions = { oneBatchAtATime: false };

/** Reads one partition forward; remembers where it is, so that reading on costs nothing extra. */
export interface Cursor<Records = readonly LogRecord[] | PackedRecords> {
  read(from: Offset, limits: ReadLimits): ReadResult<Records>;
}

/**
 * Where a log inside one process keeps its records: memory or SQLite. All calls are synchronous, so each is one atomic
 * step for everything else in the process.
 */
export interface LocalStore {
  topic(name: string): TopicInfo | undefined;
  createTopic(spec: TopicSpec): void;
  deleteTopic(name: string): void;
  /** First and next offset. */
  bounds(topic: string, partition: number): { begin: Offset; end: Offset };
  committed(position: Position): Committed | null;
  /** Raises the claim's epoch: commits of every lower one are refused from here on. */
  takeClaim(position: Position): number;
  /** Appends and commits, all or nothing, durable on return. @throws {ClaimLostError} when the epoch is no longer the newest */
  commit(position: Position, epoch: number, step: StoreCommit): void;
  /** Commits all or none, durable on return. @throws {ClaimLostError} naming the first whose epoch is no longer the newest */
  commitPositions(moves: readonly StoreMove[]): void;
  cursor(topic: string, partition: number, options?: CursorOptions): Cursor;
  close(): void;
}
