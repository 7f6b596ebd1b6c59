/** docs/finance.md over the real pipeline and engine: its questions have answers, its columns are the views', its sums the invoice's. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { formatScaled, parseDecimalBig } from '@tollstream/money';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { EmbeddedStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROJECT_ROOT, temporaryDirectory, tollstream } from '../support/cli.ts';
import { fencedBlocks } from './blocks.ts';

const page = readFileSync(path.join(PROJECT_ROOT, 'docs/finance.md'), 'utf8');
const questions = fencedBlocks(page, 'sql');
const statements = fencedBlocks(page, 'sql server').flatMap((block) =>
  block
    .split(';\n')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== ''),
);
const dashboard = JSON.parse(
  readFileSync(path.join(PROJECT_ROOT, 'deploy/grafana/dashboards/finance.json'), 'utf8'),
) as {
  templating: { list: { label: string; query: string }[] };
  panels: { title: string; targets?: { rawSql: string; datasource: unknown }[] }[];
};
const panels = [
  ...dashboard.templating.list.map(({ label, query }) => [`choice of ${label}`, query] as const),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ rawSql }) => [title, rawSql] as const),
  ),
];

const ACCOUNT = 'riverside-dental';
/** A handful of processes, on a machine that may be busy. */
const SET_UP_MS = 300_000;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let store: EmbeddedStore;
let invoice: { totals: { exact_usage: string; calls: number } };
let details: { calls: number; total_cost: Record<string, string> };

beforeAll(async () => {
  directory = await temporaryDirectory();
  const inDirectory = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tollstream(args, { cwd: directory.path });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const month = ['--data', 'own', '--account', ACCOUNT];
  await inDirectory('generate', '--calls', '5000', '--seed', '7', '--output', 'calls.jsonl');
  const run = ['run', '--calls', 'calls.jsonl', '--data', 'own', '--default-plan', 'standard'];
  await inDirectory(...run, '--exit-when-done');
  invoice = JSON.parse(await inDirectory('invoice', 'preview', ...month, '--month', '2020-02', '--json'));
  details = JSON.parse(
    await inDirectory('cdr', 'download', ...month, '--month', '2020-01', '--output', 'january.csv', '--json'),
  );
  const deck = ['--tariff', 'wholesale-usd', '--catalog', path.join(PROJECT_ROOT, 'examples/hosted-phone')];
  const loaded = await inDirectory('costs', 'load', ...deck, '--data', 'own');
  expect(loaded).toMatch(/^wholesale-usd is in force for outbound calls: [\d,]+ rates in USD\.\n$/);
  store = await openEmbeddedStore({ dataDirectory: path.join(directory.path, 'own/clickhouse') });
}, SET_UP_MS);

afterAll(async () => {
  await store?.close();
  await directory[Symbol.asyncDispose]();
});

it('has questions, statements for a server and panels to check', () => {
  expect([questions.length >= 8, statements.length >= 12, panels.length >= 6]).toEqual([true, true, true]);
});

it.each(questions.map((question) => [question.split('\n')[0]!, question] as const))(
  'answers %s',
  async (_, question) => {
    expect((await store.query(question)).length).toBeGreaterThan(0);
  },
);

it.each(statements)('has a statement that ClickHouse reads: %s', async (statement) => {
  expect((await store.query(`EXPLAIN AST ${statement}`)).length).toBeGreaterThan(0);
});

it.each(panels)('has a panel with an answer: %s', async (_, sql) => {
  const month = sql.replaceAll('${month}', '202001').replaceAll('${currency}', 'USD');
  expect((await store.query(month)).length).toBeGreaterThan(0);
});

describe('the sums', () => {
  it.each(['usage', 'usage_monthly'])(
    'of %s are those of the invoice and of the call details',
    async (view) => {
      const [row] = await store.query<{ calls: string; charge: string }>(
        `SELECT toString(${view === 'usage' ? 'count()' : 'sum(calls)'}) AS calls, toString(sum(charge)) AS charge
       FROM finance.${view} WHERE account_id = {account:String} AND billing_month = 202001`,
        { account: ACCOUNT },
      );
      const charge = formatScaled(parseDecimalBig(row!.charge, 6), 6);
      expect([Number(row!.calls), charge]).toEqual([invoice.totals.calls, invoice.totals.exact_usage]);
      expect([Number(row!.calls), charge]).toEqual([details.calls, details.total_cost['USD']]);
    },
  );

  it('of the margins are those of all calls, and costs and margins make them up', async () => {
    const sum = async (view: string, columns: string): Promise<unknown> =>
      store.query(
        `SELECT billing_month, currency, ${columns} FROM finance.${view} GROUP BY ALL ORDER BY ALL`,
      );
    expect(await sum('margin', 'sum(revenue) AS charge, sum(calls) AS calls')).toEqual(
      await sum('usage', 'sum(charge) AS charge, count() AS calls'),
    );
    const inDollars = await store.query<{ cost_basis: string; is_sum: number; cost: string }>(
      `SELECT cost_basis, sum(revenue) = sum(margin.cost) + sum(margin) AS is_sum, toString(sum(margin.cost)) AS cost
       FROM finance.margin WHERE currency = 'USD' AND cost_basis != 'unknown' GROUP BY ALL ORDER BY ALL`,
    );
    expect(inDollars).toMatchObject([
      { cost_basis: 'deck', is_sum: 1, cost: expect.not.stringMatching(/^0$/) },
      { cost_basis: 'none', is_sum: 1, cost: '0' },
    ]);
  });

  it('of the destinations are those of all calls', async () => {
    const sum = async (column: string, view: string): Promise<unknown> =>
      store.query(
        `SELECT billing_month, currency, sum(${column}) AS charge FROM finance.${view} GROUP BY ALL ORDER BY ALL`,
      );
    expect(await sum('revenue', 'revenue_by_destination')).toEqual(await sum('charge', 'usage'));
  });
});

it('reads no other accounts than those that are asked for', async () => {
  for (const view of ['usage', 'usage_monthly', 'margin']) {
    const plan = await store.query<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT sum(${view === 'margin' ? 'revenue' : 'charge'}) FROM finance.${view} WHERE account_id = '${ACCOUNT}'`,
    );
    const text = plan.map(({ explain }) => explain).join('\n');
    expect(text).toMatch(/PrimaryKey[\s\S]*Condition: \(account_id in \['riverside-dental'/);
  }
});

it('has panels over the data source that is provisioned', () => {
  const provisioned = parse(
    readFileSync(path.join(PROJECT_ROOT, 'deploy/grafana/provisioning/datasources/clickhouse.yml'), 'utf8'),
  ) as { datasources: { uid: string; type: string }[] };
  const [{ uid, type } = {}] = provisioned.datasources;
  for (const { targets = [] } of dashboard.panels)
    for (const { datasource } of targets) expect(datasource).toEqual({ uid, type });
});

it('lists the columns that the views have, with type and comment', async () => {
  const columns = await store.query<{ table: string; name: string; type: string; comment: string }>(
    `SELECT table, name, type, comment FROM system.columns WHERE database = 'finance' ORDER BY table, position`,
  );
  expect(columns.filter(({ comment }) => comment === '')).toEqual([]);
  const listed = page
    .slice(page.indexOf('## Columns'), page.indexOf('## Who may see what'))
    .split(/^### /m)
    .slice(1)
    .flatMap((section) => {
      const table = section.slice(0, section.indexOf('\n'));
      return [...section.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)].map(
        ([, name, type, comment]) => ({ table, name: name!, type: type!, comment: comment! }),
      );
    });
  const inOrder = (rows: typeof listed): typeof listed =>
    rows.toSorted((a, b) => a.table.localeCompare(b.table));
  expect(inOrder(listed)).toEqual(inOrder(columns));
});
