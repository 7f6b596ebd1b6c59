/** Parts of calls that a switch reports bit by bit, until the call is whole. */
import {
  CALL_COLUMNS,
  DISPOSITIONS,
  NativeBlockWriter,
  isLastPart,
  partNumber,
  readNativeBlock,
} from '@tollstream/contracts';
import type { NativeBlock, NativeColumn } from '@tollstream/contracts';

/** How long parts wait: the duplicate window, or whoever remembers everything. */
export interface PartsMemory {
  remembers(startedAt: number): boolean;
}

const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;
/** Numbers of parts that a sentence names. */
const NAMED_MAX = 5;
/** Parts held before those that are too old are looked for. */
const SWEEP_FROM = 1_024;

type Cell = string | number | Uint32Array;
type Cells = Readonly<Record<(typeof CALL_COLUMNS)[number][0], Cell>>;

/** A part of a call: its suspended row. */
export interface Part {
  readonly cells: Cells;
  readonly number: number;
  readonly isLast: boolean;
  /** Names the row among all. */
  readonly source: string;
  readonly startedAt: number;
}

/** A call all of whose parts are there, in their order. */
export type Parts = readonly Part[];

/** Which parts are of one call: identity and account. */
export function callKeyOf({ cells }: Part): string {
  return `${(cells.call_hash as Uint32Array).join(' ')} ${cells.account_id as string}`;
}

/** The parts that wait, by call; held as long as the duplicate window remembers records of their start. */
export class OpenParts {
  readonly #calls = new Map<string, Map<string, Part>>();
  /** Source → call. */
  readonly #keys = new Map<string, string>();
  #sweepAt = SWEEP_FROM;

  get size(): number {
    return this.#keys.size;
  }

  add(part: Part, window: PartsMemory): void {
    if (!window.remembers(part.startedAt)) return;
    const key = callKeyOf(part);
    const parts = this.#calls.get(key) ?? new Map<string, Part>();
    this.#calls.set(key, parts);
    this.#keys.set(part.source, key);
    parts.set(part.source, part);
    if (this.size >= this.#sweepAt) this.#sweep(window);
  }

  /** Those of a call that the window still remembers. */
  of(key: string, window: PartsMemory): Part[] {
    return [...(this.#calls.get(key)?.values() ?? [])].filter(({ startedAt }) => window.remembers(startedAt));
  }

  /** All that the window still remembers. */
  all(window: PartsMemory): Part[] {
    return [...this.#calls.keys()].flatMap((key) => this.of(key, window));
  }

  has(source: string): boolean {
    return this.#keys.has(source);
  }

  /** Of what does not wait, nothing is said. */
  delete(source: string): void {
    const key = this.#keys.get(source);
    if (key === undefined) return;
    this.#keys.delete(source);
    const parts = this.#calls.get(key)!;
    parts.delete(source);
    if (parts.size === 0) this.#calls.delete(key);
  }

  #sweep(window: PartsMemory): void {
    for (const parts of this.#calls.values())
      for (const { source, startedAt } of parts.values())
        if (!window.remembers(startedAt)) this.delete(source);
    this.#sweepAt = Math.max(SWEEP_FROM, this.size * 2);
  }
}

/** Reads the parts of a block. */
export function partReader(block: NativeBlock): (row: number) => Part {
  const columns = CALL_COLUMNS.map(([name]) => [name, block.column(name)] as const);
  return (row) => {
    const cells = Object.fromEntries(columns.map(([name, column]) => [name, cellOf(column, row)])) as Cells;
    const sequence = cells.partial_sequence as number;
    return {
      cells,
      number: partNumber(sequence),
      isLast: isLastPart(sequence),
      source: sourceText(
        cells.source_topic as string,
        cells.source_partition as number,
        cells.source_offset as number,
      ),
      startedAt: cells.started_at as number,
    };
  };
}

/** Names a row among all: where it was read from. */
export function sourceText(topic: string, partition: number, offset: number): string {
  return `${topic}/${partition}/${offset}`;
}

function cellOf(column: NativeColumn, row: number): Cell {
  const { layout } = column;
  if (layout.kind !== 'fixed') return column.string(row);
  if (layout.width <= 8) return column.number(row);
  const bytes = column.bytes(row);
  return Uint32Array.from({ length: layout.width / 4 }, (_, word) => bytes.readUInt32LE(word * 4));
}

/** @returns the parts in their order when the call is whole, otherwise what keeps it from being so, for a person */
export function wholeOf(parts: Parts): Parts | string {
  const ordered = parts.toSorted((a, b) => a.number - b.number);
  const last = ordered.find(({ isLast }) => isLast);
  const numbers = new Set(ordered.map(({ number }) => number));
  if (numbers.size < ordered.length) {
    const twice = ordered.find(({ number }, i) => ordered[i - 1]?.number === number)!;
    return `part ${twice.number} came twice, and once as the last one`;
  }
  const beyond = ordered.at(-1)!.number;
  if (last !== undefined && beyond > last.number) return `part ${beyond} comes after the last one`;
  const stranger = ordered.find((part) => !hasSameParties(part, ordered[0]!));
  if (stranger !== undefined)
    return `part ${stranger.number} has other parties than part ${ordered[0]!.number}`;
  const missing: string[] = [];
  for (let number = 1; number < beyond && missing.length <= NAMED_MAX; number++)
    if (!numbers.has(number)) missing.push(String(number));
  const count = beyond - ordered.length;
  const more = count > NAMED_MAX ? ` and ${count - NAMED_MAX} more` : '';
  const named =
    count === 0 ? [] : [`${count === 1 ? 'part' : 'parts'} ${missing.slice(0, NAMED_MAX).join(', ')}${more}`];
  if (last === undefined) named.push('the last one');
  if (named.length === 0) return ordered;
  return `${named.join(' and ')} ${count + (last === undefined ? 1 : 0) === 1 ? 'is' : 'are'} missing`;
}

const PARTY_NAMES = [
  'direction',
  'origin_number',
  'origin_text',
  'destination_number',
  'destination_text',
] as const;

function hasSameParties({ cells: a }: Part, { cells: b }: Part): boolean {
  return PARTY_NAMES.every((name) => a[name] === b[name]);
}

const writer = new NativeBlockWriter(CALL_COLUMNS);

/**
 * One block with a row for each call: that of its first part, which lasts as long as all parts together. It is answered when the first
 * answered part was; where none was, the last part says how the call ended.
 */
export function wholeCalls(calls: readonly Parts[]): NativeBlock {
  writer.reset();
  for (const parts of calls) {
    const answered = parts.filter(({ cells }) => cells.disposition === ANSWERED);
    const [first, last] = [parts[0]!.cells, parts.at(-1)!.cells];
    const answeredAt = (answered[0]?.cells.answered_at ?? 0) as number;
    const talkMs = answered.reduce(
      (sum, { cells }) => sum + (cells.ended_at as number) - (cells.answered_at as number),
      0,
    );
    const row: Cells = {
      ...first,
      disposition: answered.length > 0 ? ANSWERED : last.disposition,
      answered_at: answeredAt,
      ended_at: answered.length > 0 ? answeredAt + talkMs : last.ended_at,
      partial_sequence: 0,
    };
    for (const [name] of CALL_COLUMNS) (writer.columns[name] as { push(cell: Cell): void }).push(row[name]);
  }
  return readNativeBlock(writer.toBuffer());
}
