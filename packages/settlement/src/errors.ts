const REMEDIES = {
  TOLL_SETTLEMENT_ORDER:
    'Please report this as a fault: the calls of an account came out of order, or one of them twice.',
  TOLL_SETTLEMENT_SUM_TOO_LARGE: 'Look for a rate that is far too high in the tariffs of the account.',
} as const;

/** What the replay relies on does not hold. */
export class SettlementError extends Error {
  override readonly name = 'SettlementError';
  readonly code: keyof typeof REMEDIES;
  readonly remedy: string;

  constructor(code: keyof typeof REMEDIES, message: string) {
    super(message);
    this.code = code;
    this.remedy = REMEDIES[code];
  }
}
