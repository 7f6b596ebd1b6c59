import type { Amount } from './amounts.ts';
import type { StatusWord } from './status.ts';

/** What a line of a deck says of one prefix. */
export class DeckRate {
  readonly line: number;
  readonly prefix: string;
  readonly terms: DeckTerms;

  constructor(line: number, prefix: string, terms: DeckTerms) {
    this.line = line;
    this.prefix = prefix;
    this.terms = terms;
  }

  get key(): string {
    return rateKey(this.prefix, this.terms.origin, this.terms.originClass);
  }
}

/** One object for all lines that say the same below each other. Null: the deck does not say, and what the tariff has stays. */
export interface DeckTerms {
  readonly description: string | null;
  readonly status: StatusWord | null;
  /** Null for blocked and discontinued codes that have none. Scaled by 10^8, per minute. */
  readonly rate: Amount | null;
  readonly initialRate: Amount | null;
  /** By jurisdiction, in the order of `JURISDICTION_FIELDS`; null where the deck has none, and `rate` holds. */
  readonly byJurisdiction: readonly (Amount | null)[];
  /** Callers that the rate is for alone: as the catalog's columns have it, '' = all. */
  readonly origin: string;
  readonly originClass: string;
  /** Scaled by 10^6. */
  readonly connectFee: Amount | null;
  readonly initialSeconds: number | null;
  readonly stepSeconds: number | null;
  readonly rounding: 'up' | 'nearest' | null;
  readonly country: string | null;
  /** Half-open, ms since epoch; null when the deck has no dates at all. */
  readonly effectiveFrom: number | null;
  readonly effectiveTo: number | null;
}

/** What a tariff has one rate for at a time: a prefix, for all callers or for some. */
export function rateKey(prefix: string, origin: string, originClass: string): string {
  return origin === '' && originClass === '' ? prefix : `${prefix} ${origin} ${originClass}`;
}

/** The same for people. */
export function describeKey(
  prefix: string,
  { origin, originClass }: Pick<DeckTerms, 'origin' | 'originClass'>,
): string {
  const callers = [origin, originClass].filter((part) => part !== '').join(' ');
  return callers === '' ? prefix : `${prefix} from ${callers}`;
}

/** Digits after the point of a rate and of a fee, as the catalog keeps them. */
export const RATE_SCALE = 8;
export const CHARGE_SCALE = 6;
