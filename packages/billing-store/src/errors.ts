/** What can be wrong with the billing store or with what is asked of it: a stable code, a sentence, and what to do. */
export const BILLING_STORE_ERRORS = {
  TOLL_BILLING_STORE_UNREACHABLE:
    'Check that PostgreSQL runs and that its address, user and password are right; then run the same command again.',
  TOLL_BILLING_STORE_UNUSABLE: 'Check the rights and the free space of the data directory.',
  TOLL_BILLING_STORE_SCHEMA_MISSING: 'Run `tollstream migrate`.',
  TOLL_BILLING_STORE_NEWER: 'Use the newer program that wrote it, or another database or data directory.',
  TOLL_BILLING_STORE_MIGRATION_CHANGED:
    'Restore the schema file; changes of a schema go into a new file with the next number.',
  TOLL_BILLING_STORE_MIGRATIONS_UNREADABLE: 'Check the installation: files are NNNN_name.sql.',
  TOLL_BILLING_STORE_FAILED: 'Look at what the database says, and run the same command again.',
  TOLL_BILLING_STORE_IMMUTABLE: 'Correct an issued invoice with a credit note.',
  TOLL_INVOICE_UNKNOWN: 'Name an issued invoice; `tollstream invoice list` shows them.',
  TOLL_INVOICE_VOID: 'Issue the month again, or name another invoice.',
  TOLL_INVOICE_STALE: 'Make the invoice again; it then leaves out what another one carries.',
  TOLL_INVOICE_PAID:
    'Give the payment back with a credit note of its amount instead of making the invoice void.',
  TOLL_INVOICE_CHAIN_BROKEN: 'Restore the store from a backup: something wrote past the program.',
  TOLL_CREDIT_TOO_LARGE: 'Credit at most what the invoice still has.',
  TOLL_AMOUNT_INVALID:
    'Write a positive amount in the currency of the invoice, with no more digits than it has.',
  TOLL_REQUEST_KEY_REUSED:
    'Use another key for another request; the same request may be sent as often as you like.',
  TOLL_DISPUTE_LATE:
    'Disputes are taken within the days after issue that the terms name; correct by a credit note.',
  TOLL_DISPUTE_UNKNOWN: 'Name an open dispute; `tollstream dispute list` shows them.',
  TOLL_DISPUTE_DECIDED: 'Open a new dispute when the decision is to be changed.',
  TOLL_CANCELLATION_PRESENT: 'The account is cancelled already; nothing is to be done.',
} as const;

export type BillingStoreErrorCode = keyof typeof BILLING_STORE_ERRORS;

export class BillingStoreError extends Error {
  override readonly name = 'BillingStoreError';
  readonly code: BillingStoreErrorCode;
  readonly remedy: string;
  /** True when the same request may succeed later. */
  readonly transient: boolean;

  constructor(
    code: BillingStoreErrorCode,
    message: string,
    options: { remedy?: string; transient?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy ?? BILLING_STORE_ERRORS[code];
    this.transient = options.transient ?? false;
  }
}

const UNREACHABLE =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|Connection terminated|timeout exceeded/i;
/** SQLSTATE classes: 08 connection, 57P shutdown, 53 resources, 28 authorization, 3D no such database. */
const AWAY = /^(?:08|57P|53|28|3D)/;

/** Says of any failure of the database what it means to the caller. */
export function toBillingStoreError(cause: unknown): Error {
  if (cause instanceof BillingStoreError) return cause;
  // Faults of the program keep their stack.
  if (cause instanceof TypeError || cause instanceof RangeError) return cause;
  const state = sqlStateOf(cause);
  const text = textOf(cause);
  if (UNREACHABLE.test(text) || (state !== '' && AWAY.test(state))) {
    return new BillingStoreError(
      'TOLL_BILLING_STORE_UNREACHABLE',
      `The billing store does not answer. ${text}`,
      {
        cause,
        transient: true,
      },
    );
  }
  if (state === '42P01' || state === '42703' || state === '3F000') {
    return new BillingStoreError(
      'TOLL_BILLING_STORE_SCHEMA_MISSING',
      `The billing store lacks a table. ${text}`,
      {
        cause,
      },
    );
  }
  if (state === '23001') {
    return new BillingStoreError('TOLL_BILLING_STORE_IMMUTABLE', `${text}.`, { cause });
  }
  if (state !== '') {
    return new BillingStoreError('TOLL_BILLING_STORE_FAILED', `The billing store refuses: ${text}`, {
      cause,
    });
  }
  return cause instanceof Error ? cause : new Error(text);
}

function sqlStateOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return '';
  return /^[0-9A-Z]{5}$/.test(String(cause.code)) ? String(cause.code) : '';
}

function textOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(textOf).join('; ');
  if (!(cause instanceof Error)) return String(cause);
  // An error of all addresses tried has a code and no message of its own.
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}
