/** What a step of the check found: a short line for the table, and the problems in full when there are some. */
export interface StepResult {
  readonly ok: boolean;
  readonly summary: string;
  readonly details: string;
}

export interface Step {
  readonly name: string;
  /** Begun before the others. */
  readonly isLong?: boolean;
  readonly run: (root: string) => Promise<StepResult>;
}
