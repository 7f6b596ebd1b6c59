/** A run whose disk is full ends with what to do; with room made it goes on, and nothing is lost or billed twice. Needs a tmpfs, hence root. */
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { expect, test } from 'vitest';
import { writeCalls } from '../../packages/cli/src/generate/index.ts';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';

/** Their raw records alone take more than the small disk has. */
const CALLS = 40_000;
const SMALL = '12m';
const LARGE = '600m';

test('a full disk loses nothing', async (context) => {
  await using directory = await temporaryDirectory();
  const disk = path.join(directory.path, 'disk');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL}`, 'tollstream-test', disk], {
      stdio: 'ignore',
    });
  } catch {
    context.skip('no tmpfs can be mounted here');
  }
  try {
    const [calls, data] = [path.join(directory.path, 'calls.jsonl'), path.join(disk, 'data')];
    const catalog = await requireCatalog(SAMPLE_CATALOG);
    const expected = await writeCalls({ calls: CALLS, seed: 3, catalog, format: 'json', output: calls });
    const run = ['run', '--calls', calls, '--data', data, '--exit-when-done', '--json'];
    const full = await tollstream(run);
    expect(full.code, full.stderr).toBe(1);
    expect(full.stderr).toContain('TOLL_DATA_DISK_FULL');

    execFileSync('mount', ['-o', `remount,size=${LARGE}`, disk]);
    const { rated, rejected, suspended, duplicate } = expected;
    expect(totalsOf(await tollstream(run))).toMatchObject({ rated, rejected, suspended, duplicate });
    const verified = await tollstream(['verify', '--data', data]);
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  } finally {
    execFileSync('umount', [disk]);
  }
});
