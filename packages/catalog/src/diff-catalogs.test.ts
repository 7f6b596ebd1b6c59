import { expect, it } from 'vitest';
import { buildCatalog } from './build.ts';
import { diffCatalogs } from './diff-catalogs.ts';
import type { Catalog } from './model.ts';
import { edited, smallCatalog } from './testing.ts';

function catalog(changes: Record<string, string | null> = {}): Catalog {
  const built = buildCatalog(smallCatalog(changes));
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.catalog;
}

it('says nothing of catalogs that mean the same', () => {
  const other = catalog(edited('catalog.yaml', 'version: 3', 'version: 4 # the same'));
  expect(diffCatalogs(catalog(), other)).toEqual({ tariffs: [], plans: [], accounts: [] });
});

it('tells dearer, cheaper, new and ended rates with percent and dates', () => {
  const deck = `prefix,description,country,rate,connect_fee,initial,step,effective_from,effective_to,blocked
55,Brazil,BR,0.0185,0,60,60,2015-01-01,2021-01-01,
55119,"Brazil, São Paulo mobile",BR,0.0525,0.01,30,6,2015-01-01,2020-07-01,false
55119,"Brazil, São Paulo mobile",BR,0.0500,0.02,30,6,2020-07-01,,false
1900,Information,US,1.6,0,60,60,,,
44,United Kingdom,GB,0.01,0,60,60,,,
`;
  const { tariffs } = diffCatalogs(catalog(), catalog({ 'tariffs/deck.csv': deck }));
  expect(tariffs).toEqual([
    {
      id: 'deck',
      kind: 'changed',
      currency: 'USD',
      fields: [],
      rates: [
        {
          prefix: '1900',
          description: 'Information',
          kind: 'dearer',
          before: '1.5',
          after: '1.6',
          percent: '+6.67',
          from: null,
          to: null,
          terms: [],
        },
        {
          prefix: '44',
          description: 'United Kingdom',
          kind: 'new',
          before: null,
          after: '0.01',
          percent: null,
          from: null,
          to: null,
          terms: [],
        },
        {
          prefix: '55',
          description: 'Brazil',
          kind: 'ended',
          before: '0.0185',
          after: null,
          percent: null,
          from: '2021-01-01T00:00:00.000Z',
          to: null,
          terms: [],
        },
        {
          prefix: '55119',
          description: 'Brazil, São Paulo mobile',
          kind: 'cheaper',
          before: '0.06',
          after: '0.05',
          percent: '-16.67',
          from: '2020-07-01T00:00:00.000Z',
          to: null,
          terms: [{ field: 'connect_fee', before: '0.01', after: '0.02' }],
        },
      ].map((rate) => ({ ...rate, callers: '', from: zoned(rate.from) })),
    },
  ]);
});

/** Dates of files are midnight in the zone of the tariff, which is that of the catalog. */
function zoned(instant: string | null): string | null {
  return instant === null ? null : expect.stringContaining(instant.slice(0, 10));
}

it('tells charges, pools and accounts by their names', () => {
  const plan = edited('plans/standard.yaml', 'amount: 19.95', 'amount: 21.95');
  const pool = { 'plans/standard.yaml': plan['plans/standard.yaml']!.replace('month: 10', 'month: 20') };
  const accounts = edited('accounts.yaml', 'name: Other', 'name: Another');
  const { plans, accounts: changed, tariffs } = diffCatalogs(catalog(), catalog({ ...pool, ...accounts }));
  expect(tariffs).toEqual([]);
  expect(plans).toEqual([
    {
      id: 'standard',
      kind: 'changed',
      fields: [
        { field: 'pools.included.minutes_per_month', before: '10', after: '20' },
        { field: 'recurring.phone.amount', before: '19.95', after: '21.95' },
      ],
    },
  ]);
  expect(changed).toEqual([
    { id: 'other', kind: 'changed', fields: [{ field: 'name', before: 'Other', after: 'Another' }] },
  ]);
});

it('tells tariffs that came and went as a whole', () => {
  const tariff = 'id: extra\nname: Extra\ncurrency: USD\nrates:\n  - { prefix: "1", rate: 0.02 }\n';
  const more = catalog({ 'tariffs/extra.yaml': tariff });
  expect(diffCatalogs(catalog(), more).tariffs).toEqual([
    { id: 'extra', kind: 'added', currency: 'USD', fields: [], rates: [] },
  ]);
  expect(diffCatalogs(more, catalog()).tariffs).toEqual([
    { id: 'extra', kind: 'removed', currency: 'USD', fields: [], rates: [] },
  ]);
});

it('keeps rates for some callers apart from those for all', () => {
  const tariff = (rate: string): Record<string, string> => ({
    'tariffs/deck.csv': `prefix,rate,origin\n55,0.02,\n55,${rate},US\n1900,1.5,\n`,
  });
  const [deck] = diffCatalogs(catalog(tariff('0.01')), catalog(tariff('0.03'))).tariffs;
  expect(deck!.rates).toMatchObject([
    { prefix: '55', callers: 'US', kind: 'dearer', before: '0.01', after: '0.03', percent: '+200.00' },
  ]);
});

it('tells the same of accounts in any order', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const file = (list: readonly string[], name = 'Name') =>
    list.map((id) => ({
      id,
      name: id === 'd' ? name : 'Name',
      plan: 'standard',
      billing_start: '2020-01-15',
    }));
  const of = (accounts: object[]) =>
    catalog({ 'accounts.yaml': JSON.stringify({ accounts }), 'numbers.csv': null });
  const before = of(file(ids));
  const expected = [
    { id: '0', kind: 'added', fields: [] },
    { id: 'b', kind: 'removed', fields: [] },
    { id: 'd', kind: 'changed', fields: [{ field: 'name', before: 'Name', after: 'Other' }] },
    { id: 'x', kind: 'added', fields: [] },
  ];
  const after = ['a', 'c', 'd', 'e', 'f', 'x', '0'];
  for (const order of [after, after.toSorted(), after.toReversed(), ['0', 'x', ...after.slice(0, 5)]])
    expect(diffCatalogs(before, of(file(order, 'Other'))).accounts).toEqual(expected);
});
