import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/cli.ts';
import { Supervised } from './supervised.ts';

test('what one that was killed has said does not count for the one after it', async () => {
  await using directory = await temporaryDirectory();
  const engine = new Supervised({
    args: ['clickhouse', '--data', path.join(directory.path, 'engine'), '--port', '0'],
    ready: /http:\/\/\S+/,
    logFile: path.join(directory.path, 'engine.log'),
  });
  try {
    await engine.untilReady();
    expect(engine.kill()).toBe('working');
    expect(engine.phase).toBe('starting');
    await engine.untilReady();
    expect([engine.starts, engine.phase]).toEqual([2, 'working']);
    expect(await engine.stop()).toBe(0);
    expect(engine.unexpected).toEqual([]);
  } finally {
    await engine.end();
  }
});

test('what never comes up is named after the deadline, and its output is kept', async () => {
  await using directory = await temporaryDirectory();
  const logFile = path.join(directory.path, 'broken.log');
  const broken = new Supervised({ args: ['no-such-command'], ready: /never/, logFile, deadlineMs: 3_000 });
  try {
    await expect(broken.untilReady()).rejects.toThrow(
      /^no-such-command did not come up within 3000 ms .*broken\.log/,
    );
  } finally {
    await broken.end();
  }
  expect(broken.unexpected[0]).toMatch(/no-such-command ended with 2: .*unknown command/s);
  expect(await readFile(logFile, 'utf8')).toMatch(/=== start 1, ended with 2\n.*unknown command/s);
});
