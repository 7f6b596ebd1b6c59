import { CHARGE_SCALE, RATE_SCALE } from '@tollstream/contracts';
import { parseDecimal } from '@tollstream/money';
import { explainStored, explanationText } from '@tollstream/rating-engine';
import type { StoredCall } from '@tollstream/rating-engine';
import type { UsageStore } from '@tollstream/usage-store';
import type { ExplainOptions } from './commands/explain.ts';
import { EXIT_FAILED } from './failure.ts';
import { print, say } from './terminal.ts';
import { withStore } from './with-store.ts';

/** Columns as texts and whole numbers: a decimal must not become a float on its way. */
const COLUMNS = `call_id AS callId, account_id AS account, plan, toFloat64(catalog_version) AS catalogVersion,
  toFloat64(revision) AS revision, toString(direction) AS direction, origin, destination, charged_party AS chargedParty,
  toFloat64(toUnixTimestamp64Milli(if(toString(rate_type) = 'unanswered', started_at, answered_at))) AS atMs,
  toFloat64(billing_month) AS billingMonth, toString(call_type) AS callType, toString(jurisdiction) AS jurisdiction,
  tariff, if(prefix = 0, '', toString(prefix)) AS prefix, pool, toString(rate_type) AS rateType,
  toFloat64(duration_ms) AS durationMs, toFloat64(initial_seconds) AS initialSeconds,
  toFloat64(step_seconds) AS stepSeconds, toString(duration_rounding) AS durationRounding,
  toString(charge_rounding) AS chargeRounding, toFloat64(billable_seconds) AS billableSeconds,
  toFloat64(included_seconds) AS includedSeconds, toFloat64(charged_seconds) AS chargedSeconds,
  toString(rate_per_minute) AS ratePerMinute, toString(connect_fee) AS connectFee, toString(charge) AS charge,
  currency, price_detail AS priceDetail`;

type Row = Omit<StoredCall, 'ratePerMinute' | 'connectFee' | 'charge'> &
  Readonly<Record<'ratePerMinute' | 'connectFee' | 'charge', string>>;

export async function runExplain(callId: string, { data, json }: ExplainOptions): Promise<void> {
  const calls = await withStore(data, (store) => storedCalls(store, callId));
  if (calls.length === 0) {
    say(`No rated call has the id ${callId}. \`tollstream trace\` looks for it everywhere.`);
    process.exitCode = EXIT_FAILED;
  }
  for (const call of calls) {
    const explanation = explainStored(call);
    print(json === true ? JSON.stringify(explanation) : explanationText(explanation));
    if (!explanation.reproduces) process.exitCode = EXIT_FAILED;
  }
}

/** The rated legs with an id, each at its highest revision. */
export async function storedCalls(store: UsageStore, callId: string): Promise<StoredCall[]> {
  const rows = await store.query<Row>(
    `SELECT ${COLUMNS} FROM ${store.database}.usage_final WHERE call_id = {id: String} ORDER BY started_at, switch_id, leg`,
    { id: callId },
  );
  return rows.map((row) => ({
    ...row,
    ratePerMinute: parseDecimal(row.ratePerMinute, RATE_SCALE),
    connectFee: parseDecimal(row.connectFee, CHARGE_SCALE),
    charge: parseDecimal(row.charge, CHARGE_SCALE),
  }));
}
