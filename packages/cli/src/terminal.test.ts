import { expect, it } from 'vitest';
import { table } from './terminal.ts';

it('a table may have more rows than a function may have arguments', () => {
  const rows = Array.from({ length: 300_000 }, (_, row) => [`account-${row}`, '1']);
  const lines = table(['account', 'n'], rows, [1]).split('\n');
  expect(lines.length).toBe(300_001);
  expect(lines.at(-1)).toBe('account-299999  1');
});
