/**
 * Whole part of a quotient, exact: the remainder operator is, too, but no processor has it for doubles, and it costs more than the rest of
 * a price.
 * @param numerator   integer from 0 to below 2^53
 * @param denominator integer from 1 to below 2^53
 */
export function floorDiv(numerator: number, denominator: number): number {
  // The division never rounds up to the next integer: a quotient q that is none is at least 1 / denominator below it, and doubles around q
  // are at most q × 2^-52 apart; half of that is numerator / 2^53 / denominator, which is less than 1 / denominator.
  return Math.floor(numerator / denominator);
}
