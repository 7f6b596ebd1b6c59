/**
 * Whole part of a quotient, exact: the remainder operator is, too, but no processor has it for doubles, and it costs more than the rest of
 * a price.
 * @param numerator   integer from 0 to below 2^53
 * @param denominator integer from 1 to below 2^53
 */
export function floorDiv(numerator: number, denominator: number): number {
  const quotient = Math.floor(numerator / denominator);
  // The division rounds to a neighbour that may be the next integer, never beyond it: integers below 2^53 are neighbours themselves.
  // Then the product is greater than the numerator, also where it is beyond 2^53 and rounded.
  return quotient * denominator > numerator ? quotient - 1 : quotient;
}
