/**
 * The digits of a number, taken out of it with a few divisions by constants: eight in a word, a hexadecimal digit for each, so that one
 * comes out with a shift. A number of up to 15 digits is aligned to 15 first: `number * POWERS_OF_TEN[15 - digitCount(number)]`.
 */

/** E.164 numbers have at most 15 digits. */
export const E164_DIGITS_MAX = 15;

export const POWERS_OF_TEN = Float64Array.from(
  { length: E164_DIGITS_MAX + 1 },
  (_, exponent) => 10 ** exponent,
);

/** @param number an exact integer from 1 to below 10^15 */
export function digitCount(number: number): number {
  // Most called numbers have 10 to 13 digits.
  let count = number >= 1e10 ? 11 : 1;
  while (number >= POWERS_OF_TEN[count]!) count++;
  return count;
}

const THREE_PACKED = Uint16Array.from({ length: 1000 }, (_, digits) => Number.parseInt(String(digits), 16));

/** @param eight an integer below 10^8 */
export function packDigits(eight: number): number {
  const left = (eight / 1_000_000) | 0;
  const rest = (eight - left * 1_000_000) | 0;
  const middle = (rest / 1000) | 0;
  return (THREE_PACKED[left]! << 24) | (THREE_PACKED[middle]! << 12) | THREE_PACKED[rest - middle * 1000]!;
}

/** @param position of a digit among eight, or, taken modulo 8, among all */
export function packedDigit(packed: number, position: number): number {
  return (packed >>> ((7 - (position & 7)) << 2)) & 15;
}
