/** The usage that invoices are made of. One function is the port: whatever answers it, calls as they stand or as they were settled. */
import { CHARGE_SCALE } from '@tollstream/contracts';
import type { CallType, Jurisdiction, RateType } from '@tollstream/contracts';
import { parseDecimalBig } from '@tollstream/money';
import type { QueryParameters, UsageStore } from '@tollstream/usage-store';
import { monthNotSettled } from './errors.ts';
import type { Hindrance } from './invoice.ts';
import { monthNumber, monthText } from './month.ts';
import type { Month } from './month.ts';
import type { AdjustmentReason } from './settlement/adjustments.ts';
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

/** What a run after the settlement of an earlier month changed: calls of one kind, place and reason. */
export interface UsageAdjustment {
  /** Month of the calls: `2020-01`. */
  readonly month: string;
  /** Place of the run among those of the month. All its adjustments of an account are billed together. */
  readonly run: number;
  readonly reason: AdjustmentReason;
  readonly callType: CallType;
  readonly rateType: RateType;
  readonly currency: string;
  readonly place: string;
  readonly calls: number;
  /** Of late calls. Those of the others were billed with their month. */
  readonly billableSeconds: bigint;
  readonly includedSeconds: bigint;
  readonly chargedSeconds: bigint;
  /** What the account owes more, scaled; negative = is owed. */
  readonly difference: bigint;
}

export interface AccountUsage {
  readonly rows: readonly InvoiceUsageRow[];
  readonly days: readonly UsageDay[];
  /** Of this month and the ones before it, whether or not an invoice has them already. */
  readonly adjustments: readonly UsageAdjustment[];
  /** Why no invoice may be made of it; null where it was settled and stays so. */
  readonly hindrance: Hindrance | null;
}

/** Usage of accounts in a month; accounts without calls may be left out. */
export type UsageSource = (
  accounts: readonly { readonly id: string; readonly timeZone: string }[],
  month: Month,
) => Promise<ReadonlyMap<string, AccountUsage>>;

export const NO_USAGE: AccountUsage = { rows: [], days: [], adjustments: [], hindrance: null };

export const PLACE =
  "if(extension != '', extension, toString(if(direction = 'inbound', destination_number, origin_number)))";
const ANSWERED = 'if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at)';

type Accounts = Parameters<UsageSource>[0];

/** Where rows come from: `OF_ACCOUNTS` says which, in the columns below with the sign that they count with. */
export interface UsageRows {
  readonly from: string;
  readonly parameters: QueryParameters;
}

/** Which rows of a month are meant. A list of accounts as one text: ids hold no line ends. */
export const OF_ACCOUNTS =
  "billing_month = {month:UInt32} AND account_id IN (splitByChar('\\n', {accounts:String}))";

export function accountsParameter(accounts: Accounts): string {
  return accounts.map(({ id }) => id).join('\n');
}

/** Columns of a row of `usage`, or of an adjustment before (`''`) or after (`'new_'`) it. */
export function usageColumns(prefix: '' | 'new_', sign: 1 | -1): string {
  const names = ['call_type', 'rate_type', 'currency', 'jurisdiction'];
  const sums = ['billable_seconds', 'included_seconds', 'charged_seconds', 'charge'];
  return [
    'account_id AS account',
    ...names.map((name) => `toString(${prefix}${name}) AS ${name}_text`),
    `${PLACE} AS place`,
    `${ANSWERED} AS answered`,
    ...sums.map((name) => `${prefix}${name} AS ${name}_each`),
    `${sign} AS sign`,
  ].join(', ');
}

/** Sums of rows by account: for lines, and by day. */
export async function sumUsage(
  store: UsageStore,
  accounts: Accounts,
  { from, parameters }: UsageRows,
): Promise<Map<string, { rows: InvoiceUsageRow[]; days: UsageDay[] }>> {
  const found = new Map<string, { rows: InvoiceUsageRow[]; days: UsageDay[] }>();
  const of = (id: string): { rows: InvoiceUsageRow[]; days: UsageDay[] } => {
    const known = found.get(id) ?? { rows: [], days: [] };
    found.set(id, known);
    return known;
  };
  // A day begins at another instant in each time zone.
  for (const zone of new Set(accounts.map(({ timeZone }) => timeZone))) {
    const own = accounts.filter(({ timeZone }) => timeZone === zone);
    // One pass for both: what differs between the two groupings is empty in the other.
    const rows = await store.query<Record<string, string>>(
      `SELECT account, call_type_text AS type, rate_type_text AS rate, currency_text AS money, jurisdiction_text AS law, place,
              toString(toDate(answered, {zone:String})) AS day, grouping(day) AS is_total, toString(sum(sign)) AS calls,
              toString(sum(toInt64(billable_seconds_each) * sign)) AS billable,
              toString(sum(toInt64(included_seconds_each) * sign)) AS included,
              toString(sum(toInt64(charged_seconds_each) * sign)) AS charged,
              toString(sum(charge_each * sign)) AS total
       FROM (${from}) GROUP BY GROUPING SETS ((account, type, rate, money, law, place), (account, day))
       HAVING sum(sign) != 0 ORDER BY account, place, law, day`,
      { ...parameters, accounts: accountsParameter(own), zone },
    );
    for (const row of rows) {
      const calls = Number(row['calls']);
      const billableSeconds = BigInt(row['billable']!);
      const charge = parseDecimalBig(row['total']!, CHARGE_SCALE);
      if (Number(row['is_total']) === 0) {
        of(row['account']!).days.push({ day: row['day']!, calls, billableSeconds, charge });
        continue;
      }
      of(row['account']!).rows.push({
        callType: row['type'] as CallType,
        rateType: row['rate'] as RateType,
        currency: row['money']!,
        jurisdiction: row['law'] as Jurisdiction,
        place: row['place']!,
        calls,
        billableSeconds,
        includedSeconds: BigInt(row['included']!),
        chargedSeconds: BigInt(row['charged']!),
        charge,
      });
    }
  }
  for (const usage of found.values()) usage.rows.sort(inInvoiceOrder);
  return found;
}

/** Every call once at its highest revision, as it stands now: good for a preview, and never for an invoice. */
export function usageAsItStands(store: UsageStore): UsageSource {
  return async (accounts, month) => {
    const sums = await sumUsage(store, accounts, {
      from: `SELECT ${usageColumns('', 1)} FROM ${store.database}.usage FINAL WHERE ${OF_ACCOUNTS}`,
      parameters: { month: monthNumber(month) },
    });
    const { code, message, remedy } = monthNotSettled(monthText(month));
    return new Map(
      accounts.map(({ id }) => [
        id,
        {
          ...(sums.get(id) ?? { rows: [], days: [] }),
          adjustments: [],
          hindrance: { code, message, remedy },
        },
      ]),
    );
  };
}
