/** A deck's bytes to the cells of the columns that count, with the line of each. */
import { type DeckCell, type DeckRow, cellText } from './cells.ts';
import { type Field, RATE_FIELDS } from './fields.ts';
import { HEAD_ROWS } from './column-problems.ts';
import { type Layout, findLayout } from './layout.ts';
import type { DeckMapping } from './mapping.ts';
import { DeckError, type DeckPlace, type DeckProblemList } from './problems.ts';
import { decodeDeck, detectDelimiter, readText } from './read-text.ts';
import { isOldWorkbook, isWorkbook, readWorkbook } from './read-workbook.ts';

const DECK_BYTES_MAX = 512 * 1024 * 1024;
const PROGRESS_ROWS = 20_000;
const DIFFERENT_TEXTS_MAX = 32_768;

export interface DeckFile {
  /** As messages name it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Row `i` of the deck is `lines[i]` and `cells.get(field)[i]`. */
export interface DeckTable {
  readonly layout: Layout;
  readonly lines: readonly number[];
  readonly cells: ReadonlyMap<Field, readonly DeckCell[]>;
  /** Whether row `i` says the same as the row above it, but for its code: as the rows of a destination do. */
  readonly saysAsAbove: readonly boolean[];
  /** Lines that are no rows of rates: above the header, below the last row, repeated headers. */
  readonly notices: number;
  placeOf(line: number, field: Field | null, text: string): DeckPlace;
}

/**
 * @param onRows told how many rows were read, every now and then
 * @returns null when the deck cannot be read; then problems were added
 * @throws DeckError when the file is no deck at all
 */
export async function readDeck(
  file: DeckFile,
  mapping: DeckMapping,
  problems: DeckProblemList,
  onRows: (rows: number) => void,
): Promise<DeckTable | null> {
  const { bytes, name } = file;
  if (bytes.length > DECK_BYTES_MAX) {
    throw new DeckError('TOLL_DECK_FILE_TOO_LARGE', `${name} has ${bytes.length} bytes.`);
  }
  if (isOldWorkbook(bytes)) {
    throw new DeckError(
      'TOLL_DECK_FILE_FORMAT',
      `${name} is a workbook of the old kind (.xls), or protected by a password.`,
    );
  }
  const workbook = isWorkbook(bytes);
  const sheet = workbook ? String(mapping.sheet ?? 'sheet 1') : '';
  const pieces = workbook ? readWorkbook(bytes, mapping.sheet) : textRows(file, mapping, problems);
  if (pieces === null) return null;

  function placeAt(row: DeckRow | null, position: number): DeckPlace {
    const text = row === null ? '' : cellText(row.cells[position]);
    return { file: name, sheet, line: row?.line ?? 0, column: position + 1, text };
  }
  const head: DeckRow[] = [];
  let collector: Collector | null = null;
  let count = 0;
  for await (const rows of pieces) {
    for (const row of rows) {
      if (collector !== null) collector.add(row);
      else if (head.push(row) === HEAD_ROWS) {
        collector = collectorOf(head, mapping, placeAt, problems);
        if (collector === null) return null;
      }
      if (++count % PROGRESS_ROWS === 0) onRows(count);
    }
  }
  onRows(count);
  if (count === 0) throw new DeckError('TOLL_DECK_EMPTY', `${name} holds nothing.`);
  collector ??= collectorOf(head, mapping, placeAt, problems);
  if (collector === null) return null;
  const { layout, lines, cells, saysAsAbove, notices } = collector;
  if (lines.length === 0) throw new DeckError('TOLL_DECK_EMPTY', `${name} has no rates below its header.`);
  return {
    layout,
    lines,
    cells,
    saysAsAbove,
    notices,
    placeOf: (line, field, text) => {
      const position = field === null ? -1 : (layout.columns.get(field)?.position ?? -1);
      return { file: name, sheet, line, column: position + 1, text };
    },
  };
}

function textRows(
  { name, bytes }: DeckFile,
  mapping: DeckMapping,
  problems: DeckProblemList,
): readonly Generator<DeckRow>[] | null {
  const text = decodeDeck(name, bytes, mapping.encoding, problems);
  if (text === null) return null;
  return [readText(name, text, mapping.delimiter ?? detectDelimiter(text), problems)];
}

function collectorOf(
  head: readonly DeckRow[],
  mapping: DeckMapping,
  placeAt: (row: DeckRow | null, position: number) => DeckPlace,
  problems: DeckProblemList,
): Collector | null {
  const layout = findLayout(head, mapping, placeAt, problems);
  if (layout === null) return null;
  const collector = new Collector(layout);
  for (const row of head) collector.add(row);
  return collector;
}

/** Keeps the cells of the columns that count. */
class Collector {
  readonly layout: Layout;
  readonly lines: number[] = [];
  readonly cells: ReadonlyMap<Field, DeckCell[]>;
  readonly saysAsAbove: boolean[] = [];
  notices = 0;
  readonly #code: DeckCell[];
  readonly #others: readonly WantedColumn[];
  readonly #codeHeader: string;
  readonly #codePosition: number;
  readonly #ratePositions: readonly number[];

  constructor(layout: Layout) {
    this.layout = layout;
    this.cells = new Map([...layout.columns.keys()].map((field) => [field, []]));
    this.#code = this.cells.get('code')!;
    this.#others = [...layout.columns].flatMap(([field, { position }]) =>
      field === 'code' ? [] : [new WantedColumn(position, this.cells.get(field)!)],
    );
    const code = layout.columns.get('code')!;
    this.#codeHeader = code.header;
    this.#codePosition = code.position;
    this.#ratePositions = RATE_FIELDS.flatMap((field) => layout.columns.get(field)?.position ?? []);
  }

  add(row: DeckRow): void {
    if (row.line <= this.layout.headerLine) {
      this.notices++;
      return;
    }
    const { cells } = row;
    if (this.#ratePositions.every((at) => isEmpty(cells[at])) && this.#isNotice(cells)) {
      this.notices++;
      return;
    }
    const code = cells[this.#codePosition];
    // A deck of many printed pages repeats its header.
    if (typeof code === 'string' && code !== '' && code.trim() === this.#codeHeader) {
      this.notices++;
      return;
    }
    this.lines.push(row.line);
    this.#code.push(code ?? null);
    let same = true;
    for (const column of this.#others) if (!column.add(cells[column.position] ?? null)) same = false;
    this.saysAsAbove.push(same && this.lines.length > 1);
  }

  /** Blank, or text that stands alone and is no code: 'End of deck'. */
  #isNotice(cells: readonly DeckCell[]): boolean {
    const filled = cells.filter((cell) => !isEmpty(cell));
    return filled.length === 0 || (filled.length === 1 && !/^[+\d(]/.test(cellText(filled[0])));
  }
}

/** A column that is kept, each of its texts once: rates, increments, dates and names repeat. If too many differ, they are left alone. */
class WantedColumn {
  readonly position: number;
  readonly #cells: DeckCell[];
  #last: DeckCell | undefined;
  #known: Map<string, string> | null = new Map();

  constructor(position: number, cells: DeckCell[]) {
    this.position = position;
    this.#cells = cells;
  }

  /** @returns whether it is the cell above again */
  add(cell: DeckCell): boolean {
    const isSame = cell === this.#last;
    if (!isSame) this.#last = typeof cell === 'string' ? this.#one(cell) : cell;
    this.#cells.push(this.#last!);
    return isSame;
  }

  #one(text: string): string {
    if (this.#known === null) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size === DIFFERENT_TEXTS_MAX) this.#known = null;
    else this.#known.set(text, text);
    return text;
  }
}

function isEmpty(cell: DeckCell | undefined): boolean {
  return cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '');
}
