/** A backup restores to a directory that verifies and goes on; a damaged one restores nothing. */
import { access, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { billed, start, temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';

const CALLS = 3_000;

test('what was backed up is restored, verifies and goes on', async () => {
  await using directory = await temporaryDirectory();
  const at = (name: string): string => path.join(directory.path, name);
  const calls = at('calls.jsonl');
  await tollstream(['generate', '--calls', String(CALLS), '--seed', '5', '--output', calls]);
  const run = (data: string): string[] => [
    'run',
    '--calls',
    calls,
    '--data',
    at(data),
    '--exit-when-done',
    '--json',
  ];
  const before = totalsOf(await tollstream(run('data')));

  const backup = await tollstream(['backup', '--data', at('data'), '--output', at('backup.tar.zst')]);
  expect(backup.code, backup.stderr).toBe(0);
  const restored = await tollstream(['restore', at('backup.tar.zst'), '--data', at('restored')]);
  expect(restored.code, restored.stderr).toBe(0);
  const verified = await tollstream(['verify', '--data', at('restored')]);
  expect(verified.code, verified.stdout).toBe(0);
  expect(verified.stdout).toMatch(/^verified: 3,000 calls/m);
  // The position in the file came along: nothing is read twice.
  expect(billed(totalsOf(await tollstream(run('restored'))))).toEqual(billed(before));

  const again = await tollstream(['backup', '--data', at('data'), '--output', at('backup.tar.zst')]);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('TOLL_USAGE_BACKUP');
  const onto = await tollstream(['restore', at('backup.tar.zst'), '--data', at('data')]);
  expect(onto.code).toBe(2);
  expect(onto.stderr).toContain('TOLL_USAGE_RESTORE');

  const bytes = await readFile(at('backup.tar.zst'));
  const flipped = Buffer.from(bytes);
  flipped[Math.floor(bytes.length / 2)]! ^= 0x10;
  for (const [name, damaged] of [
    ['flipped', flipped],
    ['cut', bytes.subarray(0, bytes.length - 4_000)],
    ['strange', Buffer.from('no archive at all')],
  ] as const) {
    await writeFile(at(name), damaged);
    const refused = await tollstream(['restore', at(name), '--data', at(`from-${name}`)]);
    expect(refused.code, name).toBe(1);
    expect(refused.stderr, name).toContain('TOLL_BACKUP_DAMAGED');
    await expect(access(at(`from-${name}`)), name).rejects.toThrow();
  }
  expect((await readdir(directory.path)).filter((name) => /restoring|partial/.test(name))).toEqual([]);
});

test('a directory that a run holds is not backed up', async () => {
  await using directory = await temporaryDirectory();
  const calls = path.join(directory.path, 'calls.jsonl');
  const data = path.join(directory.path, 'data');
  await tollstream(['generate', '--calls', '200', '--seed', '6', '--output', calls]);
  const running = start([
    'run',
    '--calls',
    calls,
    '--data',
    data,
    '--clickhouse-port',
    '0',
    '--metrics-port',
    '0',
  ]);
  await running.waitFor(/ClickHouse\s+http/);
  const refused = await tollstream([
    'backup',
    '--data',
    data,
    '--output',
    path.join(directory.path, 'b.tar.zst'),
  ]);
  running.child.kill('SIGTERM');
  await running.finished;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('TOLL_DATA_IN_USE');
});
