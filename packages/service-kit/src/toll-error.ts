/**
 * An error that a user can act on. Packages below the service kit throw errors of their own with the same three
 * properties; `isTollError` knows both.
 */
export class TollError extends Error {
  override readonly name = 'TollError';
  /** Stable, from the registry: `TOLL_<AREA>_<WHAT>`. */
  readonly code: string;
  /** What to do about it, as a sentence. */
  readonly remedy: string;

  constructor(problem: { code: string; message: string; remedy: string; cause?: unknown }) {
    super(problem.message, problem.cause === undefined ? undefined : { cause: problem.cause });
    this.code = problem.code;
    this.remedy = problem.remedy;
  }
}

export interface TollErrorShape {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export function isTollError(value: unknown): value is Error & TollErrorShape {
  return (
    value instanceof Error &&
    'code' in value &&
    typeof value.code === 'string' &&
    value.code.startsWith('TOLL_') &&
    'remedy' in value &&
    typeof value.remedy === 'string'
  );
}

/** The one line a person sees: code, sentence, remedy. Errors of other kinds give their message. */
export function describeError(error: unknown): string {
  if (isTollError(error)) return `${error.code}: ${error.message} ${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
