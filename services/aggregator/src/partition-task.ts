import type { BlockHeader } from '@tollstream/contracts';
import { isBacklog, isMarkedBacklog } from '@tollstream/event-log';
import type { LogRecord, Offset, PartitionClaim, PartitionTask, RecordBatch } from '@tollstream/event-log';
import type { UsageTable } from '@tollstream/usage-store';
import { AggregatorError } from './errors.ts';
import { emptyBlock, readNote, rangeIn, withMessage, withOffsetsUpTo, writeNote } from './processor.ts';
import type { BlockMessage, Boundary } from './processor.ts';
import type { Replays } from './replay.ts';
import type { AggregatorObserver, SharedPlace, Source, TableWriter } from './table-writer.ts';

export interface TaskOptions {
  readonly writer: TableWriter;
  readonly replays: Replays;
  readonly shared: SharedPlace;
  readonly table: UsageTable;
  readonly topicId: string;
  readonly readMessage: MessageReader;
  readonly ageBehindMsMax: number;
  readonly now: () => number;
  readonly observer: AggregatorObserver;
}

export type MessageReader = (record: Pick<LogRecord, 'offset' | 'value'>) => BlockMessage;

/** Reads messages of a block topic, of the schemas that the table takes. */
export function messageReader(options: {
  readonly topic: string;
  readonly table: UsageTable;
  readonly schemas: readonly BlockHeader['schema'][];
  readonly decode: (value: Buffer) => { readonly header: BlockHeader; readonly native: Buffer };
}): MessageReader {
  const { topic, table, schemas, decode } = options;
  return ({ offset, value }) => {
    if (value === null) return { offset, rows: 0, native: Buffer.alloc(0) };
    const { header, native } = decode(value);
    if (!schemas.includes(header.schema)) {
      throw new AggregatorError(
        'TOLL_AGGREGATOR_BLOCK_FOREIGN',
        `Offset ${offset} of ${topic} holds '${header.schema}' records, ${table} takes '${schemas.join("' or '")}'.`,
        'Check the names of the topics in the configuration of all services.',
      );
    }
    // Values are views of their batch, and the block outlives it.
    return { offset, rows: header.recordCount, native: Buffer.from(native) };
  };
}

/**
 * Collects one partition of a block topic for a table, each row exactly once. The writer of the table takes what was collected, together with
 * that of the topic's other partitions, and commits its offset (`table-writer.ts`).
 *
 * A crash before a boundary is committed leaves nothing; after it, the next owner finds the boundary and brings exactly these rows into the table
 * before anything else (`replay.ts`). Time decides where a block ends, and still no row is written twice.
 *
 * What went wrong with a write is thrown by the next call, and until then nothing of the partition is written or committed.
 */
export class AggregatorTask implements PartitionTask {
  readonly #claim: PartitionClaim;
  readonly #options: TaskOptions;
  readonly #source: Source;
  /** Left over by the previous owner, until its rows are stored. */
  #pending: Boundary | null;
  /** Offsets before this one were brought into the table by a replay, and are read again. */
  #replayedUpTo: Offset = 0;
  /** Whether it was a stage before this one that said so of the source. */
  #isBehindFromBefore = false;

  constructor(claim: PartitionClaim, options: TaskOptions) {
    this.#claim = claim;
    this.#options = options;
    const { topicId, table, writer } = options;
    const note = claim.committed === null ? null : readNote(claim.committed.metadata, claim.partition);
    if (note !== null && note.topicId !== topicId) {
      throw new AggregatorError(
        'TOLL_AGGREGATOR_TOPIC_RECREATED',
        `Topic ${claim.topic} was deleted and made anew; the committed offset ${claim.committed?.offset} of partition ` +
          `${claim.partition} belongs to the old one.`,
        `Once all of the old topic is in ${table}, delete the offsets of group ${claim.group} for this topic.`,
      );
    }
    this.#pending = note?.boundary ?? null;
    this.#source = {
      claim,
      topicId,
      block: claim.committed === null ? null : emptyBlock(claim.committed.offset),
      rowsStored: note?.rows ?? 0,
      isBehind: false,
      isReady: this.#pending === null,
      failure: null,
      writing: null,
    };
    writer.add(this.#source);
  }

  async process(batch: RecordBatch): Promise<void> {
    this.#assertWritten();
    if (this.#pending !== null) await this.#replay(this.#pending);
    const { now, shared, writer, ageBehindMsMax } = this.#options;
    for (const record of batch.records) {
      if (record.offset < this.#replayedUpTo) continue;
      const message = this.#options.readMessage(record);
      while (!writer.hasRoomFor(message)) await writer.makeRoom();
      this.#assertWritten();
      this.#source.block = withMessage(this.#source.block ?? emptyBlock(record.offset), message, now());
      shared.heldBytes += message.native.length;
    }
    const nowMs = now();
    this.#takeUpTo(batch.nextOffset, nowMs);
    this.#source.isBehind = isBacklog(batch, nowMs, ageBehindMsMax);
    this.#isBehindFromBefore = isMarkedBacklog(batch);
    writer.writeIfDue(nowMs);
    if (shared.heldBytes <= shared.heldBytesMax) return;
    await writer.writeAllOf(this.#source);
    this.#assertWritten();
  }

  /** The block in hand covers these offsets too, so they are committed with it and no lag stays behind. */
  async skip(from: Offset, to: Offset): Promise<void> {
    this.#assertWritten();
    if (this.#pending !== null) return;
    const nowMs = this.#options.now();
    this.#source.block ??= emptyBlock(from);
    this.#takeUpTo(to, nowMs);
    // Whether more records wait here is told by the next of them.
    this.#source.isBehind = this.#isBehindFromBefore;
    this.#options.writer.writeIfDue(nowMs);
  }

  async tick(nowMs: number): Promise<void> {
    this.#assertWritten();
    this.#options.writer.writeIfDue(nowMs);
  }

  async close(reason: 'stop' | 'revoked' | 'failed'): Promise<void> {
    // After a failure it is not known what was written: the next owner starts from what is committed.
    if (reason !== 'failed') await this.#options.writer.writeAllOf(this.#source);
    await this.#options.writer.remove(this.#source);
    if (reason !== 'failed') this.#assertWritten();
  }

  /** Resolves when no write is under way any more. @throws what went wrong with it */
  async written(): Promise<void> {
    await this.#options.writer.idle();
    this.#assertWritten();
  }

  #assertWritten(): void {
    if (this.#source.failure !== null) throw this.#source.failure;
  }

  #takeUpTo(next: Offset, nowMs: number): void {
    if (this.#source.block !== null) this.#source.block = withOffsetsUpTo(this.#source.block, next, nowMs);
  }

  /** Steps 3 and 4 for what the previous owner left, under its token and with its rows. */
  async #replay(boundary: Boundary): Promise<void> {
    const { replays, table, topicId, observer, now } = this.#options;
    const { topic, partition } = this.#claim;
    const startedMs = performance.now();
    const openedAtMs = now();
    // 3
    const { rows, bytes, messages, missing } = await replays.bring(boundary, this.#claim);
    const insertedMs = performance.now();
    // 4
    const { next } = rangeIn(boundary, partition);
    this.#source.rowsStored += rows;
    const note = { v: 1 as const, topicId, rows: this.#source.rowsStored };
    await this.#claim.commit({ outputs: [], nextOffset: next, metadata: writeNote(note, partition) });
    this.#pending = null;
    this.#replayedUpTo = next;
    this.#source.block = emptyBlock(next);
    this.#source.isReady = true;
    observer.stored?.({
      topic,
      table,
      parts: [{ partition, rows }],
      rows,
      bytes,
      messages,
      ageMs: now() - openedAtMs,
      insertMs: insertedMs - startedMs,
      commitMs: performance.now() - insertedMs,
      replayed: true,
      missing,
    });
  }
}
