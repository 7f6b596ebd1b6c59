/** A log with damaged bytes is named as damaged by whoever reads it, nothing is written to it, and with its bytes mended all is there. */
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { billed, temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';

test('a damaged log is named, left as it is, and goes on once mended', async () => {
  await using directory = await temporaryDirectory();
  const [calls, data] = [path.join(directory.path, 'calls.jsonl'), path.join(directory.path, 'data')];
  await tollstream(['generate', '--calls', '3000', '--seed', '8', '--output', calls]);
  const run = ['run', '--calls', calls, '--data', data, '--exit-when-done', '--json'];
  const before = billed(totalsOf(await tollstream(run)));

  const log = path.join(data, 'log');
  const database = path.join(log, 'log.sqlite');
  const [records] = (await readdir(path.join(log, 'segments'))).map((name) =>
    path.join(log, 'segments', name),
  );
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  // The database from its second page on: the head, which says that it is one of this program, stays.
  for (const [name, file, from] of [
    ['the pages of the schema and of all indexes', database, 4_096],
    ['bytes in the midst of the records', records!, 100_000],
  ] as const) {
    const whole = await readFile(file);
    const damaged = Buffer.from(whole).fill(0xa5, from, from + 61_440);
    await writeFile(file, damaged);
    const verified = await tollstream(['verify', '--data', data]);
    expect(verified.code, name).toBe(1);
    expect(verified.stderr, name).toContain('TOLL_DATA_CORRUPT');
    expect(verified.stderr, name).toContain(file);
    expect(digest(await readFile(file)), name).toBe(digest(damaged));
    await writeFile(file, whole);
  }
  const whole = await readFile(database);
  await writeFile(database, Buffer.from(whole).fill(0xa5, 4_096, 65_536));
  const refused = await tollstream(run);
  expect(refused.code, refused.stderr).toBe(1);
  expect(refused.stderr).toContain('TOLL_DATA_CORRUPT');

  await writeFile(database, whole);
  const verified = await tollstream(['verify', '--data', data]);
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
  expect(billed(totalsOf(await tollstream(run)))).toEqual(before);
});
