/**
 * Where the state of a partition is kept beside the log, so that a restart need not read all of its output. Never more than a
 * short cut: whatever of it is lost, damaged or of another log, the state is folded from the log instead.
 */

/** Whose state it is. */
export interface SnapshotPlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** A snapshot that was completed. */
export interface StoredSnapshot {
  readonly name: string;
  readonly bytes: number;
  /** @returns so many bytes, fewer at the end. They are the caller's own, at the beginning of a memory area. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** A snapshot that is being written: nobody sees it before it is complete. */
export interface SnapshotDraft {
  append(bytes: readonly Buffer[]): Promise<void>;
  /** Durable, visible, and the oldest ones removed. */
  complete(): Promise<void>;
  discard(): Promise<void>;
}

export interface SnapshotStore {
  /** Newest first. */
  list(place: SnapshotPlace): Promise<string[]>;
  open(place: SnapshotPlace, name: string): Promise<StoredSnapshot>;
  create(place: SnapshotPlace): Promise<SnapshotDraft>;
}

/** Completed snapshots of a partition that are kept: should the newest be damaged, there is the one before. */
export const SNAPSHOTS_KEPT = 2;
