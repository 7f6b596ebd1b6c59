/** What is legal in a tariff and probably wrong. */
import { formatScaled } from '@tollstream/money';
import { E164_DIGITS_MAX, POWERS_OF_TEN } from '@tollstream/numbering';
import type { PrefixIndex } from './model.ts';
import { describeOrigin } from './origins.ts';
import type { CatalogProblemCode, Place, ProblemList } from './problems.ts';
import { type RateList, digitsOfRow } from './rate-list.ts';
import { alignedPrefixes, orderByNumber } from './rate-order.ts';
import { RATE_SCALE } from './scales.ts';

/** Fewer are no neighbourhood. */
const NEIGHBOURS_MIN = 2;
const FACTOR = 10;

interface TariffRows {
  readonly rates: RateList;
  /** Those that are looked at, by the text of their prefixes. */
  readonly order: Uint32Array;
  /** Over the rows for all callers. */
  readonly index: PrefixIndex;
}

interface Warn {
  add(code: CatalogProblemCode, row: number, field: string, message: string): void;
  /** Whether looking for more is in vain. */
  isFull(): boolean;
}

/**
 * @param rows    those for all callers
 * @param placeOf place of a field of the row with this index
 */
export function warnOfRates(
  rows: TariffRows,
  placeOf: (index: number, field: string) => Place,
  warnings: ProblemList,
): void {
  const warn: Warn = {
    add: (code, row, field, message) => warnings.add(code, placeOf(row, field), message),
    isFull: () => warnings.isFull,
  };
  warnOfShadowed(rows, warn);
  warnOfCheaperBefore(rows, warn);
  warnOfOutliers(rows, warn);
}

/**
 * A prefix that only some callers have a rate for: calls of all others are suspended. Said once, with how many there are.
 * @param rows those for some callers alone
 */
export function warnOfOtherCallers(
  { rates, order, index }: TariffRows,
  placeOf: (index: number, field: string) => Place,
  warnings: ProblemList,
): void {
  const alone = order.toSorted().filter((row) => {
    const from = rates.effectiveFromAt(row);
    return index.find(rates.prefixAt(row), Number.isFinite(from) ? from : rates.effectiveToAt(row) - 1) < 0;
  });
  const [first] = alone;
  if (first === undefined) return;
  const prefixes = new Set(Array.from(alone, (row) => rates.prefixAt(row))).size;
  const others = prefixes === 1 ? '' : ` (and to ${prefixes - 1} more)`;
  const message = `Calls to prefix ${rates.prefixAt(first)}${others} have no rate when others call than ${describeOrigin(rates.originAt(first)!)}`;
  warnings.add('TOLL_CATALOG_ORIGIN_GAP', placeOf(first, 'origin'), message);
}

/** Prefixes that never decide, since all ten that go on from them do. */
function warnOfShadowed({ rates, order }: TariffRows, warn: Warn): void {
  const keys = alignedPrefixes(rates);
  for (let at = 0; at < order.length && !warn.isFull(); at++) {
    const row = order[at]!;
    const digits = digitsOfRow(rates.columns.rows, row);
    if (digits === E164_DIGITS_MAX) continue;
    const base = keys[row]!;
    let first = at + 1;
    while (first < order.length && rates.prefixAt(order[first]!) === rates.prefixAt(row)) first++;
    // Most have no prefix that goes on with a 0, and then it is not worth looking for the others.
    if (first === order.length || keys[order[first]!]! >= base + unitAfter(digits)) continue;
    const end = firstFrom(base + unitAfter(digits - 1), first, order.length);
    if (
      !areAllCovered(first, end, {
        base,
        digits,
        from: rates.effectiveFromAt(row),
        to: rates.effectiveToAt(row),
      })
    )
      continue;
    const message = `Prefix ${rates.prefixAt(row)} never decides: all ten prefixes that go on from it have rates`;
    warn.add('TOLL_CATALOG_PREFIX_SHADOWED', row, 'prefix', message);
  }

  interface Stretch {
    /** Filled up with zeros. */
    readonly base: number;
    readonly digits: number;
    readonly from: number;
    readonly to: number;
  }

  /** Whether the ten prefixes that go on from one have rates all the time. They and what goes on from them stand from `first` to before `end`. */
  function areAllCovered(first: number, end: number, { base, digits, from, to }: Stretch): boolean {
    const unit = unitAfter(digits);
    let at = first;
    for (let digit = 0; digit < 10; digit++) {
      const below = firstFrom(base + (digit + 1) * unit, at, end);
      if (below === at) return false;
      if (!isCovered(at, below, { base: base + digit * unit, digits: digits + 1, from, to })) return false;
      at = below;
    }
    return true;
  }

  /** Whether the prefix, or the ten that go on from it, have rates all the time. */
  function isCovered(first: number, end: number, stretch: Stretch): boolean {
    let at = first;
    let coveredTo = stretch.from;
    for (; at < end && isAt(order[at]!, stretch); at++) {
      if (rates.effectiveFromAt(order[at]!) <= coveredTo)
        coveredTo = Math.max(coveredTo, rates.effectiveToAt(order[at]!));
    }
    if (at > first && coveredTo >= stretch.to) return true;
    return at < end && stretch.digits < E164_DIGITS_MAX && areAllCovered(at, end, stretch);
  }

  function isAt(row: number, { base, digits }: Stretch): boolean {
    return keys[row] === base && digitsOfRow(rates.columns.rows, row) === digits;
  }

  /** First place from `low` on, before `high`, whose key is at least `key`; `high` when there is none. */
  function firstFrom(key: number, low: number, high: number): number {
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[order[middle]!]! >= key) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** What one more digit after so many counts in a number filled up with zeros. */
function unitAfter(digits: number): number {
  return POWERS_OF_TEN[E164_DIGITS_MAX - 1 - digits]!;
}

/** A code that starts later: until then its calls are priced by a shorter one, which should not be cheaper. */
function warnOfCheaperBefore({ rates, order, index }: TariffRows, warn: Warn): void {
  for (const row of order) {
    if (warn.isFull()) return;
    const start = rates.effectiveFromAt(row);
    if (start === -Infinity || rates.isBlockedAt(row)) continue;
    const prefix = rates.prefixAt(row);
    const before = index.find(prefix, start - 1);
    if (before < 0 || rates.prefixAt(before) === prefix || rates.isBlockedAt(before)) continue;
    const rate = rates.ratePerMinuteAt(row);
    const rateBefore = rates.ratePerMinuteAt(before);
    if (rateBefore >= rate) continue;
    const until = new Date(start).toISOString();
    const message = `Until ${until} calls to ${prefix} cost the ${perMinute(rateBefore)} of prefix ${rates.prefixAt(before)}, not ${perMinute(rate)}`;
    warn.add('TOLL_CATALOG_RATE_CHEAPER_BEFORE', row, 'effective_from', message);
  }
}

/** Prefixes that differ in their last digit alone usually cost much the same: a shifted decimal point does not. */
function warnOfOutliers({ rates, order: rows }: TariffRows, warn: Warn): void {
  const order = orderByNumber(rates, rows);
  for (let first = 0; first < order.length;) {
    const parent = Math.floor(rates.prefixAt(order[first]!) / 10);
    let end = first + 1;
    while (end < order.length && Math.floor(rates.prefixAt(order[end]!) / 10) === parent) end++;
    if (end - first > NEIGHBOURS_MIN && areFarApart(rates, order, first, end)) {
      const siblings = order.subarray(first, end);
      for (let at = first; at < end; at++) {
        const fault = unlikeOthers(rates, siblings, order[at]!);
        if (fault !== null) warn.add('TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS', order[at]!, 'rate', fault);
      }
    }
    first = end;
  }
}

/** Whether the dearest is so far from the cheapest that one of them may be unlike the others. */
function areFarApart(rates: RateList, order: Uint32Array, first: number, end: number): boolean {
  let lowest = Infinity;
  let highest = 0;
  for (let at = first; at < end; at++) {
    const rate = rates.ratePerMinuteAt(order[at]!);
    if (rate < lowest) lowest = rate;
    if (rate > highest) highest = rate;
  }
  return highest >= lowest * FACTOR;
}

/** @param siblings rows of the same beginning, the row among them, those of one prefix beside each other */
function unlikeOthers(rates: RateList, siblings: Uint32Array, row: number): string | null {
  const prefix = rates.prefixAt(row);
  const rate = rates.ratePerMinuteAt(row);
  const digits = digitsOfRow(rates.columns.rows, row);
  if (rate === 0 || digits <= countryDigits(prefix, digits) || rates.isBlockedAt(row)) return null;
  const country = rates.countryIdAt(row);
  let lowest = Infinity;
  let highest = 0;
  let neighbours = 0;
  let last = 0;
  for (const other of siblings) {
    const otherPrefix = rates.prefixAt(other);
    if (otherPrefix === prefix || rates.countryIdAt(other) !== country || rates.isBlockedAt(other)) continue;
    if (otherPrefix !== last) neighbours++;
    last = otherPrefix;
    const otherRate = rates.ratePerMinuteAt(other);
    if (otherRate < lowest) lowest = otherRate;
    if (otherRate > highest) highest = otherRate;
  }
  if (neighbours < NEIGHBOURS_MIN) return null;
  if (highest > 0 && rate >= highest * FACTOR) {
    return `The rate of ${prefix} is at least ${FACTOR} times those of the prefixes beside it`;
  }
  if (rate * FACTOR <= lowest) {
    return `The rate of ${prefix} is at most a tenth of those of the prefixes beside it`;
  }
  return null;
}

/** Countries differ: a country code has up to three digits, and those that share +1 are told apart by the three after it. */
function countryDigits(prefix: number, digits: number): number {
  return Math.floor(prefix / POWERS_OF_TEN[digits - 1]!) === 1 ? 4 : 3;
}

function perMinute(ratePerMinute: number): string {
  return `${formatScaled(ratePerMinute, RATE_SCALE, { trim: true })}/min`;
}
