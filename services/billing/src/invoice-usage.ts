/** The usage that invoices are made of. One function is the port: whatever answers it, calls as they stand or as they were settled. */
import { CHARGE_SCALE } from '@tollstream/contracts';
import type { CallType, Jurisdiction, RateType } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { UsageStore } from '@tollstream/usage-store';
import { monthNumber } from './month.ts';
import type { Month } from './month.ts';
import { inInvoiceOrder } from './usage-summary.ts';
import type { UsageRow } from './usage-summary.ts';

export interface InvoiceUsageRow extends UsageRow {
  readonly jurisdiction: Jurisdiction;
  /** Extension, or else the account's own number, that the calls belong to: tells the billing group. */
  readonly place: string;
}

export interface UsageDay {
  /** In the account's time zone. */
  readonly day: string;
  readonly calls: number;
  readonly billableSeconds: bigint;
  readonly charge: bigint;
}

export interface AccountUsage {
  readonly rows: readonly InvoiceUsageRow[];
  readonly days: readonly UsageDay[];
}

/** Usage of accounts in a month; accounts without calls may be left out. */
export type UsageSource = (
  accounts: readonly { readonly id: string; readonly timeZone: string }[],
  month: Month,
) => Promise<ReadonlyMap<string, AccountUsage>>;

export const NO_USAGE: AccountUsage = { rows: [], days: [] };

const PLACE =
  "if(extension != '', extension, toString(if(direction = 'inbound', destination_number, origin_number)))";
const ANSWERED = 'if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at)';

/** Every call once at its highest revision, as it stands now. One query for all the accounts, and one for each of their time zones. */
export function usageAsItStands(store: UsageStore): UsageSource {
  return async (accounts, month) => {
    const found = new Map<string, { rows: InvoiceUsageRow[]; days: UsageDay[] }>();
    if (accounts.length === 0) return found;
    const of = (id: string): { rows: InvoiceUsageRow[]; days: UsageDay[] } => {
      const known = found.get(id) ?? { rows: [], days: [] };
      found.set(id, known);
      return known;
    };
    const parametersOf = (ids: readonly string[]): Record<string, string | number> => ({
      month: monthNumber(month),
      // A list of accounts as one text: ids hold no line ends.
      accounts: ids.join('\n'),
    });
    const from = `FROM ${store.database}.usage FINAL
      WHERE billing_month = {month:UInt32} AND account_id IN (splitByChar('\\n', {accounts:String}))`;
    const rows = await store.query<Record<string, string>>(
      `SELECT account_id AS account, toString(call_type) AS type, toString(rate_type) AS rate, toString(currency) AS money,
              toString(jurisdiction) AS place_of_law, ${PLACE} AS place, count() AS calls, sum(billable_seconds) AS billable,
              sum(included_seconds) AS included, sum(charged_seconds) AS charged, toString(sum(charge)) AS total
       ${from} GROUP BY account, type, rate, money, place_of_law, place ORDER BY account, place, place_of_law`,
      parametersOf(accounts.map(({ id }) => id)),
    );
    for (const row of rows) {
      of(row['account']!).rows.push({
        callType: row['type'] as CallType,
        rateType: row['rate'] as RateType,
        currency: row['money']!,
        jurisdiction: row['place_of_law'] as Jurisdiction,
        place: row['place']!,
        calls: Number(row['calls']),
        billableSeconds: BigInt(row['billable']!),
        includedSeconds: BigInt(row['included']!),
        chargedSeconds: BigInt(row['charged']!),
        charge: parseDecimalBig(row['total']!, CHARGE_SCALE),
      });
    }
    // A day begins at another instant in each time zone.
    for (const zone of new Set(accounts.map(({ timeZone }) => timeZone))) {
      const ids = accounts.filter(({ timeZone }) => timeZone === zone).map(({ id }) => id);
      const days = await store.query<Record<string, string>>(
        `SELECT account_id AS account, toString(toDate(${ANSWERED}, {zone:String})) AS day, count() AS calls,
                sum(billable_seconds) AS billable, toString(sum(charge)) AS total
         ${from} GROUP BY account, day ORDER BY account, day`,
        { ...parametersOf(ids), zone },
      );
      for (const row of days) {
        of(row['account']!).days.push({
          day: row['day']!,
          calls: Number(row['calls']),
          billableSeconds: BigInt(row['billable']!),
          charge: parseDecimalBig(row['total']!, CHARGE_SCALE),
        });
      }
    }
    for (const usage of found.values()) usage.rows.sort(inInvoiceOrder);
    return found;
  };
}
