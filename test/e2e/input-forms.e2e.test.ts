/** However calls come (packed, piped, damaged, growing, cut off), the totals are those of the plain file. */
import { appendFile, open, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { billed, type Finished, start, temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';
import { until } from '../support/until.ts';

const CALLS = 4_000;
const MANY_CALLS = 60_000;
const SEED = Number(process.env['SEED'] ?? 31);

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let plain: ReturnType<typeof billed>;
const inFolder = (name: string): string => path.join(folder.path, name);

function run(calls: string, data: string, input?: Buffer): Promise<Finished> {
  return tollstream(runArgs(calls, data), input === undefined ? {} : { input });
}

function runArgs(calls: string, data: string): string[] {
  return ['run', '--calls', calls, '--data', inFolder(data), '--exit-when-done', '--json'];
}

/** @returns how many records were published */
async function publish(file: string, data: string): Promise<number> {
  const { code, stderr } = await tollstream(['import', file, '--data', inFolder(data)]);
  expect(code, stderr).toBe(0);
  return recordsOf(stderr);
}

function recordsOf(stderr: string): number {
  return Number(/([\d,]+) records of/.exec(stderr)?.[1]?.replaceAll(',', ''));
}

async function generate(file: string, calls: number): Promise<string> {
  const args = ['generate', '--calls', String(calls), '--seed', String(SEED), '--output', inFolder(file)];
  const { code, stderr } = await tollstream(args);
  expect(code, stderr).toBe(0);
  return inFolder(file);
}

beforeAll(async () => {
  folder = await temporaryDirectory();
  const file = await generate('calls.jsonl', CALLS);
  plain = billed(totalsOf(await run(file, 'plain')));
  expect(plain.seen).toBe(CALLS);
});
afterAll(() => folder[Symbol.asyncDispose]());

test('gzip, zstd and a pipe hold the calls of the plain file', async () => {
  const calls = await readFile(inFolder('calls.jsonl'));
  await writeFile(inFolder('calls.jsonl.gz'), gzipSync(calls));
  await writeFile(inFolder('calls.jsonl.zst'), zstdCompressSync(calls));
  for (const name of ['calls.jsonl.gz', 'calls.jsonl.zst']) await publish(inFolder(name), 'packed');
  const totals = billed(totalsOf(await run('-', 'packed', gzipSync(calls))));
  // What came once by each way is billed once.
  const { seen, rejected, duplicate, rated, suspended } = plain;
  expect(totals).toEqual({
    ...plain,
    seen: 3 * seen,
    rejected: 3 * rejected,
    duplicate: 3 * duplicate + 2 * (rated + suspended),
  });
});

test('a second read publishes nothing; a file that grew goes on where it ended', async () => {
  const file = inFolder('growing.jsonl');
  const lines = (await readFile(inFolder('calls.jsonl'), 'latin1')).split('\n').slice(0, CALLS);
  const grow = (text: string): Promise<void> => appendFile(file, text, 'latin1');
  await grow(`${lines.slice(0, CALLS / 2).join('\n')}\n`);
  expect(await publish(file, 'growing')).toBe(CALLS / 2);
  expect(await publish(file, 'growing')).toBe(0);
  // The switch is in the middle of a line when it is read.
  const next = lines[CALLS / 2] ?? '';
  await grow(next.slice(0, 40));
  expect(await publish(file, 'growing')).toBe(1);
  await grow(`${next.slice(40)}\n${lines.slice(CALLS / 2 + 1).join('\n')}`);
  const totals = billed(totalsOf(await run(file, 'growing')));
  // What was read too early is one rejected record more; the whole line is billed all the same.
  expect(totals).toEqual({ ...plain, seen: CALLS + 1, rejected: plain.rejected + 1 });
  expect(billed(totalsOf(await run(file, 'growing')))).toEqual(totals);
});

test('a damaged Avro container costs its damaged records only', async () => {
  const file = await generate('calls.avro', CALLS);
  const middle = Math.floor((await stat(file)).size / 2);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(64, 0xff), 0, 64, middle);
  await handle.close();
  const finished = await run(file, 'avro');
  const totals = totalsOf(finished);
  expect(totals.seen).toBe(totals.rated + totals.rejected + totals.suspended + totals.duplicate);
  expect(totals.rejected).toBeGreaterThan(0);
  expect(totals.rated).toBeGreaterThan(0);
  expect(finished.stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
});

test('an import that was told to stop goes on where it stopped', async () => {
  const file = await generate('many.jsonl', MANY_CALLS);
  const data = inFolder('import');
  const running = start(['import', file, '--data', data]);
  const log = path.join(data, 'log/segments/1-0.0');
  await until('the first records are published', async () => (await size(log)) > 1_000_000);
  running.child.kill('SIGTERM');
  const cut = await running.finished;
  expect(cut.code, cut.stderr).toBe(130);
  expect(cut.stderr).toContain('the same command goes on from here');
  const finished = await tollstream(['import', file, '--data', data]);
  expect(finished.stderr).toMatch(/went on at byte [1-9]/);
  expect(recordsOf(cut.stderr) + recordsOf(finished.stderr)).toBe(MANY_CALLS);
});

test('Ctrl-C at any moment ends in order, and the next run completes', async () => {
  const file = inFolder('many.jsonl');
  const startedMs = performance.now();
  const calm = billed(totalsOf(await run(file, 'calm')));
  const calmMs = performance.now() - startedMs;
  console.log(`seed ${SEED}`);
  const random = (attempt: number): number => ((SEED * 7_919 + attempt * 104_729) % 1_000) / 1_000;
  for (const attempt of [1, 2]) {
    const running = start(runArgs(file, 'storm'));
    // The wait is the fault itself: the moment of the signal.
    await Promise.race([wait(calmMs * (0.2 + random(attempt) * 0.6)), running.finished]);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.finished;
    // null: before the run began to listen, when there is nothing to put in order. 0: it was done already.
    expect([130, 0, null], stderr).toContain(code);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/^error/m);
  }
  expect(billed(totalsOf(await run(file, 'storm')))).toEqual(calm);
});

async function size(file: string): Promise<number> {
  return stat(file).then(
    ({ size: bytes }) => bytes,
    () => 0,
  );
}
