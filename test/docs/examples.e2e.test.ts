/** What the documentation tells people to type works: blocks marked `sh test` are run, page by page, in order. */
import { execFile } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testedBlocks } from './blocks.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', '{packages,services}/*/*.md'], {
  cwd: ROOT,
});

const pages = PAGES.map(
  (page) => [page, testedBlocks(readFileSync(join(ROOT, page), 'utf8'))] as const,
).filter(([, blocks]) => blocks.length > 0);

it('the first page has examples that are run', () => {
  expect(pages.find(([page]) => page === 'README.md')?.[1].length).toBeGreaterThanOrEqual(3);
});

describe.each(pages)('%s', (_page, blocks) => {
  let folder: string;
  let bin: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollstream-docs-'));
    bin = mkdtempSync(join(tmpdir(), 'tollstream-bin-'));
    // `npx` as it works in the project folder, for a folder elsewhere; it never asks a registry.
    writeFileSync(
      join(bin, 'npx'),
      `#!/bin/sh\ncommand="$1"; shift\nexec "${ROOT}/node_modules/.bin/$command" "$@"\n`,
    );
    chmodSync(join(bin, 'npx'), 0o755);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
    rmSync(bin, { recursive: true });
  });

  it.each(blocks.map((block) => [`line ${block.line}: ${block.script.split('\n')[0]}`, block] as const))(
    '%s',
    async (_name, { script }) => {
      const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
      const run = promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: folder,
        env: { ...process.env, PATH: path },
        maxBuffer: 64 * 1024 * 1024,
      });
      await expect(run).resolves.toBeDefined();
    },
  );
});
