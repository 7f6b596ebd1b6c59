const REMEDIES = {
  TOLL_RATING_OUTCOME_LOST: 'This is a fault of the program: stop rating and report it.',
  TOLL_RATING_INPUT_UNREADABLE:
    'Check that the topic of accepted calls carries Tollstream blocks only, and that its name is configured for the right stage.',
  TOLL_RATING_LIMIT_UNKNOWN:
    'Nothing: the state is restored again, under the catalog in force. It happens where a version with other spend limits comes into force during a restore.',
  TOLL_RATING_OUTPUT_MISSING:
    'Rated usage and committed position belong together. Restore the deleted topic, or start with a new group and empty output topics.',
} as const;

export type RatingErrorCode = keyof typeof REMEDIES;

/** Rating cannot go on without losing or doubling a call. */
export class RatingStateError extends Error {
  override readonly name = 'RatingStateError';
  readonly code: RatingErrorCode;
  readonly remedy: string;
  /** A block that cannot be read holds up its partition only, a state of another catalog is restored again; what else is wrong here stops the service. */
  readonly retriable: boolean;

  constructor(code: RatingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = REMEDIES[code];
    this.retriable = code === 'TOLL_RATING_INPUT_UNREADABLE' || code === 'TOLL_RATING_LIMIT_UNKNOWN';
  }
}
