/** The cells of a deck to what they say of each prefix, with every problem at its cell. */
import type { DeckRate } from './deck-rate.ts';
import {
  areaCodePrefix,
  codeIncludesCountry,
  currencyOfDeck,
  dateOrder,
  decimalMark,
  unitsOf,
} from './deck-wide.ts';
import type { DeckMapping } from './mapping.ts';
import type { DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import { RowReader } from './row-reader.ts';

export interface Interpretation {
  /** Currency of the deck, '' when it names none. */
  readonly currency: string;
  readonly rates: readonly DeckRate[];
}

/**
 * @param currency of the tariff; null when the deck shall say it
 * @param asOf     instant of 'ASAP' and of rows without a date; null when the operator gave none
 */
export function interpretDeck(
  table: DeckTable,
  mapping: DeckMapping,
  currency: string | null,
  asOf: number | null,
  problems: DeckProblemList,
): Interpretation {
  const deckCurrency = currencyOfDeck(table, mapping, currency, problems);
  const mark = decimalMark(table, mapping, problems);
  const order = dateOrder(table, mapping, problems);
  const prefixed = codeIncludesCountry(table, mapping, problems);
  const areaPrefix = areaCodePrefix(table, mapping, problems);
  const units = unitsOf(table, mapping, problems);
  const reader = new RowReader({
    table,
    mapping,
    mark,
    order,
    units,
    currency: deckCurrency,
    asOf,
    prefixed,
    areaPrefix,
    problems,
  });
  const rates: DeckRate[] = [];
  for (let row = 0; row < table.lines.length; row++) reader.read(row, rates);
  return { currency: deckCurrency, rates };
}
