import { expect, it } from 'vitest';
import { buildCatalog } from './build.ts';
import { edited, smallCatalog } from './testing.ts';

const SETS = `destination_sets:
  europe: { countries: [GB, DE], prefixes: ['33', '3361'] }
  off-net: { call_types: [local, long_distance] }
`;
const HEAD = { 'catalog.yaml': `version: 3\nname: Small\n${SETS}` };
const POOLS = '  - { id: included, minutes_per_month: 10 }\n';

function build(pools: string, rule = '{ tariff: domestic, pool: included }') {
  const plan = edited('plans/standard.yaml', POOLS, POOLS + pools)['plans/standard.yaml']!;
  const ruled = plan.replace('local: { tariff: domestic, pool: included }', `local: ${rule}`);
  return buildCatalog(smallCatalog({ ...HEAD, 'plans/standard.yaml': ruled }));
}

function said(result: ReturnType<typeof build>): string[] {
  const problems = result.ok ? result.warnings : result.problems;
  return problems.map(
    ({ code, file, line, column, message }) => `${file}:${line}:${column} ${code} ${message}`,
  );
}

it('reads pools of each unit and scope', () => {
  const result = build(
    `  - { id: bundle, calls_per_month: 20, scope: number, destinations: off-net }
  - { id: low, minutes_per_month: 50, scope: devices, device_kind: phone, devices_min: 1, first_month: prorated_up }
  - { id: credit, amount_per_month: 2.50 }
`,
    '{ tariff: domestic, pools: [low, bundle, included, credit] }',
  );
  if (!result.ok) throw new Error(said(result).join('\n'));
  const rule = result.catalog.plans.get('standard')!.rules.local;
  expect(rule.kind === 'tariff' && rule.pools).toMatchObject([
    { id: 'low', unit: 'seconds', perMonth: 3000, scope: 'devices', deviceKind: 'phone', proration: 'up' },
    { id: 'bundle', unit: 'calls', perMonth: 20, scope: 'number', destinations: { id: 'off-net' } },
    {
      id: 'included',
      unit: 'seconds',
      perMonth: 600,
      scope: 'account',
      destinations: null,
      proration: 'none',
    },
    { id: 'credit', unit: 'money', perMonth: 2_500_000 },
  ]);
  expect(said(result)).toEqual([
    'catalog.yaml:4:51 TOLL_CATALOG_SET_OVERLAP The set has 33 already, which holds all of it',
  ]);
});

it.each([
  ['  - { id: empty }\n', 'TOLL_CATALOG_POOL_SIZE_INVALID The pool has no size'],
  [
    '  - { id: both, minutes_per_month: 1, calls_per_month: 2 }\n',
    'TOLL_CATALOG_POOL_SIZE_INVALID The pool has more than one size: minutes_per_month, calls_per_month',
  ],
  [
    '  - { id: kind, minutes_per_month: 1, device_kind: phone }\n',
    'TOLL_CATALOG_POOL_SCOPE_INVALID The key device_kind has a meaning for pools of scope device or devices only',
  ],
  [
    '  - { id: far, minutes_per_month: 1, destinations: moon }\n',
    'TOLL_CATALOG_REFERENCE_UNKNOWN The catalog has no such destination set',
  ],
  [
    '  - { id: fee, amount_per_month: -1 }\n',
    'TOLL_CATALOG_DECIMAL_INVALID The amount_per_month is negative',
  ],
])('refuses %j', (pools, problem) => {
  const result = build(pools);
  expect(result.ok).toBe(false);
  expect(said(result)).toContainEqual(
    expect.stringMatching(new RegExp(`^plans/standard.yaml:9:\\d+ ${problem}`)),
  );
});

it.each([
  ['[included, moon]', 'TOLL_CATALOG_REFERENCE_UNKNOWN The plan has no such pool'],
  ['[included, included]', 'TOLL_CATALOG_POOL_ORDER_INVALID The rule names this pool twice'],
  [
    '[credit, included]',
    'TOLL_CATALOG_POOL_ORDER_INVALID Pool included in seconds stands behind one in money',
  ],
])('refuses the order %s', (order, problem) => {
  const result = build('  - { id: credit, amount_per_month: 1 }\n', `{ tariff: domestic, pools: ${order} }`);
  expect(result.ok).toBe(false);
  expect(said(result).join('\n')).toContain(problem);
});

it.each([
  ['  - { id: idle, minutes_per_month: 1 }\n', '[included]', 'no rule names it'],
  ['  - { id: idle, minutes_per_month: 0 }\n', '[idle]', 'it holds nothing'],
  [
    '  - { id: idle, minutes_per_month: 1, scope: devices, device_kind: fax, devices_min: 20 }\n',
    '[idle]',
    'no account of the plan has 20 devices of kind fax',
  ],
])('warns that no call uses %j', (pools, order, why) => {
  const warnings = said(build(pools, `{ tariff: domestic, pools: ${order} }`));
  expect(warnings).toContainEqual(
    expect.stringContaining(`TOLL_CATALOG_POOL_UNREACHABLE No call uses this pool: ${why}`),
  );
});

it('keeps the fingerprint of a catalog with pools of minutes only', () => {
  const before = buildCatalog(smallCatalog());
  if (!before.ok) throw new Error('invalid');
  expect(before.catalog.fingerprint).toBe('982f37daaff40786557853b9955da0352566719aa87719c5a86b6fa768ecefc8');
});
