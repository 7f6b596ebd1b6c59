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

export function planUnknown(accountId: string, plan: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_PLAN_UNKNOWN',
    message: `Account ${accountId} was on plan ${JSON.stringify(plan)}, which the catalog does not have.`,
    remedy: 'Keep plans in the catalog as long as accounts name them.',
  });
}

export function accountMoved(
  accountId: string,
  from: { readonly name: string; readonly country: string; readonly currency: string },
  to: { readonly name: string; readonly country: string; readonly currency: string },
  until: string,
): TollError {
  const when = until === '' ? '' : ` until ${until}`;
  return new TollError({
    code: 'TOLL_BILLING_ACCOUNT_MOVED',
    message: `Account ${accountId} is of ${from.country} in ${from.currency} by ${from.name}${when}, and of ${to.country} in ${to.currency} by ${to.name}.`,
    remedy:
      'Close the account at the end of a month and open another one in the new country: an invoice has one country and currency.',
  });
}

export function addressMissing(accountId: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_ADDRESS_MISSING',
    message: `Account ${accountId} has no complete billing address.`,
    remedy: 'Give it an address, and country and state under billing: they decide fees and taxes.',
  });
}

export function termsMissing(): TollError {
  return new TollError({
    code: 'TOLL_BILLING_TERMS_MISSING',
    message: 'The catalog does not say who sells and on which terms.',
    remedy: 'Add billing.yaml to the catalog; examples/hosted-phone has one.',
  });
}

export function remittanceMissing(country: string, currency: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_REMITTANCE_MISSING',
    message: `The catalog does not say how an account in ${country} pays in ${currency}.`,
    remedy: 'Add it under remittance in billing.yaml.',
  });
}

export function factorMissing(fee: string, quarter: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_FACTOR_MISSING',
    message: `${fee}: there is no contribution factor for ${quarter}.`,
    remedy: 'Add the quarter to contribution_factors.csv with its source.',
  });
}

export function feeRateMissing(fee: string, place: string, day: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_FEE_RATE_MISSING',
    message: `${fee}: no rate holds in ${place} on ${day}.`,
    remedy: 'Add a row to fees.csv; a fee that is not charged there has a row with 0.',
  });
}

export function taxRateMissing(tax: string, place: string, day: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_TAX_RATE_MISSING',
    message: `${tax}: no rate holds in ${place} on ${day}.`,
    remedy: 'Add a row to taxes.csv; a tax that ended has a row with 0.',
  });
}

export function taxJurisdictionUnknown(place: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_TAX_JURISDICTION_UNKNOWN',
    message: `taxes.csv says nothing of ${place}.`,
    remedy: 'Add a row; where nothing is taxed, one with 0.',
  });
}

export function totalNegative(accountId: string, total: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_TOTAL_NEGATIVE',
    message: `The invoice of account ${accountId} would come to ${total}.`,
    remedy: 'Credit less, or credit an earlier invoice by a credit note: an invoice is never negative.',
  });
}

export function monthNotEnded(usageMonth: string, zone: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_MONTH_NOT_ENDED',
    message: `${usageMonth} has not ended yet in ${zone}.`,
    remedy: 'Issue the invoice from the 1st of the month after; a preview can be made at any time.',
  });
}

export function cancellationForbidden(accountId: string, role: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_CANCELLATION_FORBIDDEN',
    message: `Account ${accountId} cannot be cancelled by a ${JSON.stringify(role.slice(0, 40))}.`,
    remedy: 'Let a super_admin of the account ask.',
  });
}

export function autopayDayWrong(day: string, autopayDay: number): TollError {
  return new TollError({
    code: 'TOLL_BILLING_AUTOPAY_DAY',
    message: `Autopay collects on day ${autopayDay} of the month, not on ${day}.`,
    remedy: 'Name that day, or change autopay_day in billing.yaml.',
  });
}

export function monthNotSettled(usageMonth: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_MONTH_NOT_SETTLED',
    message: `${usageMonth} is not settled: calls may still come, and included minutes may still move between calls.`,
    remedy: `Settle it once it has ended: tollstream settle --month ${usageMonth}.`,
  });
}

export function monthInSettlement(usageMonth: string, runId: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_MONTH_IN_SETTLEMENT',
    message: `Run ${runId} is changing ${usageMonth}, or was interrupted while it did.`,
    remedy: 'Wait until it is done, or run the same settle or rerate command again: it goes on.',
  });
}

export function invoiceUnknown(number: string): TollError {
  return new TollError({
    code: 'TOLL_INVOICE_UNKNOWN',
    message: `There is no document ${JSON.stringify(number.slice(0, 80))}.`,
    remedy: 'Name one that was issued to the account; its list has them.',
  });
}

export function storeAbsent(): TollError {
  return new TollError({
    code: 'TOLL_BILLING_STORE_ABSENT',
    message: 'The service has no billing store, and knows of nothing that was issued.',
    remedy: 'Start it with TOLLSTREAM_POSTGRES_URL.',
  });
}
