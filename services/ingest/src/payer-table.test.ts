import { expect, test } from 'vitest';
import { NOBODY, PayerTable } from './payer-table.ts';
import { CATALOG } from './testing/fixtures.ts';

const DEFAULT_DIAL_PLAN = { country: 'DE', areaCode: '30' };

function makeTable(): PayerTable {
  return new PayerTable({
    catalog: CATALOG,
    defaultDialPlan: DEFAULT_DIAL_PLAN,
    partitionOf: (accountId) => accountId.length,
  });
}

function byId(table: PayerTable, id: string): number {
  const bytes = Buffer.from(`<${id}>`);
  return table.byId(bytes, 1, bytes.length - 1);
}

test('an account is the same payer by its id and by its numbers, with its partition and dial plan', () => {
  for (const [number, account] of CATALOG.accountByNumber) {
    const table = makeTable();
    const payer = table.byNumber(number);
    expect(payer).not.toBe(NOBODY);
    expect(table.byNumber(number)).toBe(payer);
    expect(byId(table, account.id)).toBe(payer);
    expect(table.partition(payer)).toBe(account.id.length);
    expect(table.dialPlan(payer)).toEqual(account.dialPlan);
  }
});

test('an id that the catalog does not know is a payer with the default dial plan', () => {
  const table = makeTable();
  const payer = byId(table, 'acct-unknown');
  expect(byId(table, 'acct-unknown')).toBe(payer);
  expect(byId(table, 'acct-unknown-2')).not.toBe(payer);
  expect(table.dialPlan(payer)).toEqual(DEFAULT_DIAL_PLAN);
});

test('a number of no account is nobody’s, and nobody has a partition', () => {
  const table = makeTable();
  expect(table.byNumber(19_995_550_100)).toBe(NOBODY);
  expect(table.partition(NOBODY)).toBe(0);
  expect(table.dialPlan(NOBODY)).toEqual(DEFAULT_DIAL_PLAN);
});

test('numbers and ids beyond the first places keep their payers', () => {
  const accounts = Array.from({ length: 3_000 }, (_, i) => ({
    ...[...CATALOG.accounts.values()][0]!,
    id: `a-${i}`,
  }));
  const table = new PayerTable({
    catalog: {
      ...CATALOG,
      accounts: new Map(accounts.map((account) => [account.id, account])),
      accountByNumber: new Map(accounts.map((account, i) => [12_125_550_000 + i * 7, account])),
    },
    defaultDialPlan: DEFAULT_DIAL_PLAN,
    partitionOf: () => 0,
  });
  const payers = accounts.map((_, i) => table.byNumber(12_125_550_000 + i * 7));
  expect(new Set(payers).size).toBe(accounts.length);
  for (const [i, { id }] of accounts.entries()) {
    expect(table.byNumber(12_125_550_000 + i * 7)).toBe(payers[i]);
    expect(byId(table, id)).toBe(payers[i]);
  }
});
