import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { wholeAccount } from './account-view.ts';
import { buildCatalog } from './build.ts';
import { describeCatalog } from './describe.ts';
import { fingerprintOf } from './fingerprint.ts';
import { loadCatalog } from './load.ts';
import type { Catalog, Tariff } from './model.ts';
import { spendLimitsOf } from './spend-limits.ts';
import { edited, smallCatalog } from './testing.ts';
import { receiveCatalog, transferCatalog } from './transfer.ts';

const SAMPLE = new URL('../../../examples/hosted-phone', import.meta.url).pathname;
const CHANGED = {
  'tariffs/deck.csv': `prefix,description,country,rate,tiers,rate@night,minimum_charge,origin,effective_to
55,Brazil,BR,0.02,600=0.01,0.005,,,2030-01-01
55,Brazil for its neighbours,BR,0.01,,,0.05,AR,
5511,"São Paulo, fixed",BR,0.03,,,,,
1900,Information,US,1.5,,,,,
`,
  'tariffs/deck.yaml': `id: deck\nname: Deck\ncurrency: USD\nwindows: [{ id: night, from: '21:00', to: '07:00' }]\nrates: deck.csv\n`,
};

function built(): Catalog {
  const result = buildCatalog(smallCatalog(CHANGED), { defaultPlan: 'standard' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.catalog;
}

/** As between threads: buffers are shared, all else is cloned. */
function passed(catalog: Catalog): Catalog {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(transferCatalog(catalog));
  const received = receiveMessageOnPort(port2)!.message as ReturnType<typeof transferCatalog>;
  port1.close();
  return receiveCatalog(received);
}

test('a catalog that was passed to another thread means the same', () => {
  const catalog = built();
  for (const received of [passed(catalog), passed(passed(catalog))]) {
    expect(fingerprintOf(received)).toBe(catalog.fingerprint);
    expect(describeCatalog(received)).toEqual(describeCatalog(catalog));
    expect(received.defaultPlan).toBe(received.plans.get('standard'));
    const deck = received.tariffs.get('deck')!;
    expect(wholeRows(deck)).toEqual(wholeRows(catalog.tariffs.get('deck')!));
    expect(received.plans.get('standard')!.rules.premium).toMatchObject({ kind: 'tariff', tariff: deck });
    for (const [number, caller] of [
      [5521, 0],
      [5521, 541145556666],
      [55119876, 0],
      [44, 0],
    ] as const) {
      const original = catalog.tariffs.get('deck')!;
      expect(deck.index.find(number, 0)).toBe(original.index.find(number, 0));
      expect(deck.originIndex!.find(number, caller, 0)).toBe(original.originIndex!.find(number, caller, 0));
    }
    expect(wholeAccount(received.accounts.get('acme')!)).toEqual({
      ...wholeAccount(catalog.accounts.get('acme')!),
      plan: received.plans.get('standard'),
    });
    expect(received.accounts.get('acme')).toBe(received.accountByNumber.get(18005550100));
    expect([received.accounts.get('nobody'), received.accountByNumber.get(1)]).toEqual([
      undefined,
      undefined,
    ]);
    expect([...received.accountByNumber.keys()]).toEqual([12125550100, 12125550101, 18005550100]);
  }
});

function wholeRows({ rates }: Tariff): unknown[] {
  return Array.from(rates, (rate) => {
    const { prefix, description, country, effectiveFrom, effectiveTo } = rate;
    return { ...rate, prefix, description, country, effectiveFrom, effectiveTo };
  });
}

test('own rules come along with the tariffs and pools of the catalog', () => {
  const result = buildCatalog(
    smallCatalog({
      ...CHANGED,
      'accounts.yaml': `accounts:
  - id: acme
    name: Acme
    plan: standard
    billing_start: 2020-01-15
    rules: { international: { tariff: deck } }
    billing_groups: [{ id: sales, name: Sales, rules: { international: blocked } }]
    devices:
      - { id: phone-101, kind: phone, extension: '101', billing_group: sales, rules: { international: { tariff: deck } } }
  - { id: other, name: Other, plan: standard, billing_start: 2018-11-04 }
`,
    }),
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const original = result.catalog.accounts.get('acme')!;
  const received = passed(result.catalog);
  const account = received.accounts.get('acme')!;
  const deck = received.tariffs.get('deck')!;
  for (const rules of [account.rules, account.devices[0]!.rules]) {
    expect(rules!.international).toEqual({ kind: 'tariff', tariff: deck, pools: [] });
    expect((rules!.international as { tariff: Tariff }).tariff).toBe(deck);
  }
  expect(account.billingGroups).toEqual(original.billingGroups);
  expect(fingerprintOf(received)).toBe(result.catalog.fingerprint);
});

const LIMITED = {
  'catalog.yaml': 'version: 3\nname: Small\ndestination_sets: { caribbean: { countries: [JM] } }\n',
  ...edited(
    'plans/standard.yaml',
    'rules:\n',
    'spend_limits: [{ id: fraud, amount: 50, window: day, call_types: [premium], thresholds: [50, 100] }]\nrules:\n',
  ),
  ...edited(
    'accounts.yaml',
    '    plan: standard\n',
    '    plan: standard\n    spend_limits: [{ id: own, amount: 9.5, window: hour, destinations: [caribbean] }]\n',
  ),
};

test('spend limits come along', () => {
  const here = buildCatalog(smallCatalog(LIMITED));
  if (!here.ok) throw new Error(JSON.stringify(here));
  const received = passed(here.catalog);
  const account = received.accounts.get('acme')!;
  expect(spendLimitsOf(account).map(({ id }) => id)).toEqual(['fraud', 'own']);
  expect(spendLimitsOf(account)).toEqual(spendLimitsOf(here.catalog.accounts.get('acme')!));
  expect(fingerprintOf(received)).toBe(here.catalog.fingerprint);
});

test('what is billed comes along', async () => {
  const sample = await loadCatalog(SAMPLE);
  if (!sample.ok) throw new Error('refused');
  const received = passed(sample.catalog);
  expect(sample.catalog.billing).toBeDefined();
  expect(received.billing).toEqual(sample.catalog.billing);
  for (const account of sample.catalog.accounts.values()) {
    const { plan: _, ...rest } = wholeAccount(received.accounts.get(account.id)!);
    const { plan, ...original } = account;
    expect(rest).toEqual(original);
    expect(received.accounts.get(account.id)!.plan.recurring).toEqual(plan.recurring);
  }
});

test('its rows are not copied', () => {
  const catalog = built();
  const rates = catalog.tariffs.get('deck')!.rates;
  const received = passed(catalog).tariffs.get('deck')!.rates;
  new Float64Array(rates.columns.rows.buffer, rates.columns.rows.byteOffset)[0] = 56;
  expect(received.prefixAt(0)).toBe(56);
});
