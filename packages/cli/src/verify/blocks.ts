import { decodeBlock, readNativeBlock } from '@tollstream/contracts';
import type { BlockHeader, NativeBlock } from '@tollstream/contracts';
import type { EventLog, Offset } from '@tollstream/event-log';
import { sourceKey } from './cut.ts';
import type { PartitionCut } from './cut.ts';
import type { Check } from './findings.ts';

/** A message of a block topic with where its rows came from: all rows of a block are of one raw partition. */
export interface BlockMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly header: BlockHeader;
  readonly block: NativeBlock;
  readonly source: string;
  readonly sourceOffsets: Float64Array;
}

/**
 * The blocks of a partition, from its beginning to its end as of the cut. What cannot be read, and what is missing where offsets have no
 * gaps by nature, is told to `check` and passed over.
 */
export async function* readBlocks(
  log: EventLog,
  cut: PartitionCut,
  check: Check,
): AsyncGenerator<BlockMessage> {
  const gaps = new GapWatch(log, cut, check, { from: cut.begin, to: cut.end });
  for await (const batch of log.read({
    topic: cut.topic,
    partition: cut.partition,
    from: cut.begin,
    to: cut.end,
  })) {
    for (const { offset, value } of batch.records) {
      gaps.next(offset);
      check.checked += 1;
      const message = readBlock(cut, offset, value);
      if (typeof message === 'string') check.differs({ place: placeOf(cut), offset, text: message });
      else yield message;
    }
  }
  gaps.end();
}

/** Finds records that are gone. A Kafka log leaves gaps of its own: there the totals tell. */
export class GapWatch {
  readonly #isDense: boolean;
  readonly #cut: PartitionCut;
  readonly #check: Check;
  readonly #to: Offset;
  #expected: Offset;

  constructor(log: EventLog, cut: PartitionCut, check: Check, { from, to }: { from: Offset; to: Offset }) {
    this.#isDense = log.kind !== 'kafka';
    this.#cut = cut;
    this.#check = check;
    this.#to = to;
    this.#expected = from;
  }

  next(offset: Offset): void {
    if (this.#isDense && offset !== this.#expected) this.#missing(offset);
    this.#expected = offset + 1;
  }

  end(): void {
    if (this.#isDense && this.#expected < this.#to) this.#missing(this.#to);
  }

  #missing(next: Offset): void {
    const count = next - this.#expected;
    const text = count === 1 ? 'the record is missing' : `${count} records are missing, up to ${next - 1}`;
    this.#check.differs({ place: placeOf(this.#cut), offset: this.#expected, text }, count);
  }
}

export function placeOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

function readBlock(cut: PartitionCut, offset: Offset, value: Buffer | null): BlockMessage | string {
  if (value === null) return 'the record is empty';
  try {
    const { header, native } = decodeBlock(value);
    const block = readNativeBlock(native);
    if (block.rows !== header.recordCount || block.rows === 0) {
      return `the header says ${header.recordCount} rows, the block has ${block.rows}`;
    }
    const topics = block.column('source_topic').lowCardinality();
    const partitions = block.column('source_partition').uint32s();
    const isOneSource = (row: number): boolean =>
      topics.indexes[row] === topics.indexes[0] && partitions[row] === partitions[0];
    for (let row = 1; row < block.rows; row++) {
      if (!isOneSource(row)) return 'the block mixes rows of several raw partitions';
    }
    return {
      topic: cut.topic,
      partition: cut.partition,
      offset,
      header,
      block,
      source: sourceKey(topics.dictionary[topics.indexes[0]!]!, partitions[0]!),
      sourceOffsets: block.column('source_offset').integers(),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
