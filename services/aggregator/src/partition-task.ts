import type { BlockHeader } from '@tollstream/contracts';
import { isBacklog, isMarkedBacklog } from '@tollstream/event-log';
import type { LogRecord, Offset, PartitionClaim, PartitionTask, RecordBatch } from '@tollstream/event-log';
import type { Limiter, UsageStore, UsageTable } from '@tollstream/usage-store';
import { AggregatorError } from './errors.ts';
import {
  emptyBlock,
  isDue,
  overflows,
  readNote,
  tokenOf,
  withMessage,
  withOffsetsUpTo,
  writeNote,
} from './processor.ts';
import type { BlockLimits, BlockMessage, Boundary, OpenBlock } from './processor.ts';
import { Turn, writeRows } from './store-writer.ts';
import type { RetryLimits, Waiting } from './store-writer.ts';

/** Told what happens; must not throw. */
export interface AggregatorObserver {
  /** A block is in the table and its offset is committed. */
  stored?(block: StoredBlock): void;
  /** The store does not take a block; it is tried again after `waitMs`. */
  waiting?(waiting: Waiting): void;
}

export interface StoredBlock {
  readonly topic: string;
  readonly table: UsageTable;
  readonly partition: number;
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

export interface TaskOptions {
  readonly store: UsageStore;
  readonly shared: SharedPlace;
  /** Inserts under way at a time, shared with other partitions: those that wait for their turn collect more rows meanwhile. */
  readonly turns: readonly Limiter[];
  readonly table: UsageTable;
  /** Of the blocks that the table takes. */
  readonly schemas: readonly BlockHeader['schema'][];
  readonly topicId: string;
  readonly decode: (value: Buffer) => { readonly header: BlockHeader; readonly native: Buffer };
  readonly limits: BlockLimits;
  readonly retry: RetryLimits;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly observer: AggregatorObserver;
}

/** A block on its way into the table. */
interface Writing {
  /** Whether its end was chosen: what is taken up from here on belongs to the next block. */
  isSealed: boolean;
  readonly sealed: Promise<void>;
  done: Promise<void>;
  failure?: Error;
}

/**
 * Moves one partition of a block topic into a table, each row exactly once:
 *
 *   1 choose the boundary (rows, bytes or age)
 *   2 commit it as the note of the unchanged offset, so that only the partition's owner goes on
 *   3 insert under the token of the boundary; resolves when the rows are durable
 *   4 commit the offset after it, without a boundary
 *
 * A crash after 1 leaves nothing; after 2 or 3 the next owner finds the boundary and brings exactly these rows into the table before
 * anything else; after 4 all is done. Time decides where a block ends, and still no row is written twice.
 *
 * While one block is written, the next one is collected: one of each at most. What went wrong with the write is thrown by the next
 * call, and until then nothing of the partition is written or committed.
 */
export class AggregatorTask implements PartitionTask {
  readonly #claim: PartitionClaim;
  readonly #options: TaskOptions;
  /** Left over by the previous owner, until its rows are stored. */
  #pending: Boundary | null;
  #rowsStored: number;
  /** Being collected. Null until the first record tells where a partition without a committed offset begins. */
  #block: OpenBlock | null;
  /** The write that was begun last, until it has succeeded. */
  #writing: Writing | null = null;
  #isClosed = false;
  /** Whether what was read last is late already, and more is to come. */
  #isBehind = false;
  /** Whether it was a stage before this one that said so. */
  #isBehindFromBefore = false;

  constructor(claim: PartitionClaim, options: TaskOptions) {
    this.#claim = claim;
    this.#options = options;
    const note = claim.committed === null ? null : readNote(claim.committed.metadata);
    if (note !== null && note.topicId !== options.topicId) {
      throw new AggregatorError(
        'TOLL_AGGREGATOR_TOPIC_RECREATED',
        `Topic ${claim.topic} was deleted and made anew; the committed offset ${claim.committed?.offset} of partition ` +
          `${claim.partition} belongs to the old one.`,
        `Once all of the old topic is in ${options.table}, delete the offsets of group ${claim.group} for this topic.`,
      );
    }
    this.#pending = note?.boundary ?? null;
    this.#rowsStored = note?.rows ?? 0;
    this.#block = claim.committed === null ? null : emptyBlock(claim.committed.offset);
  }

  async process(batch: RecordBatch): Promise<void> {
    this.#assertWritten();
    for (const record of batch.records) {
      if (this.#pending !== null && record.offset >= this.#pending.next) await this.#replay(this.#pending);
      const message = this.#read(record);
      await this.#makeRoomFor(message);
      this.#block = withMessage(this.#block ?? emptyBlock(record.offset), message, this.#options.now());
      this.#options.shared.heldBytes += message.native.length;
    }
    const nowMs = this.#options.now();
    await this.#takeUpTo(batch.nextOffset, nowMs);
    this.#isBehind = isBacklog(batch, nowMs, this.#options.limits.ageBehindMsMax);
    this.#isBehindFromBefore = isMarkedBacklog(batch);
    this.#writeIfDue(nowMs);
    const { heldBytes, heldBytesMax } = this.#options.shared;
    if (heldBytes > heldBytesMax) await this.#writeAll();
  }

  /** The block in hand covers these offsets too, so they are committed with it and no lag stays behind. */
  async skip(from: Offset, to: Offset): Promise<void> {
    this.#assertWritten();
    const nowMs = this.#options.now();
    this.#block ??= emptyBlock(from);
    await this.#takeUpTo(to, nowMs);
    // Whether more records wait here is told by the next of them.
    this.#isBehind = this.#isBehindFromBefore;
    this.#writeIfDue(nowMs);
  }

  async tick(nowMs: number): Promise<void> {
    this.#assertWritten();
    this.#writeIfDue(nowMs);
  }

  async close(reason: 'stop' | 'revoked' | 'failed'): Promise<void> {
    try {
      // After a failure it is not known what was written: the next owner starts from what is committed.
      if (reason !== 'failed') await this.#writeAll();
    } finally {
      this.#isClosed = true;
      // A write that was begun goes on: whoever opens the partition next in this process must not replay beside it.
      if (this.#writing?.isSealed === true) await this.#writing.done.catch(() => undefined);
      if (this.#block !== null) this.#letGo(this.#block);
    }
  }

  /** Resolves when no write is under way any more. @throws what went wrong with it */
  async written(): Promise<void> {
    await this.#writing?.done;
  }

  #assertWritten(): void {
    const failure = this.#writing?.failure;
    if (failure !== undefined) throw failure;
  }

  async #takeUpTo(next: Offset, nowMs: number): Promise<void> {
    if (this.#block !== null) this.#block = withOffsetsUpTo(this.#block, next, nowMs);
    // With all its rows in hand a boundary is whole, though the transaction marker at its end may be yet to come, alone.
    if (this.#pending === null || !this.#holds(this.#pending, next)) return;
    await this.#replay(this.#pending);
    if (this.#block !== null) this.#block = withOffsetsUpTo(this.#block, next, nowMs);
  }

  #holds(boundary: Boundary, readUpTo: number): boolean {
    return readUpTo >= boundary.next || this.#block?.rows === boundary.rows;
  }

  #read(record: LogRecord): BlockMessage {
    if (record.value === null) return { offset: record.offset, rows: 0, native: Buffer.alloc(0) };
    const { header, native } = this.#options.decode(record.value);
    if (!this.#options.schemas.includes(header.schema)) {
      throw new AggregatorError(
        'TOLL_AGGREGATOR_BLOCK_FOREIGN',
        `Offset ${record.offset} of ${this.#claim.topic}/${this.#claim.partition} holds '${header.schema}' records, ` +
          `${this.#options.table} takes '${this.#options.schemas.join("' or '")}'.`,
        'Check the names of the topics in the configuration of all services.',
      );
    }
    // Values are views of their batch, and the block outlives it.
    return { offset: record.offset, rows: header.recordCount, native: Buffer.from(native) };
  }

  /** Waits until the message fits into the block in hand: nothing more is read while one block is full and another one is written. */
  async #makeRoomFor(message: BlockMessage): Promise<void> {
    while (
      this.#pending === null &&
      this.#block !== null &&
      overflows(this.#block, message, this.#options.limits)
    ) {
      this.#assertWritten();
      const writing = this.#writing ?? this.#begin();
      await (writing.isSealed ? writing.done : writing.sealed);
    }
  }

  #writeIfDue(nowMs: number): void {
    if (this.#pending !== null || this.#writing !== null || this.#block === null) return;
    if (isDue(this.#block, this.#options.limits, nowMs, this.#isBehind)) this.#begin();
  }

  /** Resolves when all that was taken up is stored and committed. */
  async #writeAll(): Promise<void> {
    await this.#writing?.done;
    if (this.#pending !== null || this.#block === null || this.#block.openedAtMs === null) return;
    await this.#begin().done;
  }

  /** Writes the block in hand once it is its turn; until then it grows. One write of a partition at a time, so offsets move in order. */
  #begin(): Writing {
    const sealed = Promise.withResolvers<void>();
    const turn = new Turn(this.#options.turns);
    const write = async (): Promise<void> => {
      // Positions without rows wait for nobody.
      if (this.#block?.rows !== 0) await turn.take();
      if (this.#isClosed || this.#block === null) return;
      // 1
      const block = this.#block;
      this.#block = emptyBlock(block.next);
      writing.isSealed = true;
      sealed.resolve();
      await this.#write(block, turn).finally(() => this.#letGo(block));
    };
    const writing: Writing = { isSealed: false, sealed: sealed.promise, done: Promise.resolve() };
    this.#writing = writing;
    writing.done = write()
      .then(
        () => {
          this.#writing = null;
        },
        (error: unknown) => {
          writing.failure = error instanceof Error ? error : new Error(String(error));
          throw error;
        },
      )
      .finally(() => {
        sealed.resolve();
        turn.giveBack();
      });
    // It is looked at with the next call at the latest.
    writing.done.catch(() => undefined);
    return writing;
  }

  async #write(block: OpenBlock, turn: Turn): Promise<void> {
    const { table, topicId } = this.#options;
    const { first, next, rows } = block;
    const token = tokenOf({ table, topicId, partition: this.#claim.partition, first, next });
    const boundary: Boundary = { first, next, rows, token };
    if (rows > 0) {
      // 2
      await this.#claim.commit({
        outputs: [],
        nextOffset: first,
        metadata: writeNote({ v: 1, topicId, rows: this.#rowsStored, boundary }),
      });
    }
    // 3, 4
    await this.#store(block, boundary, { replayed: false, turn });
  }

  /** Steps 3 and 4 for what the previous owner left, under its token and with its rows. */
  async #replay(boundary: Boundary): Promise<void> {
    const block = this.#block ?? emptyBlock(boundary.first);
    if (block.rows !== boundary.rows || block.first !== boundary.first) {
      throw new AggregatorError(
        'TOLL_AGGREGATOR_RANGE_CHANGED',
        `Offsets ${boundary.first} to ${boundary.next} of ${this.#claim.topic}/${this.#claim.partition} were begun to be stored with ` +
          `${boundary.rows} rows; now they hold ${block.rows}.`,
        'Records were deleted from the topic before they were stored: restore them, or move the offset by hand knowing what is lost.',
      );
    }
    const turn = new Turn(this.#options.turns);
    await turn.take();
    try {
      await this.#store({ ...block, next: boundary.next }, boundary, { replayed: true, turn });
    } finally {
      turn.giveBack();
    }
    this.#letGo(block);
    this.#block = emptyBlock(boundary.next);
    this.#pending = null;
  }

  #letGo({ bytes }: OpenBlock): void {
    this.#options.shared.heldBytes -= bytes;
  }

  async #store(
    block: OpenBlock,
    boundary: Boundary,
    { replayed, turn }: { replayed: boolean; turn: Turn },
  ): Promise<void> {
    const { table, topicId, observer } = this.#options;
    const startedMs = performance.now();
    // 3
    let missing = 0;
    if (boundary.rows > 0) {
      const { store, retry, signal } = this.#options;
      const onWaiting = (waiting: Waiting): void => observer.waiting?.(waiting);
      const partition = this.#claim.partition;
      missing = await writeRows(
        { store, table, partition, turn, retry, signal, onWaiting },
        boundary,
        block.natives,
        replayed,
      );
    }
    const insertedMs = performance.now();
    // 4
    this.#rowsStored += boundary.rows;
    await this.#claim.commit({
      outputs: [],
      nextOffset: boundary.next,
      metadata: writeNote({ v: 1, topicId, rows: this.#rowsStored }),
    });
    observer.stored?.({
      topic: this.#claim.topic,
      table,
      partition: this.#claim.partition,
      rows: block.rows,
      bytes: block.bytes,
      messages: block.natives.length,
      ageMs: this.#options.now() - (block.openedAtMs ?? this.#options.now()),
      insertMs: insertedMs - startedMs,
      commitMs: performance.now() - insertedMs,
      replayed,
      missing,
    });
  }
}
