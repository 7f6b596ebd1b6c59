/**
 * Rows by destination and caller: one prefix index for the rows of each origin, and one for those of all callers. A caller has few
 * origins (beginnings of its number, its country, a class), so that few indexes are asked, and the best answer wins.
 *
 * Best is the longest prefix of the destination; among equal ones the closest origin: the longest beginning of the caller's number,
 * where a country stands between its calling code and anything longer; then a row for the class of the caller's number.
 */
import { callingCodeOf, classify } from '@tollstream/numbering';
import type { Destination, NumberClass } from '@tollstream/numbering';
import type { OriginIndex, PrefixIndex, RateOrigin } from './model.ts';
import { UNKNOWN_ORIGIN } from './origins.ts';
import { buildPrefixIndex } from './prefix-index.ts';
import { type RateList, digitsOfRow } from './rate-list.ts';

/** Rows of one origin, and how close a caller is to it who is a member. */
interface OriginRows {
  readonly rows: PrefixIndex;
  readonly closeness: number;
  readonly numberClass: NumberClass | '';
}

/** Ranks are `digits of the prefix × PREFIX_RANK + closeness`; closeness is `digits × DIGIT_RANK`, + 1 for a class. */
const DIGIT_RANK = 4;
const COUNTRY_RANK = 2;
const CLASS_RANK = 1;
const PREFIX_RANK = 128;

/** Rows of one origin. */
export interface OriginPart {
  readonly origin: RateOrigin;
  readonly index: PrefixIndex;
}

/**
 * @param forSome rows for some callers alone, by the text of their prefixes
 * @param plain   index over the rows for all callers
 * @returns null when every row is for all callers
 */
export function buildOriginIndex(
  rates: RateList,
  forSome: Uint32Array,
  plain: PrefixIndex,
): OriginIndex | null {
  const byOrigin = Map.groupBy(forSome, (row) => rates.originAt(row)!);
  if (byOrigin.size === 0) return null;
  const parts = Array.from(byOrigin, ([origin, rows]) => ({
    origin,
    index: buildPrefixIndex(rates, Uint32Array.from(rows)),
  }));
  return new Origins(rates, parts, plain);
}

export class Origins implements OriginIndex {
  readonly parts: readonly OriginPart[];
  readonly #plain: PrefixIndex;
  readonly #anyNumber: OriginRows[] = [];
  readonly #unknown: OriginRows[] = [];
  readonly #byCountry = new Map<string, OriginRows[]>();
  /** By the digits as a number; their count is in `#digitCounts`, ascending. */
  readonly #byPrefix = new Map<number, OriginRows[]>();
  readonly #digitCounts: readonly number[];
  readonly #usesClasses: boolean;
  readonly #rows: Uint32Array;
  readonly #caller: Destination = { country: '', numberClass: 'unknown' };

  constructor(rates: RateList, parts: readonly OriginPart[], plain: PrefixIndex) {
    this.parts = parts;
    this.#plain = plain;
    this.#rows = rates.columns.rows;
    const digitCounts = new Set<number>();
    let usesClasses = false;
    for (const { origin, index } of parts) {
      const { members, numberClass } = origin;
      usesClasses ||= numberClass !== '';
      const add = (to: OriginRows[], closeness: number): void => {
        to.push({
          rows: index,
          closeness: closeness + (numberClass === '' ? 0 : CLASS_RANK),
          numberClass,
        });
      };
      if (members.length === 0) add(this.#anyNumber, 0);
      for (const member of members) {
        if (member === UNKNOWN_ORIGIN) add(this.#unknown, COUNTRY_RANK);
        else if (/^\d/.test(member)) {
          digitCounts.add(member.length);
          add(listOf(this.#byPrefix, Number(member)), member.length * DIGIT_RANK);
        } else {
          const digits = String(callingCodeOf(member)).length;
          add(listOf(this.#byCountry, member), digits * DIGIT_RANK + COUNTRY_RANK);
        }
      }
    }
    this.#usesClasses = usesClasses;
    this.#digitCounts = [...digitCounts].sort((a, b) => a - b);
  }

  find(number: number, origin: number, atMs: number): number {
    let best = this.#plain.find(number, atMs);
    let bestRank = best < 0 ? -1 : digitsOfRow(this.#rows, best) * PREFIX_RANK;
    const consider = (candidates: readonly OriginRows[] | undefined): void => {
      if (candidates === undefined) return;
      for (const { rows, closeness, numberClass } of candidates) {
        if (numberClass !== '' && numberClass !== this.#caller.numberClass) continue;
        const row = rows.find(number, atMs);
        if (row < 0) continue;
        const rank = digitsOfRow(this.#rows, row) * PREFIX_RANK + closeness;
        // A group and a prefix may be equally close: the check refuses rows that would be so for one prefix.
        if (rank <= bestRank) continue;
        best = row;
        bestRank = rank;
      }
    };
    if (origin <= 0) {
      this.#caller.numberClass = 'unknown';
      consider(this.#unknown);
      return best;
    }
    if (this.#byCountry.size > 0 || this.#usesClasses) classify(origin, this.#caller);
    consider(this.#anyNumber);
    if (this.#byCountry.size > 0) consider(this.#byCountry.get(this.#caller.country));
    const digits = String(origin).length;
    for (const count of this.#digitCounts) {
      if (count > digits) break;
      consider(this.#byPrefix.get(Math.floor(origin / 10 ** (digits - count))));
    }
    return best;
  }
}

function listOf<Key>(lists: Map<Key, OriginRows[]>, key: Key): OriginRows[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}
