/** What the table of alerts answers. */
import type { UsageStore } from '@tollstream/usage-store';
import { alertCondition } from './filter.ts';
import { SOURCE, instant } from './queries.ts';
import type { Row } from './queries.ts';

export interface ChosenAlerts {
  readonly account?: string;
  readonly limitId?: string;
  /** Starts of the calls that caused them, half-open. */
  readonly from?: string;
  readonly to?: string;
}

/** Digits of an id that a list shows: enough to name it by. */
const ID_CHARACTERS = 8;

export async function listAlerts(store: UsageStore, chosen: ChosenAlerts, limit: number): Promise<Row[]> {
  const { sql, parameters } = alertCondition(chosen);
  return store.query<Row>(
    `SELECT substring(alert_id, 1, ${ID_CHARACTERS}) AS alert, account_id AS account, limit_id AS spend_limit,
            threshold_percent AS percent, toString(spent) AS spent, toString(limit_amount) AS limit_amount, currency,
            toString(window) AS window, ${instant('window_start')} AS window_start, ${instant('started_at')} AS call_started, call_id
     FROM ${store.database}.usage_alerts WHERE ${sql}
     ORDER BY started_at, account_id, limit_id, threshold_percent LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

export async function showAlert(store: UsageStore, alertId: string): Promise<Row[]> {
  if (alertId === '') return [];
  return store.query<Row>(
    `SELECT alert_id AS alert, account_id AS account, limit_id AS spend_limit, threshold_percent AS percent,
            toString(limit_amount) AS limit_amount, toString(spent) AS spent, currency, toString(window) AS window,
            ${instant('window_start')} AS window_start, ${instant('window_end')} AS window_end, call_id, switch_id, leg,
            ${instant('started_at')} AS call_started, toString(charge) AS call_charge, ${SOURCE} AS source, counted_from,
            catalog_version
     FROM ${store.database}.usage_alerts WHERE startsWith(alert_id, {alert:String}) ORDER BY alert_id LIMIT 100`,
    { alert: alertId.toLowerCase() },
  );
}
