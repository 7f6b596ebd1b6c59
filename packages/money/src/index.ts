export { MoneyError } from './errors.ts';
export type { MoneyErrorCode } from './errors.ts';
export {
  SCALED_MAX,
  SCALE_MAX,
  assertScaled,
  formatScaled,
  parseDecimal,
  parseDecimalBig,
} from './decimal.ts';
export type { FormatOptions } from './decimal.ts';
export { floorDiv } from './floor-div.ts';
export { ROUNDING_MODES, mulDiv, roundDiv, roundDivBig } from './rounding.ts';
export type { RoundingMode } from './rounding.ts';
export { CURRENCIES, currencyOf, roundToMinor, roundToMinorBig } from './currency.ts';
export type { Currency } from './currency.ts';
