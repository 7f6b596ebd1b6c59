/** Exact division with a named rounding. All modes are symmetric in the sign: round(-x) = -round(x). */
import { assertScaled } from './decimal.ts';
import { MoneyError } from './errors.ts';
import { floorDiv } from './floor-div.ts';

export const ROUNDING_MODES = ['half_up', 'up', 'down', 'half_even'] as const;

/**
 * `up` away from zero, `down` toward zero, `half_up` to the nearest with ties away from zero,
 * `half_even` to the nearest with ties to the even neighbour.
 */
export type RoundingMode = (typeof ROUNDING_MODES)[number];

/**
 * numerator / denominator, rounded once.
 * @param numerator   exact integer below 2^53 in magnitude
 * @param denominator exact integer, 1 or more
 * @throws MoneyError TOLL_MONEY_TOO_LARGE | TOLL_MONEY_DIVISOR_INVALID
 */
export function roundDiv(numerator: number, denominator: number, mode: RoundingMode): number {
  assertScaled(numerator);
  assertDivisor(denominator);
  const magnitude = Math.abs(numerator);
  const quotient = floorDiv(magnitude, denominator);
  const remainder = magnitude - quotient * denominator;
  const rounded =
    remainder !== 0 && roundsAway(quotient % 2 === 1, remainder, denominator - remainder, mode)
      ? quotient + 1
      : quotient;
  return numerator < 0 && rounded !== 0 ? -rounded : rounded;
}

/** As `roundDiv`, for integers of any size. */
export function roundDivBig(numerator: bigint, denominator: bigint, mode: RoundingMode): bigint {
  if (denominator <= 0n) throw divisorError(String(denominator));
  const magnitude = numerator < 0n ? -numerator : numerator;
  const remainder = magnitude % denominator;
  const quotient = magnitude / denominator;
  const rounded =
    remainder !== 0n && roundsAway((quotient & 1n) === 1n, remainder, denominator - remainder, mode)
      ? quotient + 1n
      : quotient;
  return numerator < 0n ? -rounded : rounded;
}

/**
 * a × b / denominator, rounded once: the price of `a` units at rate `b`. A product at or beyond 2^53 is computed in bigint, and only a
 * result beyond it is refused.
 * @throws MoneyError TOLL_MONEY_TOO_LARGE | TOLL_MONEY_DIVISOR_INVALID
 */
export function mulDiv(a: number, b: number, denominator: number, mode: RoundingMode): number {
  assertScaled(a);
  assertScaled(b);
  // A product beyond 2^53 may be rounded, but never to less than 2^53.
  const product = a * b;
  if (Number.isSafeInteger(product)) return roundDiv(product, denominator, mode);
  assertDivisor(denominator);
  const result = Number(roundDivBig(BigInt(a) * BigInt(b), BigInt(denominator), mode));
  assertScaled(result);
  return result;
}

/** Whether a magnitude between two integers goes to the greater one. */
function roundsAway<T extends number | bigint>(
  odd: boolean,
  below: T,
  above: T,
  mode: RoundingMode,
): boolean {
  switch (mode) {
    case 'up':
      return true;
    case 'down':
      return false;
    case 'half_up':
      return below >= above;
    case 'half_even':
      return below > above || (below === above && odd);
  }
}

function assertDivisor(denominator: number): void {
  if (!Number.isSafeInteger(denominator) || denominator <= 0) throw divisorError(String(denominator));
}

function divisorError(denominator: string): MoneyError {
  return new MoneyError(
    'TOLL_MONEY_DIVISOR_INVALID',
    `Cannot divide by ${denominator}.`,
    'Divide by an exact integer of at least 1.',
  );
}
