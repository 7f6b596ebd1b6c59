/** The worked examples of docs/rating.md: each table is priced by the catalog files that stand above it. */
import { readFileSync } from 'node:fs';
import { buildCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { Allowances, compileRateTable, emptyCall, explainCall } from '@tollstream/rating-engine';
import type { RatingCall } from '@tollstream/rating-engine';
import { formatScaled } from '@tollstream/money';
import { expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/rating.md', import.meta.url), 'utf8');

const PLAN = `id: plan
name: Plan
currency: USD
country: US
`;
const PLAN_RULES = `rules:
  internal: free
  local: free
  premium: free
  toll_free_outbound: free
  toll_free_inbound: free
  inbound: free
  long_distance: { tariff: world }
  international: { tariff: world }
`;
const TARIFF = 'id: world\nname: World\ncurrency: USD\n';

interface Example {
  readonly heading: string;
  readonly catalog: Catalog;
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Blocks `yaml tariff` (and before it `yaml plan` and `yaml catalog`) hold for the table that follows. */
function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  for (const section of markdown.split(/^## /m).slice(1)) {
    const heading = section.slice(0, section.indexOf('\n'));
    let plan = '';
    let head = '';
    for (const [, kind, yaml, table] of section.matchAll(
      /^```yaml (tariff|plan|catalog)\n([\s\S]*?)^```\n(?:[^|`]*?\n)?((?:^\|.*\n)*)/gm,
    )) {
      if (kind === 'plan') plan = yaml!;
      else if (kind === 'catalog') head = yaml!;
      else
        examples.push({ heading, catalog: catalogOf({ tariff: yaml!, plan, head }), rows: rowsOf(table!) });
    }
  }
  return examples;
}

function catalogOf({ tariff, plan, head }: Record<'tariff' | 'plan' | 'head', string>): Catalog {
  const files = {
    'catalog.yaml': `version: 1\nname: Examples\n${head}`,
    'plans/plan.yaml': PLAN + (plan.includes('rules:') ? '' : PLAN_RULES) + plan,
    'tariffs/world.yaml': TARIFF + tariff,
    'accounts.yaml': 'accounts:\n  - { id: acme, name: Acme, plan: plan, billing_start: 2000-01-01 }\n',
  };
  const bytes = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  const result = buildCatalog(bytes);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result.catalog;
}

function rowsOf(table: string): Record<string, string>[] {
  const [head = [], , ...body] = table
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return body.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ''])));
}

const examples = examplesOf(page);

it('finds the examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(10);
  for (const { rows } of examples) expect(rows.length).toBeGreaterThan(0);
});

it.each(examples.map((example, i) => [`${example.heading} (${i + 1})`, example] as const))(
  '%s',
  (_, { catalog, rows }) => {
    const account = compileRateTable(catalog).account('acme')!;
    // The calls of a table are one account's in one month, in order.
    const allowance = new Allowances().of('acme');
    for (const row of rows) {
      const answered = Date.parse(row['answered'] ?? '2020-01-15T15:00:00Z');
      const isAnswered = row['duration'] !== 'unanswered';
      const call = {
        ...emptyCall(),
        direction: (row['direction'] ?? 'outbound') as RatingCall['direction'],
        originNumber: Number(row['from'] ?? '12125550100'),
        destinationNumber: Number(row['to'] ?? '5511987650123'),
        startedAt: answered,
        answeredAt: isAnswered ? answered : 0,
        endedAt: answered + (isAnswered ? Math.round(Number(row['duration']) * 1000) : 0),
      };
      // The explanation asserts that its own arithmetic gives the same amount.
      const { outcome } = explainCall(call, account, allowance);
      if (outcome.kind === 'priced') allowance.take(call, outcome);
      const shown =
        outcome.kind === 'priced'
          ? {
              billable: String(outcome.billableSeconds),
              charge: formatScaled(outcome.charge, 6),
              included: row['included'] === undefined ? undefined : String(outcome.includedSeconds),
            }
          : outcome;
      const { billable, included, charge } = row;
      expect(shown, JSON.stringify(row)).toEqual({ billable, charge, included });
    }
  },
);
