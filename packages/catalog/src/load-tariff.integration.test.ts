import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadTariff } from './load-tariff.ts';
import { smallCatalog } from './testing.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-tariff-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(changes: Record<string, string | null> = {}): void {
  for (const [file, bytes] of smallCatalog(changes)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), bytes);
  }
}

test('a tariff is read where it stands, whatever is wrong elsewhere', async () => {
  write({ 'plans/standard.yaml': null, 'accounts.yaml': 'accounts: [', 'tariffs/a.yaml': 'id: deck: no' });
  const read = await loadTariff(directory, 'deck');
  expect(read).toMatchObject({ ok: true, tariff: { id: 'deck', currency: 'USD' } });
  expect(read.ok && read.tariff.rates.length).toBe(4);
});

test('what is wrong with it is told once, with its place', async () => {
  write({ 'tariffs/deck.yaml': 'id: deck\nname: Deck\ncurrency: USD\nrates: deck.csv\nprice: 1\n' });
  expect(await loadTariff(directory, 'deck')).toMatchObject({
    ok: false,
    problems: [{ code: 'TOLL_CATALOG_STRUCTURE_INVALID', file: 'tariffs/deck.yaml', line: 5 }],
  });
});

test('a tariff that is nowhere is told of', async () => {
  write();
  expect(await loadTariff(directory, 'other')).toMatchObject({
    ok: false,
    problems: [{ code: 'TOLL_CATALOG_REFERENCE_UNKNOWN', file: 'tariffs/', text: 'other' }],
  });
});
