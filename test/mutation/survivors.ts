/** Why a mutant that no test kills is no gap. Everything else that survives is listed as unexplained. */
export interface Explanation {
  readonly file: string;
  /** Must stand in the source line of the mutant, or in what took its place. */
  readonly text: string;
  readonly reason: string;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    file: 'packages/money/src/rounding.ts',
    text: 'Number.isSafeInteger(product)',
    reason: 'chooses between two ways to the same result; the bigint way is only slower',
  },
  {
    file: 'packages/money/src/rounding.ts',
    text: 'numerator <= 0',
    reason: 'zero is its own negative, and no minus zero comes of it',
  },
];
