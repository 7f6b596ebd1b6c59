import { expect, it } from 'vitest';
import { buildCatalog } from './build.ts';
import { describeCatalog } from './describe.ts';
import { diffCatalogs } from './diff-catalogs.ts';
import type { Catalog } from './model.ts';
import { spendLimitsOf } from './spend-limits.ts';
import { edited, smallCatalog } from './testing.ts';

const HEAD = {
  'catalog.yaml': `version: 3
name: Small
destination_sets:
  caribbean: { countries: [JM, CU] }
  satellites: { prefixes: ['881'] }
`,
};
const OF_PLAN = `spend_limits:
  - { id: fraud, amount: 50, window: day, call_types: [international, premium], thresholds: [100, 50, 100] }
  - { id: all, amount: '1000.50', window: month }
`;
const OF_ACCOUNT = `    spend_limits:
      - { id: fraud, amount: 12.5, window: hour, call_types: [premium], destinations: [caribbean, satellites] }
      - { id: own, amount: 0, window: day, destinations: caribbean }
`;

function build(ofPlan = OF_PLAN, ofAccount = OF_ACCOUNT) {
  const plan = edited('plans/standard.yaml', 'rules:\n', `${ofPlan}rules:\n`);
  const accounts = edited('accounts.yaml', '    plan: standard\n', `    plan: standard\n${ofAccount}`);
  return buildCatalog(smallCatalog({ ...HEAD, ...plan, ...accounts }));
}

function built(...parts: Parameters<typeof build>): Catalog {
  const result = build(...parts);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.catalog;
}

it('reads what a plan and an account say', () => {
  const { plans, accounts } = built();
  expect(plans.get('standard')!.spendLimits).toEqual([
    {
      id: 'fraud',
      amount: 50_000_000,
      window: 'day',
      thresholds: [50, 100],
      callTypes: new Set(['international', 'premium']),
      destinations: [],
    },
    {
      id: 'all',
      amount: 1_000_500_000,
      window: 'month',
      thresholds: [100],
      callTypes: null,
      destinations: [],
    },
  ]);
  expect(accounts.get('acme')!.spendLimits).toMatchObject([
    {
      id: 'fraud',
      amount: 12_500_000,
      window: 'hour',
      destinations: [{ id: 'caribbean' }, { id: 'satellites' }],
    },
    { id: 'own', amount: 0, window: 'day', callTypes: null, destinations: [{ id: 'caribbean' }] },
  ]);
});

it('lets the limit of an account take the place of the one of its plan with the same id', () => {
  const { accounts } = built();
  expect(spendLimitsOf(accounts.get('acme')!).map(({ id, window }) => `${id} ${window}`)).toEqual([
    'all month',
    'fraud hour',
    'own day',
  ]);
  expect(spendLimitsOf(accounts.get('other')!).map(({ id }) => id)).toEqual(['fraud', 'all']);
});

it('takes all among the call types for every call', () => {
  const limit =
    '  - { id: a, amount: 1, window: day, call_types: [premium, all], destinations: [caribbean] }\n';
  const [read] = built(`spend_limits:\n${limit}`).plans.get('standard')!.spendLimits!;
  expect(read).toMatchObject({ callTypes: null, destinations: [] });
});

it.each([
  [
    'destinations: [nowhere]',
    '1',
    'nowhere',
    'TOLL_CATALOG_REFERENCE_UNKNOWN The catalog has no such destination set',
  ],
  [
    'destinations: nowhere',
    '1',
    'nowhere',
    'TOLL_CATALOG_REFERENCE_UNKNOWN The catalog has no such destination set',
  ],
  ['thresholds: [80]', '-1', '-1', 'TOLL_CATALOG_DECIMAL_INVALID The amount is negative'],
  [
    'thresholds: [80]',
    '1.0000001',
    '1.0000001',
    'TOLL_CATALOG_DECIMAL_INVALID The amount has more digits after the point than the 6 that are kept',
  ],
  [
    'window: week',
    '1',
    'week',
    'TOLL_CATALOG_STRUCTURE_INVALID "spend_limits.0.window" must be one of hour, day, month',
  ],
  ['thresholds: [0]', '1', '0', 'TOLL_CATALOG_STRUCTURE_INVALID "spend_limits.0.thresholds.0" must be >= 1'],
  [
    'thresholds: [80.5]',
    '1',
    '80.5',
    'TOLL_CATALOG_STRUCTURE_INVALID "spend_limits.0.thresholds.0" must be of type integer',
  ],
  [
    'call_types: [help]',
    '1',
    'help',
    'TOLL_CATALOG_STRUCTURE_INVALID "spend_limits.0.call_types.0" must be one of all, internal',
  ],
])('finds what is wrong with a limit that says %s at amount %s', (key, amount, text, expected) => {
  const window = key.startsWith('window') ? '' : ', window: day';
  const result = build(`spend_limits:\n  - { id: a, amount: ${amount}${window}, ${key} }\n`, '');
  const problems = result.ok ? [] : result.problems;
  expect(problems).toMatchObject([{ file: 'plans/standard.yaml', line: 10, text }]);
  expect(`${problems[0]!.code} ${problems[0]!.message}`).toContain(expected);
  expect(problems[0]!.column).toBeGreaterThan(1);
  expect(problems[0]!.remedy).not.toBe('');
});

it('finds a limit that a plan has twice, and one without a window', () => {
  const twice =
    '  - { id: a, amount: 1, window: day }\n  - { id: a, amount: 2, window: day }\n  - { id: b, amount: 2 }\n';
  const result = build(`spend_limits:\n${twice}`, '');
  expect(result.ok ? [] : result.problems).toMatchObject([
    {
      code: 'TOLL_CATALOG_ID_DUPLICATE',
      line: 11,
      column: 11,
      message: 'The plan has this spend limit twice',
    },
    { code: 'TOLL_CATALOG_STRUCTURE_INVALID', line: 12, message: '"spend_limits.2" lacks "window"' },
  ]);
});

it('finds what is wrong with the limits of an account at its place', () => {
  const result = build('', '    spend_limits: [{ id: a, amount: much, window: day, destinations: [x] }]\n');
  expect(result.ok ? [] : result.problems).toMatchObject([
    { code: 'TOLL_CATALOG_DECIMAL_INVALID', file: 'accounts.yaml', line: 5, text: 'much' },
    { code: 'TOLL_CATALOG_REFERENCE_UNKNOWN', file: 'accounts.yaml', line: 5, text: 'x' },
  ]);
});

it('counts towards what a catalog means, and leaves that of catalogs without limits alone', () => {
  const none = built('', '').fingerprint;
  const other = built(OF_PLAN.replace('50,', '51,')).fingerprint;
  expect(new Set([none, built().fingerprint, other, built(OF_PLAN, '').fingerprint]).size).toBe(4);
});

it('is shown by the catalog', () => {
  const { plans, accounts } = describeCatalog(built());
  expect(plans[0]!.spend_limits?.[1]).toEqual({
    id: 'all',
    amount: '1000.5',
    window: 'month',
    thresholds: [100],
    call_types: null,
    destinations: [],
  });
  expect(accounts[0]!.spend_limits?.[1]).toMatchObject({ amount: '0', destinations: ['caribbean'] });
  expect(describeCatalog(built('', '')).plans[0]).not.toHaveProperty('spend_limits');
});

it('says in words what differs between two catalogs', () => {
  const raised = OF_PLAN.replace('50,', '75,').replace(/ {2}- \{ id: all.*\n/, '');
  const { plans, accounts } = diffCatalogs(built(), built(raised, ''));
  expect(plans[0]!.fields).toEqual([
    {
      field: 'spend_limits.fraud',
      before: '50 USD a day on international, premium calls, alert at 50 %, 100 %',
      after: '75 USD a day on international, premium calls, alert at 50 %, 100 %',
    },
    { field: 'spend_limits.all', before: '1000.5 USD a month on all calls, alert at 100 %', after: null },
  ]);
  expect(accounts[0]!.fields[0]).toEqual({
    field: 'spend_limits.fraud',
    before: '12.5 USD an hour on premium calls and calls of caribbean, satellites, alert at 100 %',
    after: null,
  });
});
