/** What a deck says of one prefix, in the order of time. */
import { instantText } from './dates.ts';
import { type DeckRate, type DeckTerms, describeKey } from './deck-rate.ts';
import type { DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import type { RowDefaults } from './tariff-rows.ts';

/** A deck's rate with the instants between which it holds: half-open, ms since epoch, infinite when nothing is said. */
export interface DatedRate {
  readonly rate: DeckRate;
  readonly from: number;
  readonly to: number;
}

/**
 * Each rate ends where the next starts. Lines that say the same are warned of, lines that contradict each other are problems.
 * @param said the lines of one code and its callers
 */
export function datedRates(
  said: readonly DeckRate[],
  defaults: RowDefaults,
  table: DeckTable,
  problems: DeckProblemList,
  warnings: DeckProblemList,
): DatedRate[] {
  function dated(rate: DeckRate): DatedRate {
    const { effectiveFrom, effectiveTo } = rate.terms;
    return {
      rate,
      from: effectiveFrom ?? defaults.effectiveFrom,
      to: effectiveTo ?? defaults.effectiveTo,
    };
  }
  if (said.length === 1) return [dated(said[0]!)];
  const sorted = said
    .map(dated)
    .sort((a, b) => (a.from === b.from ? a.rate.line - b.rate.line : a.from - b.from));
  const chain: DatedRate[] = [];
  for (const next of sorted) {
    const { rate, from } = next;
    const last = chain.at(-1);
    if (last === undefined) {
      chain.push(next);
      continue;
    }
    const place = table.placeOf(rate.line, 'code', rate.prefix);
    const described = describeKey(rate.prefix, rate.terms);
    if (last.from === from) {
      if (words(rate.terms) === words(last.rate.terms)) {
        const message = `Line ${last.rate.line} says the same of prefix ${described}`;
        warnings.add('TOLL_DECK_DUPLICATE', place, message);
      } else {
        const message = `Line ${last.rate.line} says otherwise of prefix ${described} from the same day on`;
        problems.add('TOLL_DECK_CONFLICT', place, message);
      }
      continue;
    }
    if (last.rate.terms.effectiveTo !== null && last.rate.terms.effectiveTo > from) {
      const end = instantText(last.rate.terms.effectiveTo);
      const message = `Line ${last.rate.line} holds for prefix ${described} until ${end}, after this row starts`;
      problems.add('TOLL_DECK_CONFLICT', place, message);
    }
    chain[chain.length - 1] = { ...last, to: Math.min(last.to, from) };
    chain.push(next);
  }
  return chain;
}

/** What two lines must agree on to say the same. */
function words(terms: DeckTerms): string {
  const { status, initialSeconds, stepSeconds, rounding, effectiveTo } = terms;
  const amounts = [terms.rate, terms.initialRate, terms.connectFee, ...terms.byJurisdiction].map(
    (amount) => amount?.scaled ?? null,
  );
  return JSON.stringify([status, ...amounts, initialSeconds, stepSeconds, rounding, effectiveTo]);
}
