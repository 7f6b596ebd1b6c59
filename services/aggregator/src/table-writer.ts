import { ClaimLostError, releaseMemory } from '@tollstream/event-log';
import type { EventLog, PartitionClaim, PositionMove } from '@tollstream/event-log';
import type { Limiter, UsageStore, UsageTable } from '@tollstream/usage-store';
import { boundaryOf, emptyBlock, isDue, overflows, writeNote } from './processor.ts';
import type { BlockLimits, BlockMessage, Boundary, OpenBlock, Range } from './processor.ts';
import { Turn, writeRows } from './store-writer.ts';
import type { RetryLimits, Waiting } from './store-writer.ts';

/** Told what happens; must not throw. */
export interface AggregatorObserver {
  /** A block is in the table and the offsets of its partitions are committed. */
  stored?(block: StoredBlock): void;
  /** The store does not take a block; it is tried again after `waitMs`. */
  waiting?(waiting: Waiting): void;
}

export interface StoredBlock {
  readonly topic: string;
  readonly table: UsageTable;
  /** What it holds of each partition, by partition. */
  readonly parts: readonly { readonly partition: number; readonly rows: number }[];
  readonly rows: number;
  readonly bytes: number;
  readonly messages: number;
  /** From the first message taken up to the offset committed. */
  readonly ageMs: number;
  readonly insertMs: number;
  readonly commitMs: number;
  /** The block was left over from a failure or crash; `missing` of its rows were not stored yet. */
  readonly replayed: boolean;
  readonly missing: number;
}

/** What all partitions of a process share. */
export interface SharedPlace {
  /** Bytes of blocks in memory, of all partitions: collected, or being written. */
  heldBytes: number;
  readonly heldBytesMax: number;
}

export interface TableWriterOptions {
  readonly log: Pick<EventLog, 'commitPositions'>;
  readonly store: UsageStore;
  readonly shared: SharedPlace;
  /** Inserts under way at a time, shared with other tables: those that wait for their turn collect more rows meanwhile. */
  readonly turns: readonly Limiter[];
  readonly table: UsageTable;
  readonly topic: string;
  /** Of the block of all partitions together. */
  readonly limits: BlockLimits;
  readonly retry: RetryLimits;
  readonly now: () => number;
  /** Aborted when the service is to stop: a store that is down does not hold up the stop. */
  readonly signal: AbortSignal;
  readonly observer: AggregatorObserver;
}

/** A partition whose rows go into the table: what its task collects, and what became of the write that holds it. */
export interface Source {
  readonly claim: PartitionClaim;
  readonly topicId: string;
  /** Being collected. Null until the first record tells where a partition without a committed offset begins. */
  block: OpenBlock | null;
  rowsStored: number;
  /** Whether what was read last is late already, and more is to come. */
  isBehind: boolean;
  /** False while rows that an earlier owner left come first, and after a failure. */
  isReady: boolean;
  /** What went wrong with a write of its rows: from then on nothing of the partition is written or committed. */
  failure: Error | null;
  /** The write that holds rows of it, until it has ended. */
  writing: Promise<void> | null;
}

/** What a partition has to write now. */
interface Collected {
  readonly source: Source;
  readonly block: OpenBlock;
  readonly openedAtMs: number;
}

/** A partition's share of a block that is written. */
interface Part {
  readonly source: Source;
  readonly block: OpenBlock;
}

/** A block on its way into the table. */
interface Writing {
  /** Whether its end was chosen: what is taken up from here on belongs to the next block. */
  isSealed: boolean;
  readonly sealed: Promise<void>;
  /** Resolves when it is over, however it went. */
  readonly ended: Promise<void>;
}

/** Partitions of one insert: each of their notes names all, and has room for some 4,000 bytes (`METADATA_BYTES_MAX`). */
export const PARTITIONS_TOGETHER_MAX = 32;

/**
 * Moves the partitions of a topic that a process has into a table, in inserts that hold rows of all of them, since an insert costs the store as
 * much for ten rows as for thousands:
 *
 *   1 choose the boundary (rows, bytes or age): a range of each partition
 *   2 commit it as the note of the unchanged offsets, of all or none, so that only the partitions' owner goes on
 *   3 insert under the token of the boundary; resolves when the rows are durable
 *   4 commit the offsets after it, without a boundary
 *
 * While one block is written, the next one is collected: one of each at most.
 */
export class TableWriter {
  readonly #options: TableWriterOptions;
  readonly #sources = new Set<Source>();
  /** The write that was begun last, until it has ended. */
  #writing: Writing | null = null;

  constructor(options: TableWriterOptions) {
    this.#options = options;
  }

  add(source: Source): void {
    this.#sources.add(source);
  }

  /** What the source has collected is not written any more. Resolves when no write holds rows of it. */
  async remove(source: Source): Promise<void> {
    this.#sources.delete(source);
    // A write that was begun goes on: whoever opens the partition next in this process must not replay beside it.
    await source.writing;
    if (source.block !== null) this.#letGo(source.block);
    source.block = null;
  }

  writeIfDue(nowMs: number): void {
    if (this.#writing !== null) return;
    const { limits } = this.#options;
    const { rows, bytes } = this.#collected();
    const isFull = rows >= limits.rowsMax || bytes >= limits.bytesMax;
    if (isFull || this.#ready().some(({ block, source }) => isDue(block, limits, nowMs, source.isBehind)))
      this.#begin();
  }

  /** Whether the message fits into the block in hand. */
  hasRoomFor(message: BlockMessage): boolean {
    return !overflows(this.#collected(), message, this.#options.limits);
  }

  /**
   * Resolves when the block in hand is to be written, and another one is begun. Nothing more is read while one block is full and another one is
   * written.
   */
  async makeRoom(): Promise<void> {
    const writing = this.#writing ?? this.#begin();
    await (writing.isSealed ? writing.ended : writing.sealed);
  }

  /** Resolves when all that the source had taken up is stored and committed, or the source failed. */
  async writeAllOf(source: Source): Promise<void> {
    while (source.isReady && source.block !== null && source.block.openedAtMs !== null) {
      await source.writing;
      if (!source.isReady) return;
      await this.makeRoom();
    }
    await source.writing;
  }

  /** Resolves when no write is under way any more. */
  async idle(): Promise<void> {
    await this.#writing?.ended;
  }

  #collected(): Pick<OpenBlock, 'rows' | 'bytes'> {
    const sum = { rows: 0, bytes: 0 };
    for (const { block, isReady } of this.#sources) {
      if (block === null || !isReady) continue;
      sum.rows += block.rows;
      sum.bytes += block.bytes;
    }
    return sum;
  }

  #ready(): Collected[] {
    return [...this.#sources].flatMap((source) => {
      const { block, isReady } = source;
      return isReady && block !== null && block.openedAtMs !== null
        ? [{ source, block, openedAtMs: block.openedAtMs }]
        : [];
    });
  }

  /** Writes what is in hand once it is its turn; until then it grows. One write at a time, so offsets move in order. */
  #begin(): Writing {
    const sealed = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const writing: Writing = { isSealed: false, sealed: sealed.promise, ended: ended.promise };
    this.#writing = writing;
    const turn = new Turn(this.#options.turns);
    const write = async (): Promise<void> => {
      // Positions without rows wait for nobody.
      if (this.#collected().rows > 0) await turn.take();
      // 1
      const parts = this.#seal(ended.promise);
      writing.isSealed = true;
      sealed.resolve();
      await this.#write(parts, turn);
      for (const { block } of parts) this.#letGo(block);
    };
    const over = write().catch((error: unknown) => {
      for (const source of this.#sources) fail(source, error);
    });
    void over.finally(() => {
      turn.giveBack();
      this.#writing = null;
      sealed.resolve();
      ended.resolve();
    });
    return writing;
  }

  /** Takes what was collected, of the partitions that have waited longest; by partition, as a replay will read it. */
  #seal(ended: Promise<void>): Part[] {
    const oldest = this.#ready()
      .sort((a, b) => a.openedAtMs - b.openedAtMs)
      .slice(0, PARTITIONS_TOGETHER_MAX);
    for (const { source, block } of oldest) {
      source.block = emptyBlock(block.next);
      source.writing = ended.then(() => {
        source.writing = null;
      });
    }
    return oldest.sort((a, b) => a.source.claim.partition - b.source.claim.partition);
  }

  /** Steps 2 to 4. Does not reject: what goes wrong is the failure of the sources. */
  async #write(parts: readonly Part[], turn: Turn): Promise<void> {
    const { store, table, retry, signal, observer } = this.#options;
    let left = parts;
    try {
      // 2
      left = await this.#commit(left, 'begun');
      // 3
      const startedMs = performance.now();
      const boundary = this.#boundaryOf(left);
      let missing = 0;
      if (boundary.ranges.length > 0) {
        const onWaiting = (waiting: Waiting): void => observer.waiting?.(waiting);
        const natives = left.flatMap(({ block }) => block.natives);
        missing = await writeRows({ store, table, turn, retry, signal, onWaiting }, boundary, natives, false);
        // Not after a failure: an insert that was given up may still be read from them.
        for (const native of natives) releaseMemory(native);
      }
      const insertedMs = performance.now();
      // 4
      for (const { source, block } of left) source.rowsStored += block.rows;
      left = await this.#commit(left, 'stored');
      if (left.length === 0) return;
      this.#tell(left, {
        insertMs: insertedMs - startedMs,
        commitMs: performance.now() - insertedMs,
        missing,
      });
    } catch (error) {
      for (const { source } of left) fail(source, error);
    }
  }

  /**
   * Commits the positions of all parts, or of none. Whose partition was taken by another owner fails alone, and the others are tried again.
   * @returns the parts that have their partition still
   */
  async #commit(parts: readonly Part[], step: 'begun' | 'stored'): Promise<readonly Part[]> {
    let left = parts;
    for (;;) {
      const moves = step === 'begun' ? this.#movesBefore(left) : movesAfter(left);
      try {
        if (moves.length > 0) await this.#options.log.commitPositions(moves);
        return left;
      } catch (error) {
        const lost = error instanceof ClaimLostError && left.length > 1 ? error.partition : undefined;
        const part = left.find(({ source }) => source.claim.partition === lost);
        if (part === undefined) throw error;
        fail(part.source, error);
        left = left.filter((other) => other !== part);
      }
    }
  }

  /** The offsets as they are, with the boundary beside them. */
  #movesBefore(parts: readonly Part[]): PositionMove[] {
    const boundary = this.#boundaryOf(parts);
    return parts
      .filter(({ block }) => block.rows > 0)
      .map(({ source: { claim, topicId, rowsStored: rows }, block }) => ({
        claim,
        nextOffset: block.first,
        metadata: writeNote({ v: 1, topicId, rows, boundary }, claim.partition),
      }));
  }

  #boundaryOf(parts: readonly Part[]): Boundary {
    const ranges = parts.flatMap(({ source, block: { first, next, rows } }): Range[] =>
      rows === 0 ? [] : [{ partition: source.claim.partition, first, next, rows }],
    );
    return boundaryOf({ table: this.#options.table, topicId: parts[0]?.source.topicId ?? '' }, ranges);
  }

  #tell(parts: readonly Part[], times: Pick<StoredBlock, 'insertMs' | 'commitMs' | 'missing'>): void {
    const { topic, table, now, observer } = this.#options;
    const sum = (of: (block: OpenBlock) => number): number =>
      parts.reduce((total, { block }) => total + of(block), 0);
    const nowMs = now();
    observer.stored?.({
      topic,
      table,
      parts: parts.map(({ source, block }) => ({ partition: source.claim.partition, rows: block.rows })),
      rows: sum(({ rows }) => rows),
      bytes: sum(({ bytes }) => bytes),
      messages: sum(({ natives }) => natives.length),
      ageMs: nowMs - Math.min(...parts.map(({ block }) => block.openedAtMs ?? nowMs)),
      ...times,
      replayed: false,
    });
  }

  #letGo({ bytes }: OpenBlock): void {
    this.#options.shared.heldBytes -= bytes;
  }
}

function movesAfter(parts: readonly Part[]): PositionMove[] {
  return parts.map(({ source: { claim, topicId, rowsStored: rows }, block }) => ({
    claim,
    nextOffset: block.next,
    metadata: writeNote({ v: 1, topicId, rows }, claim.partition),
  }));
}

function fail(source: Source, error: unknown): void {
  source.isReady = false;
  source.failure = error instanceof Error ? error : new Error(String(error));
}
