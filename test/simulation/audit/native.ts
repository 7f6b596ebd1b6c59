/**
 * Reads ClickHouse Native blocks cell by cell into text, from the format's description and not from the code under test.
 * A cell is its plain value as text: numbers in decimal, decimals as scaled integers, enums as numbers, fixed strings in hex.
 */
export interface Table {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function decodeNative(bytes: Buffer): Table {
  const reader = new Reader(bytes);
  const columnCount = reader.varint();
  const rowCount = reader.varint();
  const names: string[] = [];
  const rows: string[][] = Array.from({ length: rowCount }, () => []);
  for (let column = 0; column < columnCount; column += 1) {
    names.push(reader.text());
    const cells = reader.cells(reader.text(), rowCount);
    for (let row = 0; row < rowCount; row += 1) rows[row]!.push(cells[row]!);
  }
  if (reader.at !== bytes.length)
    throw new Error(`${bytes.length - reader.at} bytes follow the Native block.`);
  return { names, rows };
}

class Reader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** Every byte of a text is kept: one character each. */
  text(): string {
    const length = this.varint();
    this.at += length;
    return this.#bytes.toString('latin1', this.at - length, this.at);
  }

  cells(type: string, rows: number): string[] {
    if (rows === 0) return [];
    if (type === 'String') return Array.from({ length: rows }, () => this.text());
    if (type === 'LowCardinality(String)') return this.#dictionary(rows);
    if (type === 'UInt8' || type.startsWith('Enum8('))
      return Array.from({ length: rows }, () => this.#unsigned(1));
    if (type === 'UInt16') return Array.from({ length: rows }, () => this.#unsigned(2));
    if (type === 'UInt32') return Array.from({ length: rows }, () => this.#unsigned(4));
    if (type === 'UInt64') return Array.from({ length: rows }, () => this.#unsigned(8));
    if (type.startsWith('DateTime64(') || type.startsWith('Decimal(18,'))
      return Array.from({ length: rows }, () => this.#signed64());
    const fixed = /^FixedString\((\d+)\)$/.exec(type);
    if (fixed === null) throw new Error(`The auditor does not know the type ${type}.`);
    const width = Number(fixed[1]);
    return Array.from({ length: rows }, () => {
      this.at += width;
      return this.#bytes.toString('hex', this.at - width, this.at);
    });
  }

  #dictionary(rows: number): string[] {
    if (this.#unsigned(8) !== '1') throw new Error('Not the known version of dictionary columns.');
    const width = [1, 2, 4][Number(this.#unsigned(8)) & 0xff]!;
    const keys = Array.from({ length: Number(this.#unsigned(8)) }, () => this.text());
    if (Number(this.#unsigned(8)) !== rows) throw new Error('A dictionary column of other length.');
    return Array.from({ length: rows }, () => keys[Number(this.#unsigned(width))]!);
  }

  #unsigned(width: number): string {
    this.at += width;
    if (width === 8) return this.#bytes.readBigUInt64LE(this.at - 8).toString();
    return this.#bytes.readUIntLE(this.at - width, width).toString();
  }

  #signed64(): string {
    this.at += 8;
    return this.#bytes.readBigInt64LE(this.at - 8).toString();
  }
}
