/** What a deck says of one prefix, in the order of time. */
import { instantText } from './dates.ts';
import { type DeckRate, describeKey, rateKey } from './deck-rate.ts';
import type { DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import type { RowDefaults } from './tariff-rows.ts';

/** A deck's rate with the instants between which it holds: half-open, ms since epoch, infinite when nothing is said. */
export interface DatedRate {
  readonly rate: DeckRate;
  readonly from: number;
  readonly to: number;
}

/** What a deck says, by `rateKey`, in the order in which its codes come first. */
export class DeckCodes implements Iterable<readonly [key: string, said: DeckRate | readonly DeckRate[]]> {
  /** How many codes there are. */
  readonly size: number;
  readonly #rates: readonly DeckRate[];
  /** Null where each line is a code of its own: until somebody asks for one by its key. */
  #byKey: Map<string, DeckRate | DeckRate[]> | null;

  constructor(rates: readonly DeckRate[]) {
    this.#rates = rates;
    this.#byKey = risesAlways(rates) ? null : byKey(rates);
    this.size = this.#byKey === null ? rates.length : this.#byKey.size;
  }

  *[Symbol.iterator](): Generator<readonly [key: string, said: DeckRate | readonly DeckRate[]]> {
    if (this.#byKey !== null) yield* this.#byKey;
    else for (const rate of this.#rates) yield [rate.prefix, rate];
  }

  has(key: string): boolean {
    this.#byKey ??= byKey(this.#rates);
    return this.#byKey.has(key);
  }
}

/** Most codes have one line; only the others pay for a list. */
function byKey(rates: readonly DeckRate[]): Map<string, DeckRate | DeckRate[]> {
  const found = new Map<string, DeckRate | DeckRate[]>();
  for (const rate of rates) {
    const key = rateKey(rate.prefix, rate.origin, rate.originClass);
    const same = found.get(key);
    if (same === undefined) found.set(key, rate);
    else if (Array.isArray(same)) same.push(rate);
    else found.set(key, [same, rate]);
  }
  return found;
}

/** Whether the prefixes come sorted as text, none twice, all for all callers, as in most decks: then nothing needs to be looked up. */
function risesAlways(rates: readonly DeckRate[]): boolean {
  let before = '';
  for (const { prefix, origin, originClass } of rates) {
    if (prefix <= before || origin !== '' || originClass !== '') return false;
    before = prefix;
  }
  return true;
}

/** Each rate ends where the next starts. Lines that say the same are warned of, lines that contradict each other are problems. */
export function datedRates(
  said: DeckRate | readonly DeckRate[],
  defaults: RowDefaults,
  table: DeckTable,
  problems: DeckProblemList,
  warnings: DeckProblemList,
): DatedRate[] {
  function dated(rate: DeckRate): DatedRate {
    return {
      rate,
      from: rate.effectiveFrom ?? defaults.effectiveFrom,
      to: rate.effectiveTo ?? defaults.effectiveTo,
    };
  }
  if ('prefix' in said) return [dated(said)];
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
    if (last.from === from) {
      if (words(rate) === words(last.rate)) {
        const message = `Line ${last.rate.line} says the same of prefix ${describeKey(rate)}`;
        warnings.add('TOLL_DECK_DUPLICATE', place, message);
      } else {
        const message = `Line ${last.rate.line} says otherwise of prefix ${describeKey(rate)} from the same day on`;
        problems.add('TOLL_DECK_CONFLICT', place, message);
      }
      continue;
    }
    if (last.rate.effectiveTo !== null && last.rate.effectiveTo > from) {
      const end = instantText(last.rate.effectiveTo);
      const message = `Line ${last.rate.line} holds for prefix ${describeKey(rate)} until ${end}, after this row starts`;
      problems.add('TOLL_DECK_CONFLICT', place, message);
    }
    chain[chain.length - 1] = { ...last, to: Math.min(last.to, from) };
    chain.push(next);
  }
  return chain;
}

/** What two lines must agree on to say the same. */
function words(rate: DeckRate): string {
  const { status, initialSeconds, stepSeconds, rounding, effectiveTo } = rate;
  const amounts = [rate.rate, rate.initialRate, rate.connectFee, ...rate.byJurisdiction].map(
    (amount) => amount?.scaled ?? null,
  );
  return JSON.stringify([status, ...amounts, initialSeconds, stepSeconds, rounding, effectiveTo]);
}
