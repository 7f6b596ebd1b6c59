import { TollError } from '@tollstream/service-kit';

/** What can be wrong with a request for a month, as its caller sees it. */
export function accountUnknown(accountId: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_ACCOUNT_UNKNOWN',
    message: `The catalog has no account ${JSON.stringify(accountId.slice(0, 80))}.`,
    remedy: 'Name one of the catalog, or give the default plan that its calls were rated on.',
  });
}

export function monthInvalid(text: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_MONTH_INVALID',
    message: `${JSON.stringify(text.slice(0, 40))} is no month.`,
    remedy: 'Write year and month, such as 2020-02.',
  });
}

export function currencyMixed(accountId: string, expected: string, found: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_CURRENCY_MIXED',
    message: `Account ${accountId} is billed in ${expected} and has usage in ${found}.`,
    remedy: 'Give the account one currency and rate the month again.',
  });
}

export function fileUnwritable(file: string, cause: unknown): TollError {
  return new TollError({
    code: 'TOLL_BILLING_FILE_UNWRITABLE',
    message: `${file} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    remedy: 'Name a file in an existing folder with free space that you may write to.',
    cause,
  });
}

export function filterInvalid(message: string, remedy: string): TollError {
  return new TollError({ code: 'TOLL_BILLING_FILTER_INVALID', message, remedy });
}

export function callsChanged(before: number, after: number): TollError {
  return new TollError({
    code: 'TOLL_BILLING_CALLS_CHANGED',
    message: `The month had ${before} calls when the file was begun, and ${after} were written.`,
    remedy: 'Calls were rated meanwhile: download the file again.',
  });
}
