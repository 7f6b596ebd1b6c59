import { decodeNative, type Table } from './native.ts';

export interface Totals {
  readonly seen: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly rated: number;
  readonly suspended: number;
  readonly duplicate: number;
  readonly replayed: number;
  readonly discarded: number;
  readonly kept: number;
  readonly assembled: number;
  readonly alerts: number;
  /** Currency → scaled integer in decimal digits. */
  readonly charge: Readonly<Record<string, string>>;
}

export interface AuditedBlock {
  readonly offset: number;
  readonly schema: string;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly recordCount: number;
  readonly catalogVersion: number;
  readonly totals: Totals;
  readonly isReplay: boolean;
  /** Spend limits that begin to count with the block, or end. */
  readonly limitStarts: readonly {
    readonly account: string;
    readonly limit: string;
    readonly form: string;
  }[];
  readonly table: Table;
}

const MAGIC_BYTES = 4;
/** Avro single-object: two bytes of magic, eight of fingerprint. */
const FINGERPRINT_BYTES = 10;

/** Takes a message of a block topic apart, field by field as schemas/block-header.avsc lists them. */
export function decodeMessage(offset: number, value: Buffer): AuditedBlock {
  if (value.toString('latin1', 0, MAGIC_BYTES) !== 'TSB1') throw new Error(`No block at offset ${offset}.`);
  const headerEnd = MAGIC_BYTES + 4 + value.readUInt32LE(MAGIC_BYTES);
  const avro = new AvroReader(value, MAGIC_BYTES + 4 + FINGERPRINT_BYTES);
  const schema = avro.text();
  avro.long(); // schema_version
  avro.text(); // block_id
  avro.text(); // source_topic
  avro.long(); // source_partition
  const firstOffset = avro.long();
  const nextOffset = avro.long();
  const recordCount = avro.long();
  const catalogVersion = avro.long();
  const totals = {
    seen: avro.long(),
    accepted: avro.long(),
    rejected: avro.long(),
    rated: avro.long(),
    suspended: avro.long(),
    duplicate: avro.long(),
    charge: avro.texts(),
    replayed: avro.long(),
    discarded: avro.long(),
    kept: avro.long(),
    assembled: avro.long(),
    alerts: avro.long(),
  };
  const isReplay = avro.long() !== 0; // a boolean is one byte, 1 when true
  const limitStarts = avro.list(() => ({ account: avro.text(), limit: avro.text(), form: avro.text() }));
  if (avro.at !== headerEnd) throw new Error(`The header at offset ${offset} has fields of a later version.`);
  const table = decodeNative(value.subarray(headerEnd));
  return {
    offset,
    schema,
    firstOffset,
    nextOffset,
    recordCount,
    catalogVersion,
    totals,
    isReplay,
    limitStarts,
    table,
  };
}

class AvroReader {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  long(): number {
    let raw = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes.readUInt8(this.at++);
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return Number((raw >> 1n) ^ -(raw & 1n));
  }

  text(): string {
    const length = this.long();
    this.at += length;
    return this.#bytes.toString('utf8', this.at - length, this.at);
  }

  texts(): Record<string, string> {
    return Object.fromEntries(this.list(() => [this.text(), this.text()]));
  }

  /** An array, or the entries of a map. */
  list<Item>(item: () => Item): Item[] {
    const items: Item[] = [];
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) this.long(); // bytes of the block
      for (let i = 0; i < Math.abs(count); i += 1) items.push(item());
    }
    return items;
  }
}
