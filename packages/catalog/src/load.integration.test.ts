import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadCatalog } from './load.ts';
import type { Catalog } from './model.ts';
import { renderProblems } from './problems.ts';
import { SMALL_CATALOG } from './testing.ts';

const SAMPLE = new URL('../../../examples/hosted-phone', import.meta.url).pathname;
const JANUARY = Date.UTC(2020, 0, 15);

async function sample(): Promise<Catalog> {
  const result = await loadCatalog(SAMPLE);
  if (!result.ok) throw new Error(renderProblems(result.problems));
  expect(renderProblems(result.warnings)).toBe('');
  return result.catalog;
}

describe('the sample catalog', () => {
  test('is right, and its first account is active, American and on the standard plan', async () => {
    const catalog = await sample();
    const [first] = catalog.accounts.values();
    expect(first).toMatchObject({ status: 'active', currency: 'USD', dialPlan: { country: 'US' } });
    expect(first!.plan.id).toBe('standard');
    expect(new Set(Array.from(catalog.accounts.values(), ({ currency }) => currency))).toEqual(
      new Set(['USD', 'CAD', 'BRL']),
    );
  });

  test('prices Brazilian mobiles 30/6 up and all else to the nearest minute', async () => {
    const { tariffs } = await sample();
    const deck = tariffs.get('international-usd')!;
    const rate = (number: number) => deck.rates.at(deck.index.find(number, JANUARY));
    expect(rate(5511987650123)).toMatchObject({ initialSeconds: 30, stepSeconds: 6, durationRounding: 'up' });
    expect(rate(551135550100)).toMatchObject({ initialSeconds: 60, durationRounding: 'nearest' });
    expect(rate(18765550123)).toMatchObject({
      country: 'JM',
      initialSeconds: 60,
      durationRounding: 'nearest',
    });
    expect(
      [...deck.rates]
        .filter(({ durationRounding }) => durationRounding === 'up')
        .every(({ country }) => country === 'BR'),
    ).toBe(true);
  });

  test('holds in January 2020 and still does', async () => {
    const { tariffs } = await sample();
    for (const tariff of tariffs.values()) {
      for (const rate of tariff.rates) {
        expect(rate.effectiveFrom).toBeLessThan(Date.UTC(2019, 11, 31));
        expect(rate.effectiveTo).toBe(Infinity);
      }
    }
  });

  test('has a rate for every premium prefix of its plans', async () => {
    const { plans } = await sample();
    for (const plan of plans.values()) {
      const rule = plan.rules.premium;
      if (rule.kind !== 'tariff') continue;
      for (const prefix of plan.premiumPrefixes) {
        const index = rule.tariff.index.find(Number(prefix.padEnd(11, '5')), JANUARY);
        expect(rule.tariff.rates.at(index).prefix, `${plan.id} ${prefix}`).toBe(prefix);
      }
    }
  });
});

describe('a directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'tollstream-catalog-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function write(): Promise<void> {
    for (const folder of ['plans', 'tariffs']) await mkdir(path.join(directory, folder));
    for (const [file, text] of Object.entries(SMALL_CATALOG))
      await writeFile(path.join(directory, file), text);
  }

  async function codes(): Promise<string[]> {
    const result = await loadCatalog(directory);
    return result.ok ? [] : result.problems.map(({ code, file }) => `${file} ${code}`);
  }

  test('of a catalog is read', async () => {
    await write();
    expect(await loadCatalog(directory)).toMatchObject({ ok: true, warnings: [] });
  });

  test('that is not there, or is empty, is a problem and no exception', async () => {
    expect(await codes()).toEqual(['catalog.yaml TOLL_CATALOG_FILE_MISSING']);
    expect(await loadCatalog(path.join(directory, 'nowhere'))).toMatchObject({
      ok: false,
      problems: [{ code: 'TOLL_CATALOG_DIRECTORY_MISSING' }],
    });
  });

  test('with a file that cannot be read says which', async () => {
    await write();
    await rm(path.join(directory, 'numbers.csv'));
    await symlink('nowhere', path.join(directory, 'numbers.csv'));
    expect(await codes()).toEqual(['numbers.csv TOLL_CATALOG_FILE_UNREADABLE']);
  });
});
