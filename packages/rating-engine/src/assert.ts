/** A rule of the engine was broken: a fault in the program or in a catalog that was never checked. */
export class RatingError extends Error {
  override readonly name = 'RatingError';
  readonly code = 'TOLL_RATING_INVARIANT';
  readonly remedy = 'Run `tollstream catalog check`; if the catalog is sound, please report this as a fault.';
}

/** Stays on in production: a wrong price is worse than a stopped partition. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new RatingError(`Rating invariant broken: ${invariant}.`);
}
