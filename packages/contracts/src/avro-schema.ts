import { readFileSync } from 'node:fs';
import avro from 'avsc';
import type { Schema, Type } from 'avsc';
import { ContractError } from './errors.ts';

/** First bytes of a single-object encoded value; the little-endian fingerprint of its schema follows. */
const SINGLE_OBJECT_MAGIC = Buffer.from([0xc3, 0x01]);
export const SINGLE_OBJECT_HEADER_BYTES = 10;

/** Where this repository keeps its Avro schemas. */
export const SCHEMA_DIRECTORY = new URL('../../../schemas/', import.meta.url);

/** @throws ContractError TOLL_SCHEMA_UNREADABLE */
export function parseAvroSchema(text: string, origin: string): Type {
  try {
    return avro.Type.forSchema(JSON.parse(text) as Schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ContractError('TOLL_SCHEMA_UNREADABLE', `The Avro schema ${origin} cannot be used: ${reason}`, {
      cause,
    });
  }
}

/** A schema of `SCHEMA_DIRECTORY`. */
export function loadOwnSchema(name: string): Type {
  return parseAvroSchema(readFileSync(new URL(name, SCHEMA_DIRECTORY), 'utf8'), name);
}

const EMPTY = 0xc15d213aa4d7a795n;

const TABLE = BigUint64Array.from({ length: 256 }, (_, i) => {
  let fingerprint = BigInt(i);
  for (let bit = 0; bit < 8; bit++) {
    fingerprint = (fingerprint >> 1n) ^ ((fingerprint & 1n) === 1n ? EMPTY : 0n);
  }
  return fingerprint;
});

/** CRC-64-AVRO of bytes, as the Avro specification defines it. */
export function crc64Avro(bytes: Uint8Array): bigint {
  let fingerprint = EMPTY;
  for (const byte of bytes) {
    fingerprint = (fingerprint >> 8n) ^ TABLE[Number((fingerprint ^ BigInt(byte)) & 0xffn)]!;
  }
  return fingerprint;
}

/** Magic and CRC-64-AVRO fingerprint of the schema's parsing canonical form, which avsc's `schema()` is. */
export function singleObjectHeader(type: Type): Buffer {
  const header = Buffer.alloc(SINGLE_OBJECT_HEADER_BYTES);
  SINGLE_OBJECT_MAGIC.copy(header);
  header.writeBigUInt64LE(crc64Avro(Buffer.from(JSON.stringify(type.schema()))), 2);
  return header;
}
