export type MoneyErrorCode =
  | 'TOLL_MONEY_NOT_DECIMAL'
  | 'TOLL_MONEY_TOO_MANY_DIGITS'
  | 'TOLL_MONEY_TOO_LARGE'
  | 'TOLL_MONEY_SCALE_INVALID'
  | 'TOLL_MONEY_DIVISOR_INVALID'
  | 'TOLL_MONEY_CURRENCY_UNKNOWN';

/** An amount that cannot be held exactly. `code` is stable; `remedy` says what to change. */
export class MoneyError extends Error {
  override readonly name = 'MoneyError';
  readonly code: MoneyErrorCode;
  readonly remedy: string;

  constructor(code: MoneyErrorCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}
