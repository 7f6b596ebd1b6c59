import { expect, it } from 'vitest';
import { impurities } from './purity.ts';

it('finds what reads the world, at its line', () => {
  const source = 'const a = 1;\nconst now = Date.now();\nconst id = Math.random();\nif (process.env.X) a();';
  expect(impurities(source)).toEqual([
    { line: 2, what: 'the clock (Date.now)' },
    { line: 3, what: 'randomness (Math.random)' },
    { line: 4, what: 'the process or its environment' },
  ]);
});

it('lets comments and dates made of arguments be', () => {
  expect(
    impurities('// not Date.now()\n/* nor\n Math.random() */\nnew Date(ms);\nconst u = "http://x";'),
  ).toEqual([]);
});
