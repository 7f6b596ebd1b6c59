import { CallBlockBuilder, RejectedBlockBuilder, encodeBlock } from '@tollstream/contracts';
import type {
  BlockHeader,
  CallAttribution,
  CallEvent,
  CallEventCursor,
  LocatedAttribution,
  RejectedRecord,
  RunningTotals,
  SourcePosition,
} from '@tollstream/contracts';
import type { OutputRecord } from '@tollstream/event-log';
import type { IngestLimits } from './limits.ts';

export interface OutputTopics {
  readonly accepted: string;
  readonly rejected: string;
  readonly acceptedPartitions: number;
  readonly rejectedPartitions: number;
}

interface FinishedBlock {
  readonly schema: 'call' | 'rejected';
  readonly topic: string;
  readonly partition: number;
  readonly recordCount: number;
  readonly native: Buffer;
}

/**
 * The blocks of one batch: one open block per partition of the accepted topic, and one of rejected records. Builders are
 * kept from batch to batch for their memory; `start` empties what a failed batch may have left.
 */
export class BatchBlocks {
  readonly #topics: OutputTopics;
  readonly #limits: IngestLimits;
  readonly #calls: CallBlockBuilder[];
  readonly #rejected = new RejectedBlockBuilder();
  #finished: FinishedBlock[] = [];
  #source: { topic: string; partition: number } = { topic: '', partition: 0 };
  #catalogVersion = 0;

  constructor(topics: OutputTopics, limits: IngestLimits) {
    this.#topics = topics;
    this.#limits = limits;
    this.#calls = Array.from({ length: topics.acceptedPartitions }, () => new CallBlockBuilder());
  }

  /** @param catalogVersion named by all blocks of the batch */
  start(source: { topic: string; partition: number }, catalogVersion: number): void {
    for (const builder of this.#calls) if (builder.rows > 0) builder.take();
    if (this.#rejected.rows > 0) this.#rejected.take();
    this.#finished = [];
    this.#source = source;
    this.#catalogVersion = catalogVersion;
  }

  addCall(partition: number, call: CallEvent, attribution: CallAttribution, source: SourcePosition): void {
    const builder = this.#calls[partition]!;
    builder.add(call, attribution, source);
    if (builder.rows >= this.#limits.blockRecordsMax) this.#finishCalls(partition);
  }

  addLocated(
    partition: number,
    cursor: CallEventCursor,
    attribution: LocatedAttribution,
    source: SourcePosition,
  ): void {
    const builder = this.#calls[partition]!;
    builder.addLocated(cursor, attribution, source);
    if (builder.rows >= this.#limits.blockRecordsMax) this.#finishCalls(partition);
  }

  addRejected(record: RejectedRecord, source: SourcePosition): void {
    this.#rejected.add(record, source);
    const { blockRecordsMax, rejectedBlockBytesMax } = this.#limits;
    if (this.#rejected.rows >= blockRecordsMax || this.#rejected.rawBytes >= rejectedBlockBytesMax)
      this.#finishRejected();
  }

  /** Closes all blocks; each header carries the totals as of the end of the batch. */
  finish(range: { firstOffset: number; nextOffset: number }, totals: RunningTotals): OutputRecord[] {
    for (let partition = 0; partition < this.#calls.length; partition++) this.#finishCalls(partition);
    this.#finishRejected();
    const { topic, partition } = this.#source;
    const outputs = this.#finished.map((block, ordinal): OutputRecord => {
      const header: BlockHeader = {
        schema: block.schema,
        schemaVersion: 1,
        blockId: `${topic}/${partition}/${range.firstOffset}/${ordinal}`,
        sourceTopic: topic,
        sourcePartition: partition,
        ...range,
        recordCount: block.recordCount,
        catalogVersion: this.#catalogVersion,
        totals,
        isReplay: false,
      };
      return {
        topic: block.topic,
        partition: block.partition,
        key: null,
        value: encodeBlock(header, [block.native]),
      };
    });
    this.#finished = [];
    return outputs;
  }

  #finishCalls(partition: number): void {
    const builder = this.#calls[partition]!;
    const recordCount = builder.rows;
    if (recordCount === 0) return;
    this.#finished.push({
      schema: 'call',
      topic: this.#topics.accepted,
      partition,
      recordCount,
      native: builder.take(),
    });
  }

  #finishRejected(): void {
    const recordCount = this.#rejected.rows;
    if (recordCount === 0) return;
    this.#finished.push({
      schema: 'rejected',
      topic: this.#topics.rejected,
      partition: this.#source.partition % this.#topics.rejectedPartitions,
      recordCount,
      native: this.#rejected.take(),
    });
  }
}
