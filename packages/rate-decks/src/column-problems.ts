/** What is said of columns that cannot be told, with guesses and the lines of a mapping file that would tell them. */
import type { DeckRow } from './cells.ts';
import type { Field } from './fields.ts';
import { type Guess, guessField } from './guess.ts';
import type { DeckMapping } from './mapping.ts';
import { type DeckPlace, type DeckProblemList, columnLetters } from './problems.ts';

/** Rows at the head of a deck among which the header is looked for, and whose cells tell columns apart. */
export const HEAD_ROWS = 400;

export interface DeckColumn {
  /** Of the cell in its row, from 0. */
  readonly position: number;
  /** Its header text; '' when the deck has none. */
  readonly header: string;
}

/** The place of a cell; without a row, of the deck; with position -1, of the row. */
export type PlaceOf = (row: DeckRow | null, position: number) => DeckPlace;

export function reportGuess(
  { field, confidence }: Guess,
  title: string,
  position: number,
  columns: ReadonlyMap<Field, DeckColumn>,
  header: DeckRow | null,
  placeOf: PlaceOf,
  problems: DeckProblemList,
): void {
  const name = title === '' ? String(position + 1) : JSON.stringify(title);
  const likely = field === 'effective_from' && columns.has(field) ? 'effective_to' : field;
  const ignore = `\`ignore: [${name}]\``;
  problems.add(
    'TOLL_DECK_COLUMN_UNKNOWN',
    placeOf(header, position),
    `Column ${columnLetters(position + 1)} is not known by its name; by its cells it is probably ${columns.has(likely) ? 'another' : 'the'} ${likely} (confidence ${confidence} %)`,
    columns.has(likely)
      ? `A tariff has one for each code. If this one does not count, write ${ignore} in the mapping file.`
      : `If so, write \`columns: { ${likely}: ${name} }\` in the mapping file; if not, ${ignore}.`,
  );
}

export function reportAmbiguous(
  field: Field,
  positions: readonly number[],
  titles: readonly string[],
  header: DeckRow | null,
  placeOf: PlaceOf,
  problems: DeckProblemList,
): void {
  const named = positions.map((position) => `${columnLetters(position + 1)} "${titles[position]}"`);
  const likely = positions.find((position) => /\bnew\b/i.test(titles[position]!)) ?? positions[0]!;
  const choice =
    titles.filter((title) => title === titles[likely]).length > 1
      ? likely + 1
      : JSON.stringify(titles[likely]);
  problems.add(
    'TOLL_DECK_COLUMN_AMBIGUOUS',
    placeOf(header, positions[1]!),
    `Several columns may be the ${field}: ${named.join(', ')}`,
    `Say which one, such as \`columns: { ${field}: ${choice} }\` in the mapping file.`,
  );
}

export function reportNoHeader(
  rows: readonly DeckRow[],
  mapping: DeckMapping,
  placeOf: PlaceOf,
  problems: DeckProblemList,
): void {
  const names = Object.values(mapping.columns).filter((column) => typeof column === 'string');
  if (mapping.headerRow !== null) {
    problems.add('TOLL_DECK_HEADER_MISSING', placeOf(null, -1), `Line ${mapping.headerRow} holds no header`);
    return;
  }
  if (names.length > 0) {
    const message = `No line among the first ${HEAD_ROWS} has all of ${names.map((name) => `"${name}"`).join(', ')}`;
    problems.add('TOLL_DECK_HEADER_MISSING', placeOf(null, -1), message);
    return;
  }
  const width = Math.max(0, ...rows.map(({ cells }) => cells.length));
  const guesses = Array.from({ length: width }, (_, position) => {
    const guess = guessField(rows.map(({ cells }) => cells[position] ?? null));
    return guess === null ? null : { ...guess, position };
  }).filter((guess) => guess !== null);
  const listed = guesses.map(
    ({ field, position, confidence }) => `${field} in column ${position + 1} (confidence ${confidence} %)`,
  );
  const yaml = guesses.map(({ field, position }) => `${field}: ${position + 1}`).join(', ');
  problems.add(
    'TOLL_DECK_HEADER_MISSING',
    placeOf(null, -1),
    `No line among the first ${HEAD_ROWS} looks like a header${listed.length > 0 ? `; by the cells there may be ${listed.join(', ')}` : ''}`,
    listed.length > 0
      ? `If the guess is right, write \`header_row: 0\` and \`columns: { ${yaml} }\` in the mapping file.`
      : undefined,
  );
}

/** A column that looks like nothing, with a name that speaks of money. */
export function reportMoney(
  title: string,
  position: number,
  header: DeckRow | null,
  placeOf: PlaceOf,
  problems: DeckProblemList,
): void {
  const ignore = `\`ignore: [${JSON.stringify(title)}]\``;
  problems.add(
    'TOLL_DECK_COLUMN_UNKNOWN',
    placeOf(header, position),
    `Column ${columnLetters(position + 1)} is not known, and its name speaks of money`,
    `Say what it is under \`columns\` in the mapping file; if it does not count, write ${ignore}.`,
  );
}
