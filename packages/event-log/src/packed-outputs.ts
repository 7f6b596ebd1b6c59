import type { Commit, OutputRecord, RecordHeaders } from './port.ts';

export interface PackedOutputColumns {
  readonly topic: string;
  readonly partition: number;
  /** Of all records. */
  readonly headers?: RecordHeaders | undefined;
  /** Key, value, key, value and so on, without gaps. */
  readonly bytes: Buffer;
  /** By record; as many as there are values. */
  readonly keyLengths: Uint32Array<ArrayBuffer>;
  readonly valueLengths: Uint32Array<ArrayBuffer>;
}

/**
 * Records to append to one partition, side by side: who publishes millions of small ones makes no object for any. Each has a key and a
 * value, and no time of its own.
 */
export class PackedOutputs implements PackedOutputColumns {
  readonly topic: string;
  readonly partition: number;
  readonly headers: RecordHeaders | undefined;
  readonly bytes: Buffer;
  readonly keyLengths: Uint32Array<ArrayBuffer>;
  readonly valueLengths: Uint32Array<ArrayBuffer>;

  constructor(columns: PackedOutputColumns) {
    this.topic = columns.topic;
    this.partition = columns.partition;
    this.headers = columns.headers;
    this.bytes = columns.bytes;
    this.keyLengths = columns.keyLengths;
    this.valueLengths = columns.valueLengths;
  }

  get count(): number {
    return this.valueLengths.length;
  }

  /** All records as objects; their keys and values are views. */
  records(): OutputRecord[] {
    const { topic, partition, headers, bytes } = this;
    let at = 0;
    return Array.from(this.valueLengths, (valueLength, i) => {
      const valueStart = at + this.keyLengths[i]!;
      const key = bytes.subarray(at, valueStart);
      at = valueStart + valueLength;
      const value = bytes.subarray(valueStart, at);
      return { topic, partition, key, value, ...(headers === undefined ? {} : { headers }) };
    });
  }
}

/** All outputs of a step as objects, for a log that takes nothing else. */
export function allOutputs({ outputs, packed }: Pick<Commit, 'outputs' | 'packed'>): readonly OutputRecord[] {
  return packed === undefined ? outputs : [...outputs, ...packed.records()];
}
