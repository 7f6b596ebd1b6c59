/** The price lists of a row: tiers inside a call, and rates of their own in windows. */
import { parseDecimal } from '@tollstream/money';
import { type FieldReader, type Fields } from './fields.ts';
import type { PriceList, PriceLists, RateTier, TimeWindows } from './model.ts';
import type { ProblemList } from './problems.ts';
import { RATE_SCALE } from './scales.ts';

const TIER_SECONDS_MAX = 604_800;

/** Fields of a row that name a window: `rate@night`. */
export function windowColumns(windows: TimeWindows | null): string[] {
  return (windows?.windows ?? []).flatMap(({ id }) => [`rate@${id}`, `initial_rate@${id}`, `tiers@${id}`]);
}

/**
 * @param base what holds outside of windows; null when the row has no rate there
 * @returns null when the row has one list without tiers, which its rate says whole
 */
export function readPriceLists(
  fields: Fields,
  windows: TimeWindows | null,
  base: { readonly initialRatePerMinute: number; readonly ratePerMinute: number } | null,
  reader: FieldReader,
  problems: ProblemList,
): PriceLists | null {
  const tiers = readTiers(fields, 'tiers', base !== null, problems);
  const byWindow = (windows?.windows ?? []).map(({ id }): PriceList | null => {
    const hasRate = fields.text(`rate@${id}`) !== undefined;
    const more = readTiers(fields, `tiers@${id}`, hasRate, problems);
    const rate = reader.decimal(fields, `rate@${id}`, RATE_SCALE, 0);
    const initialRatePerMinute = reader.decimal(fields, `initial_rate@${id}`, RATE_SCALE, rate);
    return hasRate
      ? { initialRatePerMinute, tiers: [{ fromSeconds: 0, ratePerMinute: rate }, ...more] }
      : null;
  });
  if (tiers.length === 0 && byWindow.every((list) => list === null)) return null;
  return {
    base:
      base === null
        ? null
        : {
            initialRatePerMinute: base.initialRatePerMinute,
            tiers: [{ fromSeconds: 0, ratePerMinute: base.ratePerMinute }, ...tiers],
          },
    byWindow,
  };
}

/** `600=0.015; 3600=0.01`: from so many billable seconds on, so much a minute. */
function readTiers(fields: Fields, name: string, hasRate: boolean, problems: ProblemList): RateTier[] {
  const text = fields.text(name);
  if (text === undefined) return [];
  const tiers: RateTier[] = [];
  let fault = hasRate ? null : `There is no ${name.replace('tiers', 'rate')} for the time before the tiers`;
  for (const part of text.split(';')) {
    const [seconds = '', rate = '', ...rest] = part.split('=').map((side) => side.trim());
    const fromSeconds = /^\d{1,6}$/.test(seconds) ? Number(seconds) : 0;
    if (rest.length > 0 || fromSeconds < 1 || fromSeconds > TIER_SECONDS_MAX)
      fault ??= `The ${name} cannot be read`;
    else if (fromSeconds <= (tiers.at(-1)?.fromSeconds ?? 0)) fault ??= `The ${name} do not ascend`;
    const ratePerMinute = rateOf(rate);
    if (ratePerMinute === null) fault ??= `The ${name} have a rate that is no plain decimal`;
    tiers.push({ fromSeconds, ratePerMinute: ratePerMinute ?? 0 });
  }
  if (fault === null) return tiers;
  problems.add('TOLL_CATALOG_TIERS_INVALID', fields.place(name), fault);
  return [];
}

function rateOf(text: string): number | null {
  try {
    const rate = parseDecimal(text, RATE_SCALE);
    return rate < 0 ? null : rate;
  } catch {
    return null;
  }
}
