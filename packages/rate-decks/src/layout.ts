/** Where a deck's header is and which column holds what: by the mapping, then by the names that carriers use. */
import { CURRENCIES } from '@tollstream/money';
import { type DeckRow, cellText } from './cells.ts';
import {
  type DeckColumn,
  type PlaceOf,
  reportAmbiguous,
  reportGuess,
  reportMoney,
  reportNoHeader,
} from './column-problems.ts';
import {
  FIELDS,
  type Field,
  type HeaderMeaning,
  JURISDICTION_FIELDS,
  RATE_FIELDS,
  headerKey,
  meaningOf,
  speaksOfMoney,
} from './fields.ts';
import { guessField } from './guess.ts';
import { readIncrements } from './increments.ts';
import type { DeckMapping } from './mapping.ts';
import type { DeckPlace, DeckProblemList } from './problems.ts';

const SAMPLE_ROWS = 200;

export interface Layout {
  /** 0 when the deck has no header. */
  readonly headerLine: number;
  readonly columns: ReadonlyMap<Field, DeckColumn>;
  /** Fields whose header says that they are in cents. */
  readonly cents: ReadonlySet<Field>;
  /** Currencies that the header and the notices above it name, with their places. */
  readonly currencies: readonly { readonly currency: string; readonly place: DeckPlace }[];
  /** Headers of columns that are not read. */
  readonly unused: readonly string[];
}

/** More than one column of these would be a choice between prices. */
const DECIDING: ReadonlySet<Field> = new Set([
  'code',
  'country_code',
  'rate',
  ...JURISDICTION_FIELDS,
  'origin',
  'origin_class',
  'initial_rate',
  'connect_fee',
  'increments',
  'initial',
  'step',
  'effective_from',
  'effective_to',
  'status',
  'blocked',
]);

/**
 * @param rows the first rows of the deck
 * @returns null when a column that is needed cannot be told; then problems with guesses were added
 */
export function findLayout(
  rows: readonly DeckRow[],
  mapping: DeckMapping,
  placeOf: PlaceOf,
  problems: DeckProblemList,
): Layout | null {
  const before = problems.count;
  const index = headerIndex(rows, mapping);
  if (index === null) {
    reportNoHeader(rows, mapping, placeOf, problems);
    return null;
  }
  const header = index === -1 ? null : rows[index]!;
  const data = rows.slice(index + 1, index + 1 + SAMPLE_ROWS);
  const width = Math.max(header?.cells.length ?? 0, ...data.map(({ cells }) => cells.length));
  const titles = Array.from({ length: width }, (_, position) =>
    cellText(header?.cells[position]).replace(/\s+/g, ' '),
  );
  const samples = (position: number) => data.map(({ cells }) => cells[position] ?? null);
  const meanings = titles.map((title) => meaningOf(title, CURRENCIES));

  const columns = new Map<Field, DeckColumn>();
  const taken = new Set<number>();
  function take(field: Field, position: number): void {
    columns.set(field, { position, header: titles[position] ?? '' });
    taken.add(position);
  }
  takeMapped(mapping, titles, header, take, placeOf, problems);
  const ignored = new Set(mapping.ignore.map(headerKey));
  const open = (position: number) => !taken.has(position) && !ignored.has(headerKey(titles[position]!));

  // Columns that are known by name.
  const byField = new Map<Field, number[]>();
  meanings.forEach((meaning, position) => {
    if (!open(position)) return;
    const field = fieldByContent(meaning, meanings, samples(position));
    if (field === null || columns.has(field)) return;
    byField.set(field, [...(byField.get(field) ?? []), position]);
  });
  for (const [field, positions] of byField) {
    if (positions.length > 1 && DECIDING.has(field)) {
      reportAmbiguous(field, positions, titles, header, placeOf, problems);
    }
    take(field, positions[0]!);
  }

  // Columns that are not, and hold what would decide a price.
  const unused: string[] = [];
  for (let position = 0; position < width; position++) {
    if (!open(position)) continue;
    if (titles[position] !== '') unused.push(titles[position]!);
    if (meanings[position]!.field !== null) continue;
    const guess = guessField(samples(position));
    if (guess === null || isCovered(guess.field, columns)) {
      if (speaksOfMoney(titles[position]!) && samples(position).some((cell) => cellText(cell) !== '')) {
        reportMoney(titles[position]!, position, header, placeOf, problems);
      }
      continue;
    }
    reportGuess(guess, titles[position]!, position, columns, header, placeOf, problems);
  }
  if (problems.count === before) {
    for (const field of ['code', 'rate'] as const) {
      if (field === 'code' ? columns.has('code') : RATE_FIELDS.some((each) => columns.has(each))) continue;
      const names = titles.filter((title) => title !== '').map((title) => `"${title}"`);
      problems.add(
        'TOLL_DECK_COLUMN_UNKNOWN',
        placeOf(header, -1),
        `No column can be told to hold the ${field}, and none looks like it: ${names.join(', ')}`,
      );
    }
  }
  if (problems.count > before) return null;
  const rate = columns.get(RATE_FIELDS.find((field) => columns.has(field))!)!.position;
  return {
    headerLine: header?.line ?? 0,
    columns,
    cents: new Set(
      [...columns].filter(([, { position }]) => meanings[position]?.cents === true).map(([field]) => field),
    ),
    currencies: [
      ...noticeCurrencies(rows.slice(0, Math.max(index, 0)), placeOf),
      ...(meanings[rate]!.currency === ''
        ? []
        : [{ currency: meanings[rate]!.currency, place: placeOf(header, rate) }]),
    ],
    unused,
  };
}

/** @returns position in `rows`, -1 when the mapping says there is none, null when it cannot be told */
function headerIndex(rows: readonly DeckRow[], mapping: DeckMapping): number | null {
  if (mapping.headerRow === 0) return -1;
  if (mapping.headerRow !== null) {
    const index = rows.findIndex(({ line }) => line === mapping.headerRow);
    return index === -1 ? null : index;
  }
  const mapped = Object.values(mapping.columns).filter((column) => typeof column === 'string');
  const keys = rows.map(
    ({ cells }) => new Set(cells.map((cell) => headerKey(cellText(cell).replace(/\s+/g, ' ')))),
  );
  if (mapped.length > 0) {
    const index = keys.findIndex((row) => mapped.every((name) => row.has(headerKey(name))));
    return index === -1 ? null : index;
  }
  let best = { index: -1, known: 1 };
  rows.forEach(({ cells }, index) => {
    const fields = new Set(
      cells.map((cell) => (typeof cell === 'string' ? meaningOf(cell, CURRENCIES).field : null)),
    );
    fields.delete(null);
    fields.delete('ignored');
    const known =
      fields.size +
      (RATE_FIELDS.some((field) => fields.has(field)) && (fields.has('code') || fields.has('country_code'))
        ? FIELDS.length
        : 0);
    if (known > best.known) best = { index, known };
  });
  if (best.index !== -1) return best.index;
  // A header in another language stands right above the first row of figures.
  const firstData = rows.findIndex(({ cells }) => {
    const guesses = cells.map((cell) => guessField([cell])?.field);
    return guesses.includes('rate') && guesses.includes('code');
  });
  const above = rows[firstData - 1];
  return above === undefined || above.cells.filter((cell) => cellText(cell) !== '').length < 2
    ? null
    : firstData - 1;
}

function takeMapped(
  mapping: DeckMapping,
  titles: readonly string[],
  header: DeckRow | null,
  take: (field: Field, position: number) => void,
  placeOf: PlaceOf,
  problems: DeckProblemList,
): void {
  for (const [field, column] of Object.entries(mapping.columns) as [Field, string | number][]) {
    if (typeof column === 'number') {
      if (column <= titles.length) take(field, column - 1);
      else {
        const message = `The mapping file takes the ${field} from column ${column}, and the deck has ${titles.length}`;
        problems.add('TOLL_DECK_COLUMN_UNKNOWN', placeOf(header, -1), message);
      }
      continue;
    }
    const positions = titles.flatMap((title, position) =>
      headerKey(title) === headerKey(column) ? [position] : [],
    );
    if (positions.length === 1) take(field, positions[0]!);
    else if (positions.length > 1) reportAmbiguous(field, positions, titles, header, placeOf, problems);
    else {
      problems.add(
        'TOLL_DECK_COLUMN_UNKNOWN',
        placeOf(header, -1),
        `The mapping file takes the ${field} from a column "${column}", which the header does not have`,
      );
    }
  }
}

/** Some names mean one thing or another by what stands below them. */
function fieldByContent(
  { field }: HeaderMeaning,
  all: readonly HeaderMeaning[],
  cells: DeckRow['cells'],
): Field | null {
  if (field === null || field === 'ignored') return null;
  const texts = cells.map(cellText).filter((text) => text !== '');
  const most = (fits: (text: string) => boolean) => texts.filter(fits).length * 2 > texts.length;
  // "Country code" is 44 in one deck and GB in the next.
  if (field === 'country_code' && most((text) => /^\p{L}/u.test(text))) return 'country';
  const isPair = (text: string) => /^\d+\D+\d+/.test(text) && readIncrements(text) !== null;
  if ((field === 'initial' || field === 'step') && most(isPair)) return 'increments';
  if (field === 'increments' && all.some((other) => other.field === 'initial') && !most(isPair))
    return 'step';
  return field;
}

/**
 * Whether what a column looks like has its column already. A further column of amounts or days is never passed over: it may be
 * the rate of the weekend, or the end of the row.
 */
function isCovered(field: Field, columns: ReadonlyMap<Field, DeckColumn>): boolean {
  if (field === 'increments') return columns.has('increments') || columns.has('initial');
  return field === 'code' && columns.has('code');
}

/** 'Currency: EUR', 'All rates in USD per minute'. */
function noticeCurrencies(notices: readonly DeckRow[], placeOf: PlaceOf): Layout['currencies'] {
  return notices.flatMap((row) => {
    const text = row.cells.map(cellText).join(' ');
    if (!/currency|\b(?:rates?|prices?)\b.*\bin\b/i.test(text)) return [];
    const found = (text.match(/\b[A-Z]{3}\b/g) ?? []).filter((word) => CURRENCIES.has(word));
    const position = row.cells.findIndex((cell) =>
      found.some((currency) => cellText(cell).includes(currency)),
    );
    return [...new Set(found)].map((currency) => ({ currency, place: placeOf(row, position) }));
  });
}
