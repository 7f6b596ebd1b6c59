/** Call details as a Parquet file, one group of rows after the other: no more than a group is held. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { NativeBlock, NativeColumn } from '@tollstream/contracts';
import { holdYoungGeneration, releaseYoungGeneration } from '@tollstream/service-kit';

/** The same rows fall into the same groups, however they come: the same calls give the same bytes. */
const GROUP_ROWS = 25_000;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];
type Values = (string | number | bigint)[];

/** How a column of a type stands in the file. */
interface ColumnForm {
  readonly element: Omit<SchemaElement, 'name' | 'repetition_type'>;
  readonly valuesOf: (column: NativeColumn) => Values;
}

/** A column of the file: its name, and its type in ClickHouse. */
export interface ParquetColumn {
  readonly name: string;
  readonly type: string;
}

/**
 * @param rows blocks that all have these columns
 * @returns how many rows there were
 */
export async function writeParquet(
  file: string,
  {
    columns,
    rows,
    onProgress,
  }: {
    readonly columns: readonly ParquetColumn[];
    readonly rows: AsyncIterable<NativeBlock>;
    readonly onProgress: (rows: number) => void;
  },
): Promise<number> {
  let written = 0;
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    const groups = new RowGroups(columns);
    try {
      for await (const block of rows) {
        holdYoungGeneration();
        yield* groups.add(block);
        written += block.rows;
        onProgress(written);
      }
      yield* groups.end();
    } finally {
      releaseYoungGeneration();
    }
  };
  await pipeline(pieces, createWriteStream(file, { flush: true }));
  return written;
}

class RowGroups {
  readonly #columns: { readonly name: string; readonly form: ColumnForm; values: Values }[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  #rows = 0;

  constructor(columns: readonly ParquetColumn[]) {
    this.#columns = columns.map(({ name, type }) => ({ name, form: formOf(type), values: [] }));
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: 'calls', num_children: columns.length },
        ...this.#columns.map(({ name, form }) => ({
          ...form.element,
          name,
          repetition_type: 'REQUIRED' as const,
        })),
      ],
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
      createdBy: 'tollstream',
    });
  }

  *add(block: NativeBlock): Generator<Uint8Array> {
    const values = block.columns.map((column, i) => this.#columns[i]!.form.valuesOf(column));
    for (let from = 0; from < block.rows;) {
      const count = Math.min(block.rows - from, GROUP_ROWS - this.#rows);
      for (const [i, column] of this.#columns.entries())
        for (let row = from; row < from + count; row++) column.values.push(values[i]![row]!);
      from += count;
      this.#rows += count;
      if (this.#rows === GROUP_ROWS) yield this.#group();
    }
  }

  *end(): Generator<Uint8Array> {
    if (this.#rows > 0) yield this.#group();
    void this.#writer.finish();
    yield this.#taken();
  }

  #group(): Uint8Array {
    const columnData = this.#columns.map(({ name, values }) => ({ name, data: values }));
    void this.#writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    for (const column of this.#columns) column.values = [];
    this.#rows = 0;
    return this.#taken();
  }

  /** What was written since; the writer goes on counting its place in the file. */
  #taken(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}

const TEXT: ColumnForm = {
  element: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  valuesOf(column) {
    if (column.layout.kind !== 'low_cardinality')
      return Array.from({ length: column.rows }, (_, row) => column.string(row));
    const { dictionary, indexes } = column.lowCardinality();
    return Array.from(indexes, (index) => dictionary[index]!);
  },
};
const SMALL: ColumnForm['valuesOf'] = (column) =>
  Array.from({ length: column.rows }, (_, row) => column.number(row));
/** 64 bits; the library takes an integer of a decimal for its scaled value. */
const LARGE: ColumnForm['valuesOf'] = (column) => Array.from(column.integers(), BigInt);

const FORMS: Readonly<Record<string, ColumnForm>> = {
  String: TEXT,
  'LowCardinality(String)': TEXT,
  UInt8: { element: { type: 'INT32', converted_type: 'UINT_8' }, valuesOf: SMALL },
  UInt32: { element: { type: 'INT32', converted_type: 'UINT_32' }, valuesOf: SMALL },
  UInt64: { element: { type: 'INT64', converted_type: 'UINT_64' }, valuesOf: LARGE },
  "DateTime64(3, 'UTC')": {
    element: {
      type: 'INT64',
      converted_type: 'TIMESTAMP_MILLIS',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
    },
    valuesOf: LARGE,
  },
};

function formOf(type: string): ColumnForm {
  const form = FORMS[type];
  if (form !== undefined) return form;
  const scale = /^Decimal\(18, (\d+)\)$/.exec(type)?.[1];
  if (scale === undefined) throw new TypeError(`call details have no column of the type ${type}`);
  return {
    element: { type: 'INT64', converted_type: 'DECIMAL', precision: 18, scale: Number(scale) },
    valuesOf: LARGE,
  };
}
