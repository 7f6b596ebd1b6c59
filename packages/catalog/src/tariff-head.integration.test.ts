import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTariffHead } from './tariff-head.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-head-'));
  mkdirSync(path.join(directory, 'tariffs'));
  writeFileSync(
    path.join(directory, 'catalog.yaml'),
    'version: 1\nname: Test\ndefaults: { initial: 30, step: 6, rounding: { duration: nearest } }\n',
  );
});
afterEach(() => rmSync(directory, { recursive: true }));

function writeTariff(text: string, name = 'some.yaml'): void {
  writeFileSync(path.join(directory, 'tariffs', name), text);
}

test('is found by its id, with what its rows fall back to', async () => {
  writeTariff('id: other\nname: Other\ncurrency: USD\nrates: other.csv\n', 'a.yaml');
  writeTariff(
    'id: acme\nname: ACME\ncurrency: EUR\ndefaults: { step: 1, connect_fee: 0.01, effective_from: 2020-01-01 }\nrates: rates.csv\n',
  );
  expect(await readTariffHead(directory, 'acme')).toMatchObject({
    ok: true,
    head: {
      file: 'tariffs/some.yaml',
      ratesFile: 'tariffs/rates.csv',
      currency: 'EUR',
      defaults: {
        initialSeconds: 30,
        stepSeconds: 1,
        rounding: 'nearest',
        connectFee: 10_000,
        effectiveFrom: Date.UTC(2020, 0, 1),
        effectiveTo: Infinity,
      },
    },
  });
});

test('is null where there is none, also beside broken files', async () => {
  writeTariff('id: [', 'broken.yaml');
  expect(await readTariffHead(directory, 'acme')).toMatchObject({ ok: true, head: null });
});

test('has no rate file where its rows stand in it', async () => {
  writeTariff("id: acme\nname: ACME\ncurrency: USD\nrates:\n  - { prefix: '1', rate: 1 }\n");
  expect(await readTariffHead(directory, 'acme')).toMatchObject({ head: { ratesFile: null } });
});

test('has its problems listed, and those of catalog.yaml', async () => {
  writeTariff('id: acme\nname: ACME\ncurrency: XXX\nrates: rates.csv\ncolour: red\n');
  const wrong = await readTariffHead(directory, 'acme');
  expect(wrong.ok ? [] : wrong.problems.map(({ code }) => code)).toEqual([
    'TOLL_CATALOG_CURRENCY_UNKNOWN',
    'TOLL_CATALOG_STRUCTURE_INVALID',
  ]);
  rmSync(path.join(directory, 'catalog.yaml'));
  expect(await readTariffHead(directory, 'acme')).toMatchObject({ ok: false });
});
