import { CHARGE_SCALE } from '@tollstream/contracts';
import type { UsageStore } from '@tollstream/usage-store';

export interface OutcomeRow {
  readonly outcome: string;
  /** Why calls still have no price. */
  readonly reason: string;
  readonly calls: string;
  /** With its currency; '' where nothing was rated. */
  readonly charge: string;
}

/** What became of the calls of one command. */
export async function outcomesOf(store: UsageStore, run: string): Promise<OutcomeRow[]> {
  const { database } = store;
  return store.query<OutcomeRow>(
    `SELECT toString(resolved.outcome) AS outcome, resolved.code AS reason, toString(count()) AS calls,
            if(usage.currency = '', '', concat(usage.currency, ' ', toDecimalString(sum(usage.charge), ${CHARGE_SCALE}))) AS charge
     FROM ${database}.usage_resolved AS resolved
     LEFT JOIN
     (
         SELECT source_topic, source_partition, source_offset, toString(currency) AS currency, charge
         FROM ${database}.usage FINAL
         WHERE (source_topic, source_partition, source_offset) IN
             (SELECT source_topic, source_partition, source_offset FROM ${database}.usage_resolved WHERE run = {run:String})
     ) AS usage
         ON resolved.source_topic = usage.source_topic AND resolved.source_partition = usage.source_partition
         AND resolved.source_offset = usage.source_offset
     WHERE resolved.run = {run:String}
     GROUP BY outcome, reason, usage.currency ORDER BY outcome, reason, usage.currency`,
    { run },
  );
}
