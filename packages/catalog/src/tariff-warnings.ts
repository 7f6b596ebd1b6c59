/** What is legal in a tariff and probably wrong. */
import { formatScaled } from '@tollstream/money';
import type { PrefixIndex, Rate } from './model.ts';
import { describeOrigin } from './origins.ts';
import type { Place, ProblemList } from './problems.ts';
import { RATE_SCALE } from './scales.ts';

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
/** Fewer are no neighbourhood. */
const NEIGHBOURS_MIN = 2;
const FACTOR = 10;

interface TariffRows {
  readonly rates: readonly Rate[];
  /** Those of them that are for all callers. */
  readonly forAll: readonly Rate[];
  /** The same by prefix. */
  readonly byPrefix: ReadonlyMap<string, readonly Rate[]>;
  readonly index: PrefixIndex;
}

/** @param placeOf place of a field of the row with this index */
export function warnOfRates(
  { rates, forAll, byPrefix, index }: TariffRows,
  placeOf: (index: number, field: string) => Place,
  warnings: ProblemList,
): void {
  const longer = prefixesWithLongerOnes(byPrefix);
  const siblings = Map.groupBy(forAll, ({ prefix }) => prefix.slice(0, -1));
  for (const rate of forAll) {
    const isShadowed =
      longer.has(rate.prefix) &&
      DIGITS.every((digit) => isCovered(rate.prefix + digit, rate, byPrefix, longer));
    if (isShadowed) {
      const message = `Prefix ${rate.prefix} never decides: all ten prefixes that go on from it have rates`;
      warnings.add('TOLL_CATALOG_PREFIX_SHADOWED', placeOf(rate.index, 'prefix'), message);
    }
    const fault = cheaperUntil(rate, rates, index);
    if (fault !== null) {
      warnings.add('TOLL_CATALOG_RATE_CHEAPER_BEFORE', placeOf(rate.index, 'effective_from'), fault);
    }
    const outlier = unlikeOthers(rate, siblings.get(rate.prefix.slice(0, -1))!);
    if (outlier !== null) {
      warnings.add('TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS', placeOf(rate.index, 'rate'), outlier);
    }
  }
}

/** A prefix that only some callers have a rate for: calls of all others are suspended. Said once, with how many there are. */
export function warnOfOtherCallers(
  forSome: readonly Rate[],
  index: PrefixIndex,
  placeOf: (index: number, field: string) => Place,
  warnings: ProblemList,
): void {
  const alone = forSome.filter(
    ({ prefix, effectiveFrom, effectiveTo }) =>
      index.find(Number(prefix), Number.isFinite(effectiveFrom) ? effectiveFrom : effectiveTo - 1) < 0,
  );
  const [first] = alone;
  if (first === undefined) return;
  const prefixes = new Set(alone.map(({ prefix }) => prefix)).size;
  const others = prefixes === 1 ? '' : ` (and to ${prefixes - 1} more)`;
  const message = `Calls to prefix ${first.prefix}${others} have no rate when others call than ${describeOrigin(first.special!.origin!)}`;
  warnings.add('TOLL_CATALOG_ORIGIN_GAP', placeOf(first.index, 'origin'), message);
}

/** All beginnings of prefixes, the prefixes themselves not counted. */
function prefixesWithLongerOnes(byPrefix: ReadonlyMap<string, unknown>): Set<string> {
  const beginnings = new Set<string>();
  for (const prefix of byPrefix.keys()) {
    for (let length = prefix.length - 1; length > 0; length--) {
      const beginning = prefix.slice(0, length);
      if (beginnings.has(beginning)) break;
      beginnings.add(beginning);
    }
  }
  return beginnings;
}

/** Whether the prefix, or the ten that go on from it, have rates as long as the row is in force. */
function isCovered(
  prefix: string,
  row: Pick<Rate, 'effectiveFrom' | 'effectiveTo'>,
  byPrefix: ReadonlyMap<string, readonly Rate[]>,
  longer: ReadonlySet<string>,
): boolean {
  const own = byPrefix.get(prefix) ?? [];
  let coveredTo = row.effectiveFrom;
  for (const { effectiveFrom, effectiveTo } of own.toSorted((a, b) => a.effectiveFrom - b.effectiveFrom)) {
    if (effectiveFrom > coveredTo) break;
    coveredTo = Math.max(coveredTo, effectiveTo);
  }
  if (own.length > 0 && coveredTo >= row.effectiveTo) return true;
  return longer.has(prefix) && DIGITS.every((digit) => isCovered(prefix + digit, row, byPrefix, longer));
}

/** A code that starts later: until then its calls are priced by a shorter one, which should not be cheaper. */
function cheaperUntil(rate: Rate, rates: readonly Rate[], index: PrefixIndex): string | null {
  if (rate.effectiveFrom === -Infinity || rate.blocked) return null;
  const before = rates[index.find(Number(rate.prefix), rate.effectiveFrom - 1)];
  if (before === undefined || before.prefix === rate.prefix || before.blocked) return null;
  if (before.ratePerMinute >= rate.ratePerMinute) return null;
  const until = new Date(rate.effectiveFrom).toISOString();
  return `Until ${until} calls to ${rate.prefix} cost the ${perMinute(before)} of prefix ${before.prefix}, not ${perMinute(rate)}`;
}

/** Prefixes that differ in their last digit alone usually cost much the same: a shifted decimal point does not. */
function unlikeOthers(rate: Rate, siblings: readonly Rate[]): string | null {
  if (rate.prefix.length <= countryDigits(rate.prefix) || rate.blocked || rate.ratePerMinute === 0)
    return null;
  const others = siblings.filter(
    ({ prefix, blocked, country }) => prefix !== rate.prefix && !blocked && country === rate.country,
  );
  if (new Set(others.map(({ prefix }) => prefix)).size < NEIGHBOURS_MIN) return null;
  let lowest = Infinity;
  let highest = 0;
  for (const { ratePerMinute } of others) {
    lowest = Math.min(lowest, ratePerMinute);
    highest = Math.max(highest, ratePerMinute);
  }
  if (highest > 0 && rate.ratePerMinute >= highest * FACTOR) {
    return `The rate of ${rate.prefix} is at least ${FACTOR} times those of the prefixes beside it`;
  }
  if (rate.ratePerMinute * FACTOR <= lowest) {
    return `The rate of ${rate.prefix} is at most a tenth of those of the prefixes beside it`;
  }
  return null;
}

/** Countries differ: a country code has up to three digits, and those that share +1 are told apart by the three after it. */
function countryDigits(prefix: string): number {
  return prefix.startsWith('1') ? 4 : 3;
}

function perMinute({ ratePerMinute }: Rate): string {
  return `${formatScaled(ratePerMinute, RATE_SCALE, { trim: true })}/min`;
}
