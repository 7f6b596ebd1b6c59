/** A month of an account, summed in the store over its distinct calls. */
import { CALL_TYPES, CHARGE_SCALE, RATE_TYPES } from '@tollstream/contracts';
import type { CallType, RateType } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { UsageStore } from '@tollstream/usage-store';
import { monthNumber } from './month.ts';
import type { Month } from './month.ts';

export interface UsageRow {
  readonly callType: CallType;
  readonly rateType: RateType;
  readonly currency: string;
  readonly calls: number;
  readonly billableSeconds: bigint;
  readonly includedSeconds: bigint;
  readonly chargedSeconds: bigint;
  /** Scaled by 10^CHARGE_SCALE. */
  readonly charge: bigint;
}

interface StoredRow {
  readonly call_type: CallType;
  readonly rate_type: RateType;
  readonly currency: string;
  readonly calls: string;
  readonly billable: string;
  readonly included: string;
  readonly charged: string;
  readonly total: string;
}

/** Which calls an account's month has: every call once, at its highest revision. Parameters: account, month. */
export const MONTH_OF_ACCOUNT = 'account_id = {account:String} AND billing_month = {month:UInt32}';

/** @returns rows in the order of CALL_TYPES, RATE_TYPES, currency */
export async function readUsage(store: UsageStore, accountId: string, month: Month): Promise<UsageRow[]> {
  const rows = await store.query<StoredRow>(
    `SELECT call_type, rate_type, currency, count() AS calls, sum(billable_seconds) AS billable,
            sum(included_seconds) AS included, sum(charged_seconds) AS charged, sum(charge) AS total
     FROM ${store.database}.usage FINAL WHERE ${MONTH_OF_ACCOUNT}
     GROUP BY call_type, rate_type, currency`,
    { account: accountId, month: monthNumber(month) },
  );
  return rows
    .map((row) => ({
      callType: row.call_type,
      rateType: row.rate_type,
      currency: row.currency,
      calls: Number(row.calls),
      billableSeconds: BigInt(row.billable),
      includedSeconds: BigInt(row.included),
      chargedSeconds: BigInt(row.charged),
      charge: parseDecimalBig(row.total, CHARGE_SCALE),
    }))
    .sort(inInvoiceOrder);
}

export function inInvoiceOrder(a: UsageRow, b: UsageRow): number {
  return (
    CALL_TYPES.indexOf(a.callType) - CALL_TYPES.indexOf(b.callType) ||
    RATE_TYPES.indexOf(a.rateType) - RATE_TYPES.indexOf(b.rateType) ||
    (a.currency < b.currency ? -1 : Number(a.currency > b.currency))
  );
}

/** Seconds as minutes with up to six decimals, rounded half up: 36 → '0.6'. */
export function minutesOf(seconds: bigint): string {
  const micro = (seconds * 1_000_000n + 30n) / 60n;
  const text = micro.toString().padStart(7, '0');
  const fraction = text.slice(-6).replace(/0+$/, '');
  return `${text.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`;
}
