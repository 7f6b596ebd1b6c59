import type { BlockHeader } from '@tollstream/contracts';
import type { LogRecord, Offset, PartitionClaim, PartitionTask, RecordBatch } from '@tollstream/event-log';
import type { UsageStore, UsageTable } from '@tollstream/usage-store';
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
import { writeRows } from './store-writer.ts';
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

export interface TaskOptions {
  readonly store: UsageStore;
  readonly table: UsageTable;
  /** Column set that the topic's blocks must have. */
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
 */
export class AggregatorTask implements PartitionTask {
  readonly #claim: PartitionClaim;
  readonly #options: TaskOptions;
  /** Left over by the previous owner, until its rows are stored. */
  #pending: Boundary | null;
  #rowsStored: number;
  /** Null until the first record tells where a partition without a committed offset begins. */
  #block: OpenBlock | null;
  /** How many of the block's messages are in memory of their own. */
  #copied = 0;
  /** Whether the partition held more than the last batch. */
  #isBehind = false;

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
    for (const record of batch.records) {
      if (this.#pending !== null && record.offset >= this.#pending.next) await this.#replay(this.#pending);
      const message = this.#read(record);
      const block = this.#block ?? emptyBlock(record.offset);
      if (this.#pending === null && overflows(block, message, this.#options.limits)) {
        await this.#write();
        this.#block = withMessage(emptyBlock(block.next), message, this.#options.now());
      } else this.#block = withMessage(block, message, this.#options.now());
    }
    const nowMs = this.#options.now();
    await this.#takeUpTo(batch.nextOffset, nowMs);
    this.#isBehind = batch.nextOffset < batch.endOffset;
    await this.#writeIfDue(nowMs);
    this.#copyWhatStays();
  }

  /** The block in hand covers these offsets too, so they are committed with it and no lag stays behind. */
  async skip(from: Offset, to: Offset): Promise<void> {
    const nowMs = this.#options.now();
    this.#block ??= emptyBlock(from);
    await this.#takeUpTo(to, nowMs);
    // Whether more records wait is told by the next of them.
    this.#isBehind = false;
    await this.#writeIfDue(nowMs);
  }

  async tick(nowMs: number): Promise<void> {
    await this.#writeIfDue(nowMs);
  }

  async close(reason: 'stop' | 'revoked' | 'failed'): Promise<void> {
    // After a failure it is not known what was written: the next owner starts from what is committed.
    if (reason !== 'failed' && this.#pending === null) await this.#write();
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
    return { offset: record.offset, rows: header.recordCount, native };
  }

  /** Values are views of their batch: what is kept after it gets memory of its own, once. */
  #copyWhatStays(): void {
    const natives = this.#block?.natives ?? [];
    for (let i = this.#copied; i < natives.length; i++) natives[i] = Buffer.from(natives[i] as Buffer);
    this.#copied = natives.length;
  }

  async #writeIfDue(nowMs: number): Promise<void> {
    if (this.#pending !== null || this.#block === null) return;
    if (isDue(this.#block, this.#options.limits, nowMs, this.#isBehind)) await this.#write();
  }

  async #write(): Promise<void> {
    const block = this.#block;
    if (block === null || block.openedAtMs === null) return;
    // 1
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
    await this.#store(block, boundary, false);
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
    await this.#store({ ...block, next: boundary.next }, boundary, true);
    this.#pending = null;
  }

  async #store(block: OpenBlock, boundary: Boundary, replayed: boolean): Promise<void> {
    const { table, topicId, observer } = this.#options;
    const startedMs = performance.now();
    // 3
    let missing = 0;
    if (boundary.rows > 0) {
      const { store, retry, signal } = this.#options;
      const onWaiting = (waiting: Waiting): void => observer.waiting?.(waiting);
      const partition = this.#claim.partition;
      missing = await writeRows(
        { store, table, partition, retry, signal, onWaiting },
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
    this.#block = emptyBlock(boundary.next);
    this.#copied = 0;
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
