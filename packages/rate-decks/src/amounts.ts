/** Rates and fees as decks write them, to scaled integers: decimal commas, grouping, currency signs, cents. */
import {
  MoneyError,
  type RoundingMode,
  SCALE_MAX,
  SCALED_MAX,
  formatScaled,
  parseDecimal,
  parseDecimalBig,
  roundDivBig,
} from '@tollstream/money';

export type DecimalMark = 'point' | 'comma';

export interface Amount {
  readonly scaled: number;
  /** As it stands in the tariff's file. */
  readonly text: string;
}

/** Which decimal mark a text can only have, null when it may have either. `1,234` is the case that nothing decides. */
export function provenMark(text: string): DecimalMark | null {
  const body = text.replace(/[^\d.,]/g, '');
  const comma = body.lastIndexOf(',');
  const point = body.lastIndexOf('.');
  if (comma !== -1 && point !== -1) return comma > point ? 'comma' : 'point';
  if (comma === -1 && point === -1) return null;
  const [at, mark, other] =
    comma === -1 ? ([point, 'point', 'comma'] as const) : ([comma, 'comma', 'point'] as const);
  if (body.indexOf(body[at]!) !== at) return other;
  const looksGrouped = body.length - at - 1 === 3 && /^[1-9]\d{0,2}$/.test(body.slice(0, at));
  return looksGrouped ? null : mark;
}

export interface AmountReading {
  readonly mark: DecimalMark;
  /** Digits after the point that are kept. */
  readonly scale: number;
  /** The amounts are hundredths of the currency. */
  readonly cents: boolean;
  readonly rounding: RoundingMode | null;
}

const PLAIN = /^\d+(?:\.\d+)?$/;

/** @returns the amount, or what is wrong with it */
export function readAmount(text: string, reading: AmountReading): Amount | string {
  const plain = PLAIN.test(text) && reading.mark === 'point' ? text : plainDecimal(text, reading.mark);
  if (plain === null) return 'is no decimal';
  const scale = reading.cents ? reading.scale - 2 : reading.scale;
  try {
    const scaled = parse(plain, scale, reading.rounding);
    if (scaled < 0) return 'is negative';
    return { scaled, text: formatScaled(scaled, reading.scale, { trim: true }) };
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    if (error.code === 'TOLL_MONEY_TOO_MANY_DIGITS') {
      return `has more than ${scale} digits after the point; rate_rounding in the mapping file says how to round`;
    }
    return error.code === 'TOLL_MONEY_TOO_LARGE' ? 'is too large to be held exactly' : 'is no decimal';
  }
}

function parse(text: string, scale: number, rounding: RoundingMode | null): number {
  const digits = (/\.(\d*?)0*$/.exec(text)?.[1] ?? '').length;
  if (rounding === null || digits <= scale || digits > SCALE_MAX) return parseDecimal(text, scale);
  const rounded = roundDivBig(parseDecimalBig(text, SCALE_MAX), 10n ** BigInt(SCALE_MAX - scale), rounding);
  if (rounded > BigInt(SCALED_MAX)) return parseDecimal(text, scale);
  return Number(rounded);
}

/** Without grouping, and with a point. */
function plainDecimal(text: string, mark: DecimalMark): string | null {
  const body = text.replace(/[\s\u00a0\u202f']/g, '');
  const [point, group] = mark === 'point' ? ['.', ','] : [',', '.'];
  const cut = body.indexOf(point);
  const whole = cut === -1 ? body : body.slice(0, cut);
  const fraction = cut === -1 ? '' : body.slice(cut + 1);
  if (!/^[+-]?\d*$/.test(whole) && !new RegExp(`^[+-]?\\d{1,3}(?:\\${group}\\d{3})+$`).test(whole))
    return null;
  if (!/^\d*$/.test(fraction) || !/\d/.test(body)) return null;
  const digits = whole.replaceAll(group, '');
  return `${/\d/.test(digits) ? digits : `${digits}0`}${fraction === '' ? '' : `.${fraction}`}`;
}

export interface MoneyText {
  readonly amount: string;
  /** ISO code or sign that stands beside the amount; '' when none. */
  readonly unit: string;
}

/** '$ 0.0125' and '0,0125 EUR' apart. */
export function splitUnit(text: string): MoneyText {
  const match = /^([^\d.,+-]*)([+-]?[\d.,][\d.,\s\u00a0\u202f']*)([^\d]*)$/.exec(text);
  if (match === null) return { amount: text, unit: '' };
  const before = match[1]!.trim();
  const after = match[3]!.trim();
  if (before !== '' && after !== '') return { amount: text, unit: '' };
  return { amount: match[2]!.trim(), unit: before + after };
}
