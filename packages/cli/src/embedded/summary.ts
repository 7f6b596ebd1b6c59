/** What a run ends with: totals, money by call type, one account's invoice, and where its call details lie. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { previewInvoice, renderInvoiceText, writeCdrFile } from '@tollstream/service-billing';
import type { Account, Catalog } from '@tollstream/catalog';
import { count, say, table } from '../terminal.ts';
import { SAMPLE_INVOICE_MONTH } from './sample.ts';
import type { PipelineTotals } from './status.ts';
import type { Workspace } from './workspace.ts';

export interface Summary {
  readonly workspace: Workspace;
  readonly catalog: Catalog;
  readonly totals: PipelineTotals;
  /** Totals when the run began: what it resumed from. */
  readonly before: PipelineTotals;
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly isSample: boolean;
}

interface CallTypeRow {
  readonly call_type: string;
  readonly currency: string;
  readonly calls: string;
  readonly billable_minutes: string;
  readonly included_minutes: string;
  readonly charge: string;
}

export async function showSummary(summary: Summary): Promise<void> {
  const { totals, before } = summary;
  const fresh = totals.seen - before.seen;
  say('');
  say(
    fresh === 0
      ? `Nothing new: all ${count(totals.seen)} calls were rated before.`
      : `${count(fresh)} calls in ${summary.seconds.toFixed(1)} s (${count(summary.callsPerSecond)}/s), visible in ClickHouse.`,
  );
  const outcomes = (['seen', 'rated', 'duplicate', 'suspended', 'rejected'] as const).map(
    (name) => `${name} ${count(totals[name])}`,
  );
  say(`In this data directory: ${outcomes.join(', ')}.`);
  await showCallTypes(summary);
  if (summary.isSample) await showInvoice(summary);
}

async function showCallTypes({ workspace }: Summary): Promise<void> {
  const rows = await workspace.store.query<CallTypeRow>(
    `SELECT call_type, currency, count() AS calls, sum(billable_seconds) / 60 AS billable_minutes,
            sum(included_seconds) / 60 AS included_minutes, sum(charge) AS charge
     FROM ${workspace.store.database}.usage FINAL GROUP BY call_type, currency ORDER BY call_type, currency`,
  );
  if (rows.length === 0) return;
  say('');
  say(
    table(
      ['call type', 'currency', 'calls', 'billable min', 'included min', 'charge'],
      rows.map((row) => [
        row.call_type,
        row.currency,
        count(Number(row.calls)),
        Number(row.billable_minutes).toFixed(1),
        Number(row.included_minutes).toFixed(1),
        row.charge,
      ]),
      [2, 3, 4, 5],
    ),
  );
}

/** The first account's invoice on the terminal and its call details in a file: where the month ends for a customer. */
async function showInvoice({ workspace, catalog }: Summary): Promise<void> {
  const account = firstAccount(catalog);
  if (account === undefined) return;
  const invoice = await previewInvoice(workspace.store, catalog, account.id, SAMPLE_INVOICE_MONTH);
  say('');
  say(renderInvoiceText(invoice));
  const usageMonth = '2020-01';
  const directory = path.join(workspace.directory, 'cdr');
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, `${account.id}-${usageMonth}.csv`);
  await writeCdrFile(workspace.store, {
    accountId: account.id,
    month: usageMonth,
    format: 'csv',
    output: file,
  });
  say('');
  say(`Call details of ${account.name}, January 2020: ${file}`);
}

function firstAccount(catalog: Catalog): Account | undefined {
  return catalog.accounts.values().next().value;
}
