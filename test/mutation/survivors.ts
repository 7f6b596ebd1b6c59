/** Why a mutant that no test kills is no gap. Everything else that survives is listed as unexplained. */
export interface Explanation {
  readonly file: string;
  /** What stands there → what was put in its place, as the page lists it. */
  readonly mutants: readonly string[];
  readonly reason: string;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    file: 'packages/money/src/rounding.ts',
    mutants: ['numerator < 0 → numerator <= 0', 'numerator < 0n → numerator <= 0n'],
    reason: 'zero is its own negative, and no minus zero comes of it',
  },
  {
    file: 'packages/money/src/rounding.ts',
    mutants: ['Number.isSafeInteger(product) → false'],
    reason: 'chooses between two ways to the same result; the bigint way is only slower',
  },
  {
    file: 'packages/money/src/rounding.ts',
    mutants: ['\'down\' → ""'],
    reason: 'the only mode left then falls out of the switch, and nothing is as much as false',
  },
];
