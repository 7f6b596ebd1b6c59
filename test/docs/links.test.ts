/** Relative links of the documentation lead to files that exist. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { testedBlocks } from './blocks.ts';

const ROOT = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', '{packages,services,test}/*/*.md'], {
  cwd: ROOT,
});

it.each(pages)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target);
  const missing = targets.filter((target) => !existsSync(join(ROOT, dirname(page), target)));
  expect(missing).toEqual([]);
});

it('pages that messages and comments refer to exist', () => {
  const sources = globSync(
    ['{packages,services}/*/src/**/*.ts', 'scripts/**/*.{ts,mjs}', 'examples/**/*.yaml'],
    { cwd: ROOT },
  );
  const named = sources.flatMap(
    (file) => readFileSync(join(ROOT, file), 'utf8').match(/\bdocs\/[a-z-]+\.md/g) ?? [],
  );
  expect([...new Set(named)].filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
});

it('finds the blocks to run, with their lines', () => {
  const page = 'a\n```sh test\nfirst\n```\n```sh\nnot\n```\n```sh test\nsecond \\\n  more\n```\n';
  expect(testedBlocks(page)).toEqual([
    { line: 3, script: 'first\n' },
    { line: 9, script: 'second \\\n  more\n' },
  ]);
});
