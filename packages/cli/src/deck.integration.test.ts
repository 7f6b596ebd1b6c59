/** `tollstream catalog import-deck` as it is typed, on catalogs on disk. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MAIN = path.join(import.meta.dirname, 'main.ts');
const PLAN = `id: plan
name: Plan
currency: USD
country: US
rules:
  internal: free
  local: { tariff: acme }
  long_distance: { tariff: acme }
  premium: blocked
  toll_free_outbound: free
  toll_free_inbound: blocked
  inbound: free
  international: { tariff: acme }
`;
const TARIFF =
  'id: acme\nname: ACME\ncurrency: USD\nrounding: { duration: nearest }\nrates: acme-rates.csv\n';
const RATES =
  'prefix,description,rate,effective_from\n1,United States,0.01,2019-01-01\n44,UK,0.02,2019-01-01\n';

let folder: string;
let catalog: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tollstream-deck-'));
  catalog = path.join(folder, 'catalog');
  mkdirSync(path.join(catalog, 'plans'), { recursive: true });
  mkdirSync(path.join(catalog, 'tariffs'));
  writeFileSync(path.join(catalog, 'catalog.yaml'), 'version: 1\nname: Test\n');
  writeFileSync(path.join(catalog, 'plans/plan.yaml'), PLAN);
  writeFileSync(path.join(catalog, 'tariffs/acme.yaml'), TARIFF);
  writeFileSync(path.join(catalog, 'tariffs/acme-rates.csv'), RATES);
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...options: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'catalog', ...options], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

function importing(deck: string, ...options: string[]): ReturnType<typeof run> {
  writeFileSync(path.join(folder, 'deck.csv'), deck);
  return run('import-deck', 'deck.csv', '--tariff', 'acme', '--catalog', catalog, ...options);
}

const ratesNow = () => readFileSync(path.join(catalog, 'tariffs/acme-rates.csv'), 'utf8');

test('a delta goes into the file that the tariff names, and the catalog is right after it', () => {
  const { status, out } = importing(
    'Code,Rate,Effective Date\n44,0.03,2020-02-01\n33,0.04,2020-02-01\n',
    '--mode',
    'delta',
    '--json',
  );
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    tariff: 'acme',
    currency: 'USD',
    new_codes: 1,
    changed_codes: 1,
    written: ['tariffs/acme-rates.csv'],
  });
  expect(ratesNow()).toBe(
    'prefix,description,country,rate,effective_from,effective_to\n' +
      '1,United States,,0.01,2019-01-01,\n' +
      '33,,FR,0.04,2020-02-01,\n' +
      '44,UK,,0.02,2019-01-01,2020-02-01\n' +
      '44,UK,GB,0.03,2020-02-01,\n',
  );
  const checked = run('check', catalog, '--json');
  expect(JSON.parse(checked.out)).toEqual({ ok: true, problems: [] });
  expect(readdirSync(path.join(catalog, 'tariffs')).sort()).toEqual(['acme-rates.csv', 'acme.yaml']);
});

test('--dry-run says what would change, and writes nothing', () => {
  const { status, out } = importing('Code,Rate\n44,0.03\n', '--as-of', '2020-02-01', '--dry-run');
  expect(status).toBe(0);
  expect(out).toMatch(/changed codes +1: 1 dearer/);
  expect(out).toMatch(/ended codes +1/);
  expect(out).toContain('Nothing was written');
  expect(ratesNow()).toBe(RATES);
});

test('a deck in doubt ends with 2, says where, and writes nothing', () => {
  const { status, err } = importing('Code,Rate,Effective Date\n44,-1,01/02/2020\n4x,0.01,ASAP\n');
  expect(status).toBe(2);
  expect(err).toContain('deck.csv:2:2: The rate is negative: "-1" [TOLL_DECK_RATE_INVALID]');
  expect(err).toContain('deck.csv:2:3: Day and month may stand either way round');
  expect(err).toContain('deck.csv:3:1: This is no code of an E.164 number: "4x"');
  expect(err).toContain('[TOLL_DECK_DATE_MISSING]');
  expect(err).toContain('4 problems. Nothing was written.');
  expect(ratesNow()).toBe(RATES);
});

test('a tariff that does not exist is made, in the currency of the deck', () => {
  writeFileSync(path.join(folder, 'new.csv'), 'Code,Rate (EUR)\n44,0.03\n');
  const { status } = run('import-deck', 'new.csv', '--tariff', 'beta', '--catalog', catalog);
  expect(status).toBe(0);
  expect(readFileSync(path.join(catalog, 'tariffs/beta.yaml'), 'utf8')).toContain('currency: EUR');
  expect(JSON.parse(run('check', catalog, '--json').out)).toMatchObject({ ok: true });
});

test('wrong use is told apart from a wrong deck', () => {
  const deck = 'Code,Rate\n44,0.03\n';
  expect(run('import-deck', 'absent.csv', '--tariff', 'acme', '--catalog', catalog).err).toContain(
    'TOLL_DECK_FILE_UNREADABLE',
  );
  expect(importing(deck, '--as-of', 'soon').err).toContain('TOLL_USAGE_INSTANT');
  expect(importing(deck, '--mode', 'both').status).toBe(2);
  expect(importing(deck, '--tariff', '../acme').err).toContain('TOLL_USAGE_TARIFF');
  writeFileSync(path.join(folder, 'mapping.yaml'), 'colums: {}\n');
  expect(importing(deck, '--mapping', 'mapping.yaml').err).toContain(
    'mapping.yaml:1:1: There is no such key',
  );
  writeFileSync(
    path.join(catalog, 'tariffs/acme.yaml'),
    TARIFF.replace('acme-rates.csv', '[{ prefix: 1, rate: 1 }]'),
  );
  expect(importing(deck).err).toContain('TOLL_DECK_TARIFF_INLINE');
  writeFileSync(path.join(catalog, 'tariffs/acme.yaml'), TARIFF.replace('acme-rates.csv', '../../acme.csv'));
  expect(importing(deck).err).toContain('TOLL_DECK_TARIFF_INVALID');
  expect(ratesNow()).toBe(RATES);
});
