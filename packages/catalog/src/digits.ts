/** E.164 numbers have at most 15 digits. */
export const PREFIX_DIGITS_MAX = 15;

export const POWERS_OF_TEN = Float64Array.from(
  { length: PREFIX_DIGITS_MAX + 1 },
  (_, exponent) => 10 ** exponent,
);

/** @param number an exact integer from 1 to below 10^15 */
export function digitCount(number: number): number {
  // Most called numbers have 10 to 13 digits.
  let count = number >= 1e10 ? 11 : 1;
  while (number >= POWERS_OF_TEN[count]!) count++;
  return count;
}
