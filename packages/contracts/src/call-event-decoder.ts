import { readdirSync } from 'node:fs';
import type { Type } from 'avsc';
import {
  SCHEMA_DIRECTORY,
  SINGLE_OBJECT_HEADER_BYTES,
  loadOwnSchema,
  singleObjectHeader,
} from './avro-schema.ts';
import { callEventHeader, makeBodyReader, readCallEventBody } from './call-event-avro.ts';
import type { BodyReader } from './call-event-avro.ts';
import { ContractError } from './errors.ts';
import { rejected } from './decoded-record.ts';
import type { DecodedRecord } from './decoded-record.ts';
import type { SchemaSource } from './schema-source.ts';

/** First byte of the schema-registry wire format; the id follows, big endian. */
const REGISTRY_MAGIC = 0x00;
const REGISTRY_HEADER_BYTES = 5;

type Reader = BodyReader | { readonly problem: string };

/**
 * Decodes call events in Avro, single-object or registry-framed. Decoding itself is synchronous and touches nothing outside:
 * `prepare` fetches what a batch needs beforehand.
 */
export class CallEventDecoder {
  readonly #source: SchemaSource | null;
  /** Fingerprint header as Latin-1 → reader. */
  readonly #byFingerprint = new Map<string, Reader>();
  readonly #byId = new Map<number, Reader>();

  /** @param options.source answers for registry ids; the current schema and its earlier versions are known by fingerprint */
  constructor(options: { source?: SchemaSource | null } = {}) {
    this.#source = options.source ?? null;
    for (const type of [...loadEarlierVersions(), ...(this.#source?.schemas ?? [])]) {
      this.#byFingerprint.set(singleObjectHeader(type).toString('latin1'), makeBodyReader(type));
    }
  }

  /**
   * Loads the schemas of registry-framed records among `values`. An id the registry does not know is asked for again with
   * the next batch; the records at hand are rejected as `schema_unknown`.
   * @throws ContractError when the registry cannot be asked
   */
  async prepare(values: Iterable<Buffer | null>): Promise<void> {
    const wanted = new Set<number>();
    for (const value of values) {
      if (value === null || value[0] !== REGISTRY_MAGIC || value.length < REGISTRY_HEADER_BYTES) continue;
      const id = value.readUInt32BE(1);
      if (!this.#byId.has(id)) wanted.add(id);
    }
    for (const id of wanted) {
      const reader = await this.#load(id);
      if (reader !== null) this.#byId.set(id, reader);
    }
  }

  async #load(id: number): Promise<Reader | null> {
    try {
      const type = (await this.#source?.schemaOf(id)) ?? null;
      return type === null ? null : makeBodyReader(type);
    } catch (error) {
      // A registered schema that is no usable Avro condemns its records, not the service.
      if (error instanceof ContractError && error.code === 'TOLL_SCHEMA_UNREADABLE')
        return { problem: error.message };
      throw error;
    }
  }

  decode(value: Buffer): DecodedRecord {
    if (value[0] === 0xc3 && value[1] === 0x01) {
      if (value.length < SINGLE_OBJECT_HEADER_BYTES)
        return rejected('unreadable', 'Avro: the fingerprint is cut off');
      if (isCurrent(value)) return readCallEventBody(value, SINGLE_OBJECT_HEADER_BYTES);
      const reader = this.#byFingerprint.get(value.toString('latin1', 0, SINGLE_OBJECT_HEADER_BYTES));
      const fingerprint = value.toString('hex', 2, SINGLE_OBJECT_HEADER_BYTES);
      return read(reader, { value, start: SINGLE_OBJECT_HEADER_BYTES, schema: `fingerprint ${fingerprint}` });
    }
    if (value[0] === REGISTRY_MAGIC) {
      if (value.length < REGISTRY_HEADER_BYTES)
        return rejected('unreadable', 'Avro: the schema id is cut off');
      const id = value.readUInt32BE(1);
      return read(this.#byId.get(id), { value, start: REGISTRY_HEADER_BYTES, schema: `registry id ${id}` });
    }
    return rejected('unreadable', 'Avro: neither single-object encoding nor the registry wire format');
  }
}

function read(
  reader: Reader | undefined,
  record: { value: Buffer; start: number; schema: string },
): DecodedRecord {
  if (reader === undefined) return rejected('schema_unknown', `Avro: no schema for ${record.schema}`);
  if (typeof reader !== 'function')
    return rejected('schema_unknown', `Avro: ${record.schema}: ${reader.problem}`);
  return reader(record.value, record.start);
}

function isCurrent(value: Buffer): boolean {
  for (let i = 2; i < SINGLE_OBJECT_HEADER_BYTES; i++) {
    if (value[i] !== callEventHeader[i]) return false;
  }
  return true;
}

/** Every version the public contract had: records of all of them stay readable. */
function loadEarlierVersions(): Type[] {
  return readdirSync(new URL('evolution/', SCHEMA_DIRECTORY))
    .filter((name) => /^call-event\.v\d+\.avsc$/.test(name))
    .map((name) => loadOwnSchema(`evolution/${name}`));
}
