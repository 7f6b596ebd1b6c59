import type { Amount } from './amounts.ts';
import type { StatusWord } from './status.ts';

/** What a line of a deck says of one prefix. Null: the deck does not say, and what the tariff has stays. */
export interface DeckRate {
  readonly line: number;
  readonly prefix: string;
  readonly description: string | null;
  readonly status: StatusWord | null;
  /** Null for blocked and discontinued codes that have none. Scaled by 10^8, per minute. */
  readonly rate: Amount | null;
  readonly initialRate: Amount | null;
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

/** Digits after the point of a rate and of a fee, as the catalog keeps them. */
export const RATE_SCALE = 8;
export const CHARGE_SCALE = 6;
