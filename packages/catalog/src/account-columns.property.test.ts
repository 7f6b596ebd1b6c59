import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accountColumns, storedAccounts } from './account-columns.ts';
import { wholeAccount } from './account-view.ts';
import { fingerprintsOf } from './fingerprint.ts';
import type { Account, OwnRules, Plan, Tariff } from './model.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);

const TARIFFS = new Map(['deck', 'domestic'].map((id) => [id, { id } as Tariff]));
const PLANS = new Map(
  ['standard', 'wholesale'].map((id) => [id, { id, currency: 'USD', pools: [] } as unknown as Plan]),
);

/** Any text that a file can hold: of more than 127 bytes, too. */
const text = fc.oneof(
  fc.constant(''),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('\t', 'a\nb', '\u001f', '\u007f', '\u2028'),
  fc.string({ minLength: 120, maxLength: 300 }),
);
const rules: fc.Arbitrary<OwnRules> = fc.record(
  {
    international: fc.constantFrom<OwnRules['international'] & {}>(
      { kind: 'tariff', tariff: TARIFFS.get('deck')!, pools: [] },
      { kind: 'blocked' },
    ),
    local: fc.constant({ kind: 'free' } as const),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<OwnRules>;
const service = fc.record({ from: text, to: text });
const number = fc.integer({ min: 1, max: 999_999_999_999_999 });

const account: fc.Arbitrary<Account> = fc.record(
  {
    id: text,
    name: text,
    plan: fc.constantFrom(...PLANS.values()),
    timeZone: fc.constantFrom('UTC', 'America/New_York'),
    dialPlan: fc.record({ country: fc.constantFrom('US', ''), areaCode: fc.constantFrom('212', '') }),
    currency: fc.constant('USD'),
    status: fc.constantFrom('active', 'suspended', 'closed'),
    billingStart: fc.oneof(fc.constant(-Infinity), fc.integer()),
    address: fc.array(text, { maxLength: 3 }),
    rules,
    billingGroups: fc.array(
      fc.record({ id: text, name: text, rules }, { requiredKeys: ['id', 'name'] }) as fc.Arbitrary<never>,
      { maxLength: 2 },
    ),
    spendLimits: fc.constant([
      {
        id: 'fraud',
        amount: 5_000_000,
        window: 'day',
        thresholds: [80, 100],
        callTypes: new Set(['premium']),
        destinations: [],
      },
    ]) as fc.Arbitrary<never>,
    billing: fc.record({ country: text, state: text }) as fc.Arbitrary<never>,
    devices: fc.array(
      fc.record(
        {
          id: text,
          kind: text,
          extension: text,
          billingGroup: text,
          rules,
          service,
          isLowUsage: fc.boolean(),
        },
        { requiredKeys: ['id', 'kind', 'extension'] },
      ) as fc.Arbitrary<never>,
      { maxLength: 3 },
    ),
    numbers: fc.array(
      fc.record(
        {
          number,
          kind: fc.constantFrom('did', 'toll_free'),
          extension: text,
          billingGroup: text,
          rules,
          service,
        },
        { requiredKeys: ['number', 'kind', 'extension'] },
      ) as fc.Arbitrary<never>,
      { maxLength: 3 },
    ),
    isDefault: fc.boolean(),
  },
  {
    requiredKeys: [
      'id',
      'name',
      'plan',
      'timeZone',
      'dialPlan',
      'currency',
      'status',
      'billingStart',
      'address',
      'devices',
      'numbers',
      'isDefault',
    ],
  },
) as fc.Arbitrary<Account>;

const FIELDS = [
  'id',
  'name',
  'plan',
  'timeZone',
  'dialPlan',
  'currency',
  'status',
  'isDefault',
  'billingStart',
  'address',
  'devices',
  'numbers',
  'rules',
  'billingGroups',
  'spendLimits',
  'billing',
] as const satisfies readonly (keyof Account)[];

/** The account as those see it who ask for one field after the other. */
function seen(account: Account): unknown[] {
  return FIELDS.map((field) => account[field]);
}

const catalogs = fc.uniqueArray(account, { selector: ({ id }) => id, maxLength: 20 }).filter((accounts) => {
  const numbers = accounts.flatMap((each) => each.numbers.map((own) => own.number));
  return new Set(numbers).size === numbers.length;
});

test('accounts come out of their columns as they went in', () => {
  fc.assert(
    fc.property(catalogs, (list) => {
      const byId = new Map(list.map((each) => [each.id, each]));
      const byNumber = new Map(list.flatMap((each) => each.numbers.map((own) => [own.number, each])));
      const stored = storedAccounts(accountColumns(byId), { plans: PLANS, tariffs: TARIFFS });
      expect([...stored.accounts]).toEqual([...byId]);
      expect([...stored.accounts.keys()]).toEqual([...byId.keys()]);
      expect(stored.accounts.size).toBe(byId.size);
      for (const [id, each] of byId) {
        expect(wholeAccount(stored.accounts.get(id)!)).toEqual(each);
        expect(seen(stored.accounts.get(id)!)).toEqual(seen(each));
        expect(stored.accounts.get(id)!.plan).toBe(each.plan);
        expect(stored.accounts.get(id)).toBe(stored.accounts.get(id));
      }
      expect([...stored.accountByNumber]).toEqual([...byNumber].sort(([a], [b]) => a - b));
      for (const [own, each] of byNumber)
        expect(stored.accountByNumber.get(own)).toBe(stored.accounts.get(each.id));
    }),
    { seed, numRuns: 300 },
  );
});

test('what views are asked for in turns is that of each', () => {
  fc.assert(
    fc.property(catalogs, fc.array(fc.tuple(fc.nat(), fc.constantFrom(...FIELDS))), (list, asked) => {
      fc.pre(list.length > 0);
      const stored = storedAccounts(accountColumns(new Map(list.map((each) => [each.id, each]))), {
        plans: PLANS,
        tariffs: TARIFFS,
      });
      const views = list.map(({ id }) => stored.accounts.get(id)!);
      for (const [place, field] of asked)
        expect(views[place % list.length]![field]).toEqual(list[place % list.length]![field]);
    }),
    { seed, numRuns: 300 },
  );
});

/** With nothing but what every account has. */
function plain(account: Account): Account {
  const { id, name, plan, timeZone, dialPlan, currency, status, billingStart, address, isDefault } = account;
  return {
    id,
    name,
    plan,
    timeZone,
    dialPlan,
    currency,
    status,
    billingStart,
    address,
    isDefault,
    devices: account.devices.map((each) => ({ id: each.id, kind: each.kind, extension: each.extension })),
    numbers: account.numbers.map(({ number: own, kind, extension }) => ({ number: own, kind, extension })),
  };
}

test('accounts in columns have the fingerprint that they have as objects', () => {
  const fingerprint = (accounts: ReadonlyMap<string, Account>): string[] =>
    fingerprintsOf(
      { name: '', plans: new Map(), tariffs: new Map(), destinationSets: new Map(), accounts },
      [1],
    );
  fc.assert(
    fc.property(catalogs, fc.boolean(), (list, arePlain) => {
      const byId = new Map(list.map((each) => [each.id, arePlain ? plain(each) : each]));
      const stored = storedAccounts(accountColumns(byId), { plans: PLANS, tariffs: TARIFFS });
      expect(fingerprint(stored.accounts)).toEqual(fingerprint(byId));
    }),
    { seed, numRuns: 300 },
  );
});

test('what is not among them is not found', () => {
  fc.assert(
    fc.property(catalogs, text, number, (list, id, unknown) => {
      const byId = new Map(list.map((each) => [each.id, each]));
      const owned = new Set(list.flatMap((each) => each.numbers.map((own) => own.number)));
      const stored = storedAccounts(accountColumns(byId), { plans: PLANS, tariffs: TARIFFS });
      expect(stored.accounts.has(id)).toBe(byId.has(id));
      expect(stored.accountByNumber.has(unknown)).toBe(owned.has(unknown));
      expect(stored.accountByNumber.get(unknown) === undefined).toBe(!owned.has(unknown));
    }),
    { seed, numRuns: 300 },
  );
});

test('more accounts than the tables were made for', () => {
  const list = Array.from({ length: 5000 }, (_, i): Account => ({
    id: `account-${i}`,
    name: '',
    plan: PLANS.get('standard')!,
    timeZone: 'UTC',
    dialPlan: { country: 'US', areaCode: '' },
    currency: 'USD',
    status: 'active',
    billingStart: 0,
    address: [],
    devices: [],
    numbers: [{ number: 1_212_555_0000 + ((i * 7919) % 5000), kind: 'did', extension: '' }],
    isDefault: false,
  }));
  const byId = new Map(list.map((each) => [each.id, each]));
  const stored = storedAccounts(accountColumns(byId), { plans: PLANS, tariffs: TARIFFS });
  for (const each of list) {
    expect(wholeAccount(stored.accounts.get(each.id)!)).toEqual(each);
    expect(stored.accountByNumber.get(each.numbers[0]!.number)!.id).toBe(each.id);
  }
});
