/** What a column may hold, judged by its cells. A guess is offered to a person, and never acted on. */
import { provenMark, splitUnit } from './amounts.ts';
import { type DeckCell, cellText } from './cells.ts';
import { readCodes } from './codes.ts';
import { isAtOnce, readDate } from './dates.ts';
import type { Field } from './fields.ts';
import { readIncrements } from './increments.ts';

export interface Guess {
  readonly field: Field;
  /** Share of the cells looked at that read as the field, in percent. */
  readonly confidence: number;
}

/** Below this a guess is no help. */
const CONFIDENCE_MIN = 60;

const KINDS: readonly (readonly [Field, (cell: DeckCell, text: string) => boolean])[] = [
  [
    'effective_from',
    (cell, text) =>
      cell instanceof Date ||
      isAtOnce(text) ||
      readDate(text, 'day_first') !== null ||
      readDate(text, 'month_first') !== null,
  ],
  ['increments', (_, text) => /\D/.test(text) && readIncrements(text) !== null],
  ['rate', (_, text) => /^\d{0,3}[.,]\d{1,10}$/.test(splitUnit(text).amount) && provenMark(text) !== null],
  ['code', (_, text) => readCodes(text, '', []) === null],
];

/** @returns the likeliest field of a column, or null when its cells look like none that decides a price */
export function guessField(cells: readonly DeckCell[]): Guess | null {
  let filled = 0;
  const fitting = new Map<Field, number>();
  for (const cell of cells) {
    const text = cellText(cell);
    if (text === '') continue;
    filled++;
    // The first kind that fits: 20200101 is a date before it is a code.
    const kind = KINDS.find(([, fits]) => fits(cell, text));
    if (kind !== undefined) fitting.set(kind[0], (fitting.get(kind[0]) ?? 0) + 1);
  }
  const [best] = [...fitting].sort((a, b) => b[1] - a[1]);
  if (best === undefined) return null;
  const confidence = Math.floor((best[1] * 100) / filled);
  return confidence < CONFIDENCE_MIN ? null : { field: best[0], confidence };
}
