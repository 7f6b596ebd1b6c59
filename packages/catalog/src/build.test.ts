import { describe, expect, test } from 'vitest';
import { accountFor } from './account-for.ts';
import { buildCatalog } from './build.ts';
import { describeCatalog } from './describe.ts';
import type { Catalog } from './model.ts';
import { type CatalogProblem, renderProblems } from './problems.ts';
import { SMALL_CATALOG, edited, smallCatalog } from './testing.ts';

function build(changes: Parameters<typeof smallCatalog>[0] = {}, defaultPlan?: string): Catalog {
  const result = buildCatalog(smallCatalog(changes), { defaultPlan });
  if (!result.ok) throw new Error(renderProblems(result.problems));
  return result.catalog;
}

function problemsOf(
  changes: Parameters<typeof smallCatalog>[0],
  defaultPlan?: string,
): readonly CatalogProblem[] {
  const result = buildCatalog(smallCatalog(changes), { defaultPlan });
  return result.ok ? [] : result.problems;
}

function summaries(problems: readonly CatalogProblem[]): string[] {
  return problems.map(({ code, file, line, column, text }) => `${file}:${line}:${column} ${code} ${text}`);
}

describe('a catalog that is right', () => {
  const catalog = build();
  const deck = catalog.tariffs.get('deck')!;

  test('has its money as exact scaled integers', () => {
    expect(Array.from(deck.rates, (rate) => rate.ratePerMinute)).toEqual([
      1_850_000, 5_250_000, 6_000_000, 150_000_000,
    ]);
    expect(deck.rates.at(1).connectFee).toBe(10_000);
    expect(catalog.plans.get('standard')!.recurring[0]!.amount).toBe(19_950_000);
    expect(catalog.tariffs.get('domestic')!.rates.at(0).ratePerMinute).toBe(2_000_000);
  });

  test('finds the row that holds at the instant', () => {
    const at = Date.UTC(2020, 6, 1);
    expect(deck.rates.at(deck.index.find(5511987650123, at - 1)).ratePerMinute).toBe(5_250_000);
    expect(deck.rates.at(deck.index.find(5511987650123, at)).ratePerMinute).toBe(6_000_000);
    expect(deck.rates.at(deck.index.find(552135550100, at)).prefix).toBe('55');
    expect(deck.index.find(5511987650123, Date.UTC(2014, 11, 31))).toBe(-1);
  });

  test('starts billing at midnight of the account', () => {
    expect(new Date(catalog.accounts.get('acme')!.billingStart).toISOString()).toBe(
      '2020-01-15T05:00:00.000Z',
    );
    // That day the clocks of São Paulo went from 23:59 to 01:00.
    expect(new Date(catalog.accounts.get('other')!.billingStart).toISOString()).toBe(
      '2018-11-04T03:00:00.000Z',
    );
  });

  test('knows whose a number is', () => {
    expect(catalog.accountByNumber.get(18005550100)?.id).toBe('acme');
    expect(catalog.accounts.get('acme')!.numbers.map(({ kind }) => kind)).toEqual(['did', 'toll_free']);
  });

  test('describes itself in file order', () => {
    const described = describeCatalog(catalog);
    expect(described.accounts.map(({ id }) => id)).toEqual(['acme', 'other']);
    expect(described.plans[0]!.recurring[0]!.amount).toBe('19.95');
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
  });

  test('keeps its fingerprint when only the writing changes', () => {
    const rows = SMALL_CATALOG['tariffs/deck.csv'].trimEnd().split('\n');
    const reordered = [rows[0], ...rows.slice(1).reverse()].join('\r\n').replace('0.0600', '0.06');
    expect(build({ 'tariffs/deck.csv': reordered }).fingerprint).toBe(catalog.fingerprint);
    expect(build({}, 'standard').fingerprint).toBe(catalog.fingerprint);
    expect(build(edited('tariffs/deck.csv', '0.0185', '0.0186')).fingerprint).not.toBe(catalog.fingerprint);
    expect(build(edited('catalog.yaml', 'version: 3', 'version: 4')).fingerprint).not.toBe(
      catalog.fingerprint,
    );
  });

  test('makes accounts on the default plan, once each', () => {
    expect(accountFor(catalog, 'stranger')).toBeNull();
    const open = build({}, 'standard');
    const stranger = accountFor(open, 'stranger')!;
    expect(stranger).toMatchObject({ id: 'stranger', isDefault: true, currency: 'USD', status: 'active' });
    expect(accountFor(open, 'stranger')).toBe(stranger);
    expect(accountFor(open, 'acme')!.isDefault).toBe(false);
  });

  test('lets a row have its own duration rounding', () => {
    const csv = 'prefix,rate,rounding\n55,0.01,up\n44,0.01,\n';
    const tariff = build({
      'tariffs/deck.csv': `${csv}1900,1,\n`,
      ...edited('tariffs/deck.yaml', 'rates:', 'rounding: { duration: nearest }\nrates:'),
    });
    expect(Array.from(tariff.tariffs.get('deck')!.rates, (rate) => rate.durationRounding)).toEqual([
      'up',
      'nearest',
      'nearest',
    ]);
  });

  test('reads special terms, the row before the defaults of its tariff', () => {
    const yaml = `id: deck\nname: Deck\ncurrency: USD\ndefaults: { minimum_charge: 0.05, free_seconds: 10 }\nrates:
  - { prefix: '55', rate: 0.01 }
  - { prefix: '44', rate: 0.01, minimum_charge: 0, maximum_charge: 2.5, attempt_fee: 0.001, free_seconds: 0 }
  - { prefix: '1900', rate: 0.01, minimum_charge: 0, free_seconds: 0 }
`;
    const none = { priceLists: null, origin: null, jurisdictionRates: null };
    const changed = build({ 'tariffs/deck.yaml': yaml, 'tariffs/deck.csv': null });
    expect(Array.from(changed.tariffs.get('deck')!.rates, ({ special }) => special)).toEqual([
      { minimumCharge: 50_000, maximumCharge: Infinity, attemptFee: 0, freeSeconds: 10, ...none },
      { minimumCharge: 0, maximumCharge: 2_500_000, attemptFee: 1_000, freeSeconds: 0, ...none },
      null,
    ]);
    const other = { 'tariffs/deck.yaml': yaml.replace('0.001', '0.002'), 'tariffs/deck.csv': null };
    expect(build(other).fingerprint).not.toBe(changed.fingerprint);
  });

  const ownRules = `accounts:
  - id: acme
    name: Acme
    plan: standard
    billing_start: 2020-01-15
    rules: { international: { tariff: domestic } }
    rule_sets: { shut: { international: blocked, local: { tariff: deck, pool: included } } }
    billing_groups: [{ id: sales, name: Sales, rules: shut }]
    devices:
      - { id: phone-101, kind: phone, extension: '101', billing_group: sales, rules: { local: free } }
  - { id: other, name: Other, plan: standard, billing_start: 2018-11-04 }
`;
  const ownNumbers =
    'number,account,kind,extension,billing_group,rules\n+12125550100,acme,did,101,sales,shut\n12125550101,other,did,,,\n';

  test('reads the rules of accounts, billing groups, devices and numbers', () => {
    const files = { 'accounts.yaml': ownRules, 'numbers.csv': ownNumbers };
    const catalog = build(files);
    const account = catalog.accounts.get('acme')!;
    const shut = {
      international: { kind: 'blocked' },
      local: { kind: 'tariff', tariff: { id: 'deck' }, pools: [{ id: 'included' }] },
    };
    expect(account.rules).toMatchObject({ international: { kind: 'tariff', tariff: { id: 'domestic' } } });
    expect(account.billingGroups).toMatchObject([{ id: 'sales', name: 'Sales', rules: shut }]);
    expect(account.devices).toMatchObject([{ billingGroup: 'sales', rules: { local: { kind: 'free' } } }]);
    expect(account.numbers).toMatchObject([{ number: 12125550100, billingGroup: 'sales', rules: shut }]);
    const other = { ...files, 'numbers.csv': ownNumbers.replace(',shut', ',') };
    expect(build(other).fingerprint).not.toBe(catalog.fingerprint);
  });

  test.each([
    ['a rule set that is none', 'rules: shut }', 'rules: open }', 'TOLL_CATALOG_REFERENCE_UNKNOWN'],
    ['a group that is none', 'billing_group: sales', 'billing_group: help', 'TOLL_CATALOG_REFERENCE_UNKNOWN'],
    ['a tariff that is none', 'tariff: deck', 'tariff: dock', 'TOLL_CATALOG_REFERENCE_UNKNOWN'],
    ['a pool that is none', 'pool: included', 'pool: other', 'TOLL_CATALOG_REFERENCE_UNKNOWN'],
    ['a call type that is none', '{ local: free }', '{ loco: free }', 'TOLL_CATALOG_STRUCTURE_INVALID'],
  ])('refuses own rules with %s', (_, search, replacement, code) => {
    expect(ownRules).toContain(search);
    const yaml = ownRules.replace(search, replacement);
    const result = buildCatalog(smallCatalog({ 'accounts.yaml': yaml, 'numbers.csv': ownNumbers }));
    expect(result).toMatchObject({ ok: false, problems: [{ code, file: 'accounts.yaml' }] });
  });

  test('says in which cell of the list of numbers a group stands that the account does not have', () => {
    const numbers = `${ownNumbers}12125550102,acme,did,,help,\n12125550103,other,did,,sales,\n`;
    expect(summaries(problemsOf({ 'accounts.yaml': ownRules, 'numbers.csv': numbers }))).toEqual([
      'numbers.csv:4:23 TOLL_CATALOG_REFERENCE_UNKNOWN help',
      'numbers.csv:5:24 TOLL_CATALOG_REFERENCE_UNKNOWN sales',
    ]);
  });

  test('refuses own rules in another currency than the account', () => {
    const euro = "id: euro\nname: Euro\ncurrency: EUR\nrates: [{ prefix: '55', rate: 0.01 }]\n";
    const yaml = ownRules.replace('tariff: domestic', 'tariff: euro');
    const result = buildCatalog(
      smallCatalog({ 'accounts.yaml': yaml, 'numbers.csv': ownNumbers, 'tariffs/euro.yaml': euro }),
    );
    expect(result).toMatchObject({
      ok: false,
      problems: [
        {
          code: 'TOLL_CATALOG_CURRENCY_MISMATCH',
          line: 6,
          message: 'The tariff is in EUR and the account in USD',
          remedy: 'Use a tariff in the currency of the plan.',
        },
      ],
    });
  });

  const groups = `${SMALL_CATALOG['catalog.yaml']}origin_groups: { near: [FR, 49, '351'], far: [unknown, BR] }\n`;

  test('reads rows for some callers, and rates by jurisdiction', () => {
    const csv = `prefix,rate,origin,origin_class,rate_interstate,rate_intrastate,rate_indeterminate
1900,1,,,,,
55,0.02,,,,,
55,0.01,near,,,,
55,0.03,351,mobile,,,
1,,,,0.01,0.02,0.03
1,0.05,BR,,0.04,,
`;
    const files = { 'catalog.yaml': groups, 'tariffs/deck.csv': csv };
    const { tariffs, fingerprint } = build(files);
    const { rates, originIndex } = tariffs.get('deck')!;
    expect(Array.from(rates, ({ special }) => special?.origin ?? null)).toEqual([
      null,
      null,
      { text: 'near', members: ['FR', '49', '351'], numberClass: '' },
      { text: '351', members: ['351'], numberClass: 'mobile' },
      null,
      { text: 'BR', members: ['BR'], numberClass: '' },
    ]);
    expect([4, 5].map((row) => rates.specialAt(row)!.jurisdictionRates)).toEqual([
      { interstate: 1_000_000, intrastate: 2_000_000, indeterminate: 3_000_000, other: null },
      { interstate: 4_000_000, intrastate: 5_000_000, indeterminate: 5_000_000, other: 5_000_000 },
    ]);
    const rowFor = (number: number, caller: number) => originIndex!.find(number, caller, 0);
    expect(
      [0, 33142345678, 351212345678, 351912345678].map((caller) => rowFor(5511987650123, caller)),
    ).toEqual([1, 2, 2, 3]);
    expect([12125550100, 5511987650123].map((caller) => rowFor(12125550199, caller))).toEqual([4, 5]);
    expect(tariffs.get('domestic')!.originIndex).toBeNull();
    const other = { ...files, 'catalog.yaml': groups.replace("'351'", "'352'") };
    expect(build(other).fingerprint).not.toBe(fingerprint);
  });

  test.each([
    ['nowhere', '55,0.01,nowhere,,,,', 'TOLL_CATALOG_ORIGIN_INVALID'],
    ['a class that is none', '55,0.01,49,pager,,,', 'TOLL_CATALOG_VALUE_UNKNOWN'],
    [
      'a group with the prefix of another row',
      '55,0.01,near,,,,\n55,0.02,351,,,,',
      'TOLL_CATALOG_PREFIX_DUPLICATE',
    ],
    ['no rate outside of some jurisdictions', '55,,,,0.01,0.01,', 'TOLL_CATALOG_JURISDICTION_INVALID'],
    ['a negative rate', '55,0.01,,,-1,,', 'TOLL_CATALOG_DECIMAL_INVALID'],
  ])('refuses rows with %s', (_, rows, code) => {
    const csv = `prefix,rate,origin,origin_class,rate_interstate,rate_intrastate,rate_indeterminate\n${rows}\n`;
    const result = buildCatalog(smallCatalog({ 'catalog.yaml': groups, 'tariffs/deck.csv': csv }));
    expect(result).toMatchObject({ ok: false, problems: [{ code, file: 'tariffs/deck.csv' }] });
  });

  test.each([
    ["{ GB: ['33'] }", 'catalog.yaml:4:18'],
    ['{ near: [XX] }', 'catalog.yaml:4:25'],
    ['{ near: [] }', 'catalog.yaml:4:18'],
  ])('refuses the groups %s', (written, place) => {
    const yaml = `${SMALL_CATALOG['catalog.yaml']}origin_groups: ${written}\n`;
    const result = buildCatalog(smallCatalog({ 'catalog.yaml': yaml }));
    if (result.ok) throw new Error('not refused');
    const [first] = result.problems;
    expect(first!.code).toBe('TOLL_CATALOG_ORIGIN_INVALID');
    expect(`${first!.file}:${first!.line}:${first!.column}`).toBe(place);
  });

  test('warns of a prefix that only some callers have a rate for', () => {
    const csv = 'prefix,rate,origin\n1900,1,\n55,0.01,GB\n56,0.01,GB\n44,0.01,\n4479,0.02,GB\n';
    const result = buildCatalog(smallCatalog({ 'tariffs/deck.csv': csv }));
    if (!result.ok) throw new Error('refused');
    expect(result.warnings).toMatchObject([
      {
        code: 'TOLL_CATALOG_ORIGIN_GAP',
        line: 3,
        message: 'Calls to prefix 55 (and to 1 more) have no rate when others call than GB',
      },
    ]);
  });

  const windows = `id: deck\nname: Deck\ncurrency: USD\ntime_zone: America/Sao_Paulo\nwindows:
  - { id: night, from: '21:00', to: '07:00', days: [mon, fri] }
  - { id: feast, holidays: br, dates: [2020-12-24] }
rates: deck.csv
`;
  const windowed = {
    'catalog.yaml': `${SMALL_CATALOG['catalog.yaml']}holidays: { br: [2020-09-07] }\n`,
    'tariffs/deck.yaml': windows,
    'tariffs/deck.csv':
      'prefix,rate,tiers,rate@night,tiers@feast,rate@feast\n55,0.02,600=0.01,0.005,60=0;90=0.1,0.03\n1900,1,,,,\n',
  };

  test('reads tiers and windows', () => {
    const changed = build(windowed);
    const tariff = changed.tariffs.get('deck')!;
    expect(tariff.windows!.timeZone).toBe('America/Sao_Paulo');
    expect(tariff.windows!.windows.map((window) => [window.fromMinute, window.toMinute])).toEqual([
      [1260, 420],
      [0, 1440],
    ]);
    expect(
      [...tariff.windows!.windows[1]!.dates].map((day) => new Date(day * 86_400_000).getUTCDate()),
    ).toEqual([7, 24]);
    const list = (...tiers: [number, number][]): unknown => ({
      initialRatePerMinute: tiers[0]![1],
      tiers: tiers.map(([fromSeconds, ratePerMinute]) => ({ fromSeconds, ratePerMinute })),
    });
    expect(tariff.rates.at(0).special!.priceLists).toEqual({
      base: list([0, 2_000_000], [600, 1_000_000]),
      byWindow: [list([0, 500_000]), list([0, 3_000_000], [60, 0], [90, 10_000_000])],
    });
    expect(tariff.rates.at(1).special).toBeNull();
    const later = { ...windowed, 'tariffs/deck.yaml': windows.replace('21:00', '21:30') };
    expect(build(later).fingerprint).not.toBe(changed.fingerprint);
    expect(JSON.parse(JSON.stringify(describeCatalog(changed))).tariffs[0].windows.ids).toEqual([
      'night',
      'feast',
    ]);
  });

  test('warns of rows that decide nothing, cost less before they start, or differ from those beside them', () => {
    const ten = Array.from({ length: 9 }, (_, digit) => `5${digit},0.02,,`).join('\n');
    const sixes = Array.from({ length: 10 }, (_, digit) => `59${digit},0.02,,`).join('\n');
    const rows = `prefix,rate,effective_from,blocked
5,0.02,,
${ten}
${sixes}
44,0.01,,
447,0.05,2020-03-01,
448,0.05,2020-03-01,true
4420,0.01,,
4421,0.012,,
4422,0.12,,
4423,0.001,,
1900,1,,
`;
    const result = buildCatalog(smallCatalog({ 'tariffs/deck.csv': rows }));
    expect(result.ok && summaries(result.warnings)).toEqual([
      'tariffs/deck.csv:2:1 TOLL_CATALOG_PREFIX_SHADOWED 5',
      'tariffs/deck.csv:23:10 TOLL_CATALOG_RATE_CHEAPER_BEFORE 2020-03-01',
      'tariffs/deck.csv:27:6 TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS 0.12',
      'tariffs/deck.csv:28:6 TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS 0.001',
    ]);
  });

  test('warns of times at which a row has no rate', () => {
    const rows = 'prefix,rate,rate@night\n55,,0.005\n1900,1,\n';
    const result = buildCatalog(smallCatalog({ ...windowed, 'tariffs/deck.csv': rows }));
    expect(result.ok && result.warnings.map(({ message }) => message)).toEqual([
      'There is no rate from Sunday 00:00 to Monday 21:00',
    ]);
    const always = windows.replace(", from: '21:00', to: '07:00', days: [mon, fri]", '');
    const changed = { ...windowed, 'tariffs/deck.yaml': always, 'tariffs/deck.csv': rows };
    expect(buildCatalog(smallCatalog(changed))).toMatchObject({ ok: true, warnings: [] });
  });

  test('rates by routing number where the tariff says so', () => {
    const changed = build(edited('tariffs/domestic.yaml', 'rates:', 'by_routing_number: true\nrates:'));
    expect(changed.tariffs.get('domestic')!.byRoutingNumber).toBe(true);
    expect(catalog.tariffs.get('domestic')!.byRoutingNumber).toBe(false);
    expect(changed.fingerprint).not.toBe(catalog.fingerprint);
  });

  test('bills answered calls of no length where the plan says so', () => {
    expect(catalog.plans.get('standard')!.billsZeroLength).toBe(false);
    const changed = build(
      edited('plans/standard.yaml', 'pools:', 'zero_length_calls: initial_interval\npools:'),
    );
    expect(changed.plans.get('standard')!.billsZeroLength).toBe(true);
    expect(changed.fingerprint).not.toBe(catalog.fingerprint);
  });

  test('warns of what is legal and probably wrong', () => {
    const result = buildCatalog(
      smallCatalog({
        ...edited('plans/standard.yaml', "['1900']", "['1900', '1787555']"),
        'tariffs/left-over.csv': 'prefix,rate\n1,1\n',
        'tariffs/unused.yaml': 'id: unused\nname: Unused\ncurrency: USD\nrates: []\n',
      }),
    );
    expect(result.ok && summaries(result.warnings)).toEqual([
      "plans/standard.yaml:6:28 TOLL_CATALOG_PREMIUM_WITHOUT_RATE '1787555'",
      'tariffs/left-over.csv:0:0 TOLL_CATALOG_FILE_UNUSED ',
      'tariffs/unused.yaml:1:5 TOLL_CATALOG_TARIFF_UNUSED unused',
    ]);
  });
});

test('says that a file is empty, in place of the type that it should have', () => {
  const messages = problemsOf({ 'catalog.yaml': '# nothing yet\n' }).map(({ message }) => message);
  expect(messages).toContain('The file is empty');
});

describe('a problem has its place', () => {
  const cases: [string, Record<string, string | Uint8Array | null>, string[]][] = [
    ['no catalog.yaml', { 'catalog.yaml': null }, ['catalog.yaml:0:0 TOLL_CATALOG_FILE_MISSING ']],
    [
      'malformed YAML',
      { 'accounts.yaml': 'accounts:\n  - id: acme\n   name: x\n' },
      ['accounts.yaml:3:1 TOLL_CATALOG_YAML_INVALID name: x'],
    ],
    [
      'a key twice',
      edited('tariffs/domestic.yaml', 'currency: USD\n', 'currency: USD\ncurrency: CAD\n'),
      ['tariffs/domestic.yaml:4:1 TOLL_CATALOG_YAML_INVALID currency: CAD'],
    ],
    [
      'an unknown key',
      edited('plans/standard.yaml', 'country: US\n', 'country: US\ncuontry: US\n'),
      ['plans/standard.yaml:5:1 TOLL_CATALOG_STRUCTURE_INVALID cuontry'],
    ],
    [
      'a rule that is no rule',
      edited('plans/standard.yaml', 'internal: free', 'internal: cheap'),
      ['plans/standard.yaml:10:13 TOLL_CATALOG_STRUCTURE_INVALID cheap'],
    ],
    [
      'an unclosed quote in CSV',
      edited('tariffs/deck.csv', '1900,Information', '1900,"Information'),
      ['tariffs/deck.csv:5:1 TOLL_CATALOG_CSV_INVALID '],
    ],
    [
      'a record with too few fields',
      edited('tariffs/deck.csv', '1900,Information,US,1.5,0,60,60,,,', '1900,Information,US,1.5'),
      ['tariffs/deck.csv:5:21 TOLL_CATALOG_CSV_INVALID 1.5'],
    ],
    [
      'an unknown and a missing column',
      edited('tariffs/deck.csv', 'prefix,', 'code,'),
      [
        'tariffs/deck.csv:1:1 TOLL_CATALOG_COLUMN_UNKNOWN code',
        'tariffs/deck.csv:1:1 TOLL_CATALOG_COLUMN_MISSING ',
      ],
    ],
    [
      'a tariff that is not there',
      edited('plans/standard.yaml', 'premium: { tariff: deck }', 'premium: { tariff: desk }'),
      ['plans/standard.yaml:13:22 TOLL_CATALOG_REFERENCE_UNKNOWN desk'],
    ],
    [
      'a pool that is not there',
      edited('plans/standard.yaml', 'pool: included', 'pool: inclusive'),
      ['plans/standard.yaml:11:36 TOLL_CATALOG_REFERENCE_UNKNOWN inclusive'],
    ],
    [
      'a plan that is not there',
      edited('accounts.yaml', 'plan: standard', 'plan: gold'),
      ['accounts.yaml:4:11 TOLL_CATALOG_REFERENCE_UNKNOWN gold'],
    ],
    [
      'a CSV file that is not there',
      edited('tariffs/deck.yaml', 'deck.csv', 'dekc.csv'),
      ['tariffs/deck.yaml:4:8 TOLL_CATALOG_FILE_MISSING dekc.csv'],
    ],
    [
      'an account of a number that is not there',
      edited('numbers.csv', 'other,did', 'nobody,did'),
      ['numbers.csv:4:13 TOLL_CATALOG_REFERENCE_UNKNOWN nobody'],
    ],
    [
      'a number of two accounts',
      edited('numbers.csv', '12125550101,', '12125550100,'),
      ['numbers.csv:4:1 TOLL_CATALOG_NUMBER_DUPLICATE 12125550100'],
    ],
    [
      'a number that is none',
      edited('numbers.csv', '18005550100', '800-555-0100'),
      ['numbers.csv:3:1 TOLL_CATALOG_NUMBER_INVALID 800-555-0100'],
    ],
    [
      'rows of one prefix at the same time',
      edited('tariffs/deck.csv', '2020-07-01,false', '2020-07-02,false'),
      ['tariffs/deck.csv:4:1 TOLL_CATALOG_PREFIX_DUPLICATE 55119'],
    ],
    [
      'inverted dates',
      edited('tariffs/deck.csv', '2020-07-01,false', '2014-07-01,false'),
      ['tariffs/deck.csv:3:65 TOLL_CATALOG_DATE_INVERTED 2014-07-01'],
    ],
    [
      'a day that no calendar has',
      edited('tariffs/deck.csv', '60,2015-01-01', '60,2015-02-29'),
      ['tariffs/deck.csv:2:29 TOLL_CATALOG_DATE_INVALID 2015-02-29'],
    ],
    [
      'an increment of 0',
      edited('tariffs/deck.csv', '0,60,60,2015', '0,60,0,2015'),
      ['tariffs/deck.csv:2:26 TOLL_CATALOG_INCREMENT_INVALID 0'],
    ],
    [
      'free seconds that are none',
      edited('tariffs/domestic.yaml', 'rate: 0.02', 'rate: 0.02, free_seconds: 100000'),
      ['tariffs/domestic.yaml:6:46 TOLL_CATALOG_SECONDS_INVALID 100000'],
    ],
    [
      'a maximum charge below the minimum',
      edited('tariffs/domestic.yaml', 'rate: 0.02', 'rate: 0.02, minimum_charge: 2, maximum_charge: 1.5'),
      ['tariffs/domestic.yaml:6:67 TOLL_CATALOG_CHARGE_INVERTED 1.5'],
    ],
    [
      'tiers that do not ascend',
      edited('tariffs/domestic.yaml', 'rate: 0.02', "rate: 0.02, tiers: '60=1; 60=2'"),
      ["tariffs/domestic.yaml:6:39 TOLL_CATALOG_TIERS_INVALID '60=1; 60=2'"],
    ],
    [
      'tiers without a rate before them',
      edited('tariffs/domestic.yaml', 'rate: 0.02', "tiers: '60=1'"),
      [
        'tariffs/domestic.yaml:6:5 TOLL_CATALOG_DECIMAL_INVALID ',
        "tariffs/domestic.yaml:6:27 TOLL_CATALOG_TIERS_INVALID '60=1'",
      ],
    ],
    [
      'a window that is not there, and one that ends where it begins',
      edited(
        'tariffs/domestic.yaml',
        "rates:\n  - { prefix: '1', rate: 0.02",
        "windows: [{ id: night, from: '07:00', to: '07:00' }, { id: day, holidays: us }]\nrates:\n  - { prefix: '1', rate@evening: 0.02",
      ),
      [
        "tariffs/domestic.yaml:5:43 TOLL_CATALOG_TIME_INVALID '07:00'",
        'tariffs/domestic.yaml:5:75 TOLL_CATALOG_REFERENCE_UNKNOWN us',
        'tariffs/domestic.yaml:7:5 TOLL_CATALOG_DECIMAL_INVALID ',
        'tariffs/domestic.yaml:7:20 TOLL_CATALOG_REFERENCE_UNKNOWN rate@evening',
      ],
    ],
    [
      'a negative rate',
      edited('tariffs/deck.csv', '0.0185', '-0.0185'),
      ['tariffs/deck.csv:2:14 TOLL_CATALOG_DECIMAL_INVALID -0.0185'],
    ],
    [
      'a rate of 40 digits',
      edited('tariffs/deck.csv', '0.0185', '1'.repeat(40)),
      [`tariffs/deck.csv:2:14 TOLL_CATALOG_DECIMAL_INVALID ${'1'.repeat(40)}`],
    ],
    [
      'more digits than a rate has, in YAML without quotes',
      edited('tariffs/domestic.yaml', 'rate: 0.02', 'rate: 0.0200000001'),
      ['tariffs/domestic.yaml:6:26 TOLL_CATALOG_DECIMAL_INVALID 0.0200000001'],
    ],
    [
      'a prefix with a plus',
      edited('tariffs/deck.csv', '1900,', '+1900,'),
      ['tariffs/deck.csv:5:1 TOLL_CATALOG_PREFIX_INVALID +1900'],
    ],
    [
      'faults of rows that repeat the one above them',
      { 'tariffs/deck.csv': 'prefix,rate\n44,0.1\n045,0.1\n46,0.1\n47,-1\n48,-1\n' },
      [
        'tariffs/deck.csv:3:1 TOLL_CATALOG_PREFIX_INVALID 045',
        'tariffs/deck.csv:5:4 TOLL_CATALOG_DECIMAL_INVALID -1',
        'tariffs/deck.csv:6:4 TOLL_CATALOG_DECIMAL_INVALID -1',
      ],
    ],
    [
      'an unknown currency',
      edited('tariffs/deck.yaml', 'USD', 'USX'),
      ['tariffs/deck.yaml:3:11 TOLL_CATALOG_CURRENCY_UNKNOWN USX'],
    ],
    [
      'a tariff in another currency',
      edited('tariffs/domestic.yaml', 'USD', 'CAD'),
      [
        'plans/standard.yaml:11:20 TOLL_CATALOG_CURRENCY_MISMATCH domestic',
        'plans/standard.yaml:12:28 TOLL_CATALOG_CURRENCY_MISMATCH domestic',
      ],
    ],
    [
      'an unknown country',
      edited('plans/standard.yaml', '[US]', '[US, XQ]'),
      ['plans/standard.yaml:5:26 TOLL_CATALOG_COUNTRY_UNKNOWN XQ'],
    ],
    [
      'a country by another code than its own',
      edited('plans/standard.yaml', 'country: US', 'country: UK'),
      ['plans/standard.yaml:4:10 TOLL_CATALOG_COUNTRY_UNKNOWN UK'],
    ],
    [
      'a place that is no country',
      edited('plans/standard.yaml', '[US]', '[US, ZZ]'),
      ['plans/standard.yaml:5:26 TOLL_CATALOG_COUNTRY_UNKNOWN ZZ'],
    ],
    [
      'a number whose service ends before it begins',
      {
        'numbers.csv':
          'number,account,from,to\n12125550100,acme,2020-02-01,2020-02-01\n12125550101,acme,2020-02-02,2020-02-01\n',
      },
      ['numbers.csv:3:29 TOLL_CATALOG_DATE_INVERTED 2020-02-01'],
    ],
    [
      'an unknown time zone',
      edited('accounts.yaml', 'America/Sao_Paulo', 'America/Sampa'),
      ['accounts.yaml:12:16 TOLL_CATALOG_ZONE_UNKNOWN America/Sampa'],
    ],
    [
      'an account twice',
      edited('accounts.yaml', 'id: other', 'id: acme'),
      [
        'accounts.yaml:9:9 TOLL_CATALOG_ID_DUPLICATE acme',
        'numbers.csv:4:13 TOLL_CATALOG_REFERENCE_UNKNOWN other',
      ],
    ],
    [
      'a file that is no UTF-8',
      { 'numbers.csv': Buffer.from('number,account\n12125550100,acm\xe9\n', 'latin1') },
      [
        'numbers.csv:2:13 TOLL_CATALOG_REFERENCE_UNKNOWN acm�',
        'numbers.csv:2:16 TOLL_CATALOG_ENCODING_INVALID 12125550100,acm�',
      ],
    ],
    [
      'aliases that mean a billion values',
      {
        'catalog.yaml': `version: 1\nname: x\na: &a [1,1,1,1,1,1,1,1,1,1]\n${'abcdefgh'
          .split('')
          .slice(1)
          .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(',')}]\n`)
          .join('')}`,
      },
      ['catalog.yaml:0:0 TOLL_CATALOG_FILE_TOO_LARGE '],
    ],
  ];
  test.each(cases)('%s', (_, changes, expected) => {
    expect(summaries(problemsOf(changes))).toEqual(expected);
  });

  test('an unknown default plan, with those that there are', () => {
    const [problem] = problemsOf({}, 'gold');
    expect(problem).toMatchObject({ code: 'TOLL_CATALOG_DEFAULT_PLAN_UNKNOWN', text: 'gold' });
    expect(problem!.remedy).toContain('standard');
  });

  test('all at once, over all files', () => {
    const problems = problemsOf({
      ...edited('catalog.yaml', 'version: 3', 'version: none'),
      ...edited('plans/standard.yaml', 'currency: USD', 'currency: USX'),
      ...edited('tariffs/deck.csv', '0.0185', '-1'),
      ...edited('accounts.yaml', 'America/Sao_Paulo', 'Mars/Olympus'),
      ...edited('numbers.csv', '12125550101', '12125550100'),
    });
    expect(new Set(problems.map(({ file }) => file)).size).toBe(5);
  });

  test('is written for the terminal in one line and its remedy, without control characters', () => {
    const [problem] = problemsOf(edited('numbers.csv', '18005550100', '\u001b[31m800'));
    expect(renderProblems([problem!])).toBe(
      'numbers.csv:3:1: This is no E.164 number: "\\u001b[31m800" [TOLL_CATALOG_NUMBER_INVALID]\n' +
        '    Write the number in E.164 with its country code, such as +12125550100.\n',
    );
  });

  test('a deck in a wrong format is not a million problems', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `x${i},0.01\n`).join('');
    expect(problemsOf({ 'tariffs/deck.csv': `prefix,rate\n${rows}` })).toHaveLength(1000);
  });
});
