import { expect, it } from 'vitest';
import { buildCatalog } from './build.ts';
import { catalogJson, describeCatalog } from './describe.ts';
import { smallCatalog } from './testing.ts';

it.each([0, 1, 2, 1_000])('the pieces of %i accounts are the JSON of the whole', (count) => {
  const accounts = Array.from({ length: count }, (_, i) => ({
    id: `account-${i}`,
    name: 'Of "accounts":[] and more',
    plan: 'standard',
    billing_start: '2020-01-15',
  }));
  const built = buildCatalog(
    smallCatalog({
      'accounts.yaml': JSON.stringify({ accounts }),
      'numbers.csv': null,
      'catalog.yaml': `version: 3\nname: '"accounts":['\n`,
    }),
  );
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  const pieces = [...catalogJson(built.catalog)];
  expect(pieces.join('')).toBe(JSON.stringify(describeCatalog(built.catalog)));
  expect(pieces.length > 1).toBe(count === 1_000);
});
