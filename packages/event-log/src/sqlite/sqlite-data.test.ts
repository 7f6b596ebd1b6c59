/** What a data directory does when it is shared, old, new, foreign, damaged or full. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../port.ts';
import { lockDataDirectory } from './data-lock.ts';
import { FILE_SEGMENT_BYTES_MIN } from './segment-files.ts';
import { openSqliteEventLog } from './sqlite-event-log.ts';
import type { SqliteStore } from './sqlite-store.ts';

let directory: string;
const opened: EventLog[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollstream-data-'));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (log) => log.close()));
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function open(access: 'owner' | 'guest' | 'reader' = 'owner'): EventLog {
  const log = openSqliteEventLog({ directory, access });
  opened.push(log);
  return log;
}

async function fill(log: EventLog, count = 3): Promise<void> {
  await log.createTopics([{ name: 'calls', partitions: 1 }]);
  const claim = await log.claim('loader', 'calls', 0);
  const outputs = Array.from({ length: count }, (_, i) => ({
    topic: 'calls',
    partition: 0,
    value: Buffer.from(`call ${i}`),
  }));
  await claim.commit({ outputs, nextOffset: count, metadata: 'loaded' });
}

async function readAll(log: EventLog): Promise<string[]> {
  const values: string[] = [];
  for await (const batch of log.read({ topic: 'calls', partition: 0, from: 0 })) {
    values.push(...batch.records.map((record) => String(record.value)));
  }
  return values;
}

/** As large as what is kept in a file. */
const LARGE = 'x'.repeat(FILE_SEGMENT_BYTES_MIN);

async function fillLarge(log: EventLog, commits = 2): Promise<void> {
  await log.createTopics([{ name: 'calls', partitions: 1 }]);
  const claim = await log.claim('large', 'calls', 0);
  for (let i = 0; i < commits; i += 1) {
    const outputs = [{ topic: 'calls', partition: 0, value: Buffer.from(LARGE) }];
    await claim.commit({ outputs, nextOffset: i, metadata: '' });
  }
}

function segmentFile(name = '1-0.0'): string {
  return join(directory, 'segments', name);
}

/** Runs a script in a process of its own and waits for its first line. */
async function runProcess(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

const entry = JSON.stringify(join(import.meta.dirname, 'sqlite-event-log.ts'));

describe('a data directory', () => {
  it('takes records of a guest while its owner works, and the owner reads them', async () => {
    const owner = open();
    await fill(owner);
    const guest = open('guest');
    const claim = await guest.claim('guest', 'calls', 0);
    const record = (text: string) => ({ topic: 'calls', partition: 0, value: Buffer.from(text) });
    await claim.commit({ outputs: [record('by the guest')], nextOffset: 0, metadata: '' });
    const owned = await owner.claim('loader', 'calls', 0);
    await owned.commit({ outputs: [record('by the owner')], nextOffset: 4, metadata: '' });
    const all = ['call 0', 'call 1', 'call 2', 'by the guest', 'by the owner'];
    expect(await readAll(owner)).toEqual(all);
    expect(await readAll(guest)).toEqual(all);
    await expect(guest.createTopics([{ name: 'more', partitions: 1 }])).rejects.toMatchObject({
      code: 'TOLL_LOG_READ_ONLY',
    });
    await expect(guest.deleteTopics(['calls'])).rejects.toMatchObject({ code: 'TOLL_LOG_READ_ONLY' });
  });

  it('keeps records and positions over a restart', async () => {
    const first = open();
    await fill(first);
    await first.close();
    const second = open();
    expect(await readAll(second)).toEqual(['call 0', 'call 1', 'call 2']);
    expect(await second.committed('loader', 'calls', 0)).toEqual({ offset: 3, metadata: 'loaded' });
  });

  it('has one owner; the second is told which process it is', () => {
    open();
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'TOLL_DATA_IN_USE',
        message: expect.stringContaining(`process ${process.pid}`) as string,
        remedy: expect.stringContaining('--data') as string,
      }),
    );
  });

  it('is refused while another process owns it, and free once that process was killed', async () => {
    const child = await runProcess(`
      import { openSqliteEventLog } from ${entry};
      const log = openSqliteEventLog({ directory: ${JSON.stringify(directory)} });
      await log.createTopics([{ name: 'calls', partitions: 1 }]);
      const claim = await log.claim('loader', 'calls', 0);
      const outputs = [{ topic: 'calls', partition: 0, value: Buffer.from('acknowledged') }];
      await claim.commit({ outputs, nextOffset: 1, metadata: '' });
      console.log('ready');
      setInterval(() => {}, 1000);
    `);
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'TOLL_DATA_IN_USE',
        message: expect.stringContaining(`process ${child.pid}`) as string,
      }),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readAll(open())).toEqual(['acknowledged']);
  });

  it('can be read while its owner works, also by another process', async () => {
    const owner = open();
    await fill(owner);
    const reader = open('reader');
    expect(await readAll(reader)).toHaveLength(3);
    const claim = await owner.claim('loader', 'calls', 0);
    await claim.commit({
      outputs: [{ topic: 'calls', partition: 0, value: null }],
      nextOffset: 4,
      metadata: '',
    });
    expect(await readAll(reader)).toHaveLength(4);
    expect((await reader.committed('loader', 'calls', 0))?.offset).toBe(4);
    await expect(reader.claim('loader', 'calls', 0)).rejects.toMatchObject({ code: 'TOLL_LOG_READ_ONLY' });
  });

  it('that is not there cannot be read', () => {
    expect(() => openSqliteEventLog({ directory: join(directory, 'none'), access: 'reader' })).toThrow(
      expect.objectContaining({ code: 'TOLL_DATA_MISSING' }),
    );
  });

  it('of a newer version is left alone', async () => {
    await open().close();
    const database = new DatabaseSync(join(directory, 'log.sqlite'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'TOLL_DATA_NEWER',
        remedy: expect.stringContaining('Update') as string,
      }),
    );
    // The refusal gives the lock back.
    lockDataDirectory(directory).release();
  });

  it('of another program is left alone', () => {
    const database = new DatabaseSync(join(directory, 'log.sqlite'));
    database.exec('CREATE TABLE photos (name TEXT)');
    database.close();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'TOLL_DATA_FOREIGN' }));
  });

  it('with a file that is no database is named as damaged', () => {
    writeFileSync(join(directory, 'log.sqlite'), 'x'.repeat(10_000));
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'TOLL_DATA_CORRUPT',
        message: expect.stringContaining(directory) as string,
      }),
    );
  });

  it('with a file cut short is named as damaged, once the cut is met', async () => {
    const first = open();
    await fill(first, 3_000);
    await first.close();
    truncateSync(join(directory, 'log.sqlite'), 40_000);
    await expect((async () => readAll(open()))()).rejects.toMatchObject({ code: 'TOLL_DATA_CORRUPT' });
  });

  it('with a segment of other bytes is named as damaged, with the place', async () => {
    const first = open();
    await fill(first);
    await first.close();
    const database = new DatabaseSync(join(directory, 'log.sqlite'));
    database.exec("UPDATE segments SET bytes = x'00112233445566778899aabbccddeeff00'");
    database.close();
    await expect(readAll(open())).rejects.toMatchObject({
      code: 'TOLL_DATA_CORRUPT',
      message: expect.stringContaining('calls/0 at offset 0') as string,
    });
  });

  it('that cannot be created says so', () => {
    writeFileSync(join(directory, 'file'), '');
    expect(() => openSqliteEventLog({ directory: join(directory, 'file', 'data') })).toThrow(
      expect.objectContaining({ code: 'TOLL_DATA_IO' }),
    );
  });

  it('on a full disk refuses the commit whole, and goes on once there is room', async () => {
    const log = open();
    await fill(log);
    await log.close();
    const database = new DatabaseSync(join(directory, 'log.sqlite'));
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
    database.close();
    // SQLite's page limit gives the same error as a full disk.
    const { SqliteStore } = await import('./sqlite-store.ts');
    const store = new SqliteStore(directory, 'owner', { pagesMax: pages });
    const position = { group: 'loader', topic: 'calls', partition: 0 };
    const epoch = store.takeClaim(position);
    const records = [{ topic: 'calls', partition: 0, value: Buffer.alloc(FILE_SEGMENT_BYTES_MIN / 2) }];
    const step = {
      outputs: [{ topic: 'calls', partition: 0, records }],
      nextOffset: 9,
      metadata: '',
      nowMs: 0,
    };
    expect(() => store.commit(position, epoch, step)).toThrow(
      expect.objectContaining({ code: 'TOLL_DATA_DISK_FULL', retriable: true }),
    );
    expect(store.committed(position)).toEqual({ offset: 3, metadata: 'loaded' });
    expect(store.bounds('calls', 0).end).toBe(3);
    store.commit(position, epoch, { ...step, outputs: [] });
    expect(store.committed(position)?.offset).toBe(9);
    store.close();
  });

  it('of version 1, whose segments are all in the database, is taken over as it is', async () => {
    const first = open();
    await fill(first);
    await first.close();
    const database = new DatabaseSync(join(directory, 'log.sqlite'));
    database.exec('DROP TABLE segment_files; PRAGMA user_version = 1');
    database.close();
    expect(await readAll(open('reader'))).toEqual(['call 0', 'call 1', 'call 2']);
    const owner = open();
    await fillLarge(owner);
    await owner.close();
    expect(await readAll(open())).toEqual(['call 0', 'call 1', 'call 2', LARGE, LARGE]);
  });

  it('is created with all its parents', async () => {
    mkdirSync(join(directory, 'a'));
    const log = openSqliteEventLog({ directory: join(directory, 'a', 'b', 'c') });
    await fill(log);
    await log.close();
  });
});

describe('large segments, which lie in files', () => {
  it('are read again after a restart, by others meanwhile, and beside those of a guest', async () => {
    const owner = open();
    await fillLarge(owner, 1);
    const guest = open('guest');
    const claim = await guest.claim('guest', 'calls', 0);
    const outputs = [{ topic: 'calls', partition: 0, value: Buffer.from(LARGE) }];
    await claim.commit({ outputs, nextOffset: 0, metadata: '' });
    await fillLarge(owner, 1);
    for (const log of [owner, guest, open('reader')])
      expect(await readAll(log)).toEqual([LARGE, LARGE, LARGE]);
    // The guest's is in the database: the files have one writer.
    const database = new DatabaseSync(join(directory, 'log.sqlite'), { readOnly: true });
    const sizes = database.prepare('SELECT length(bytes) AS size FROM segments ORDER BY next_offset').all();
    database.close();
    expect(sizes.map(({ size }) => Number(size) > FILE_SEGMENT_BYTES_MIN)).toEqual([false, true, false]);
    await owner.close();
    expect(await readAll(open())).toEqual([LARGE, LARGE, LARGE]);
  });

  it('that nobody committed are cut off by the next owner', async () => {
    const first = open();
    await fillLarge(first, 1);
    await first.close();
    const whole = readFileSync(segmentFile());
    appendFileSync(segmentFile(), 'of a commit that did not come about');
    writeFileSync(segmentFile('1-0.1'), 'a file that was begun');
    const second = open();
    expect(readFileSync(segmentFile())).toEqual(whole);
    expect(existsSync(segmentFile('1-0.1'))).toBe(false);
    await fillLarge(second, 1);
    expect(await readAll(second)).toEqual([LARGE, LARGE]);
  });

  it('of other bytes are named as damaged, with the file and the place', async () => {
    const log = open();
    await fillLarge(log);
    const bytes = readFileSync(segmentFile());
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(segmentFile(), bytes);
    await log.close();
    const damaged = {
      code: 'TOLL_DATA_CORRUPT',
      message: expect.stringMatching(/calls\/0 at offset 1: .*segments\/1-0\.0 has other bytes/) as string,
    };
    await expect(readAll(open('reader'))).rejects.toMatchObject(damaged);
    await expect(readAll(open())).rejects.toMatchObject(damaged);
  });

  it('that are cut short or gone are named as damaged by who reads them and by the next owner', async () => {
    const log = open();
    await fillLarge(log);
    const file = expect.stringContaining(segmentFile()) as string;
    const damaged = { code: 'TOLL_DATA_CORRUPT', message: file };
    truncateSync(segmentFile(), FILE_SEGMENT_BYTES_MIN);
    await expect(readAll(log)).rejects.toMatchObject(damaged);
    await log.close();
    expect(() => open()).toThrow(expect.objectContaining(damaged));
    rmSync(segmentFile());
    await expect(readAll(open('reader'))).rejects.toMatchObject(damaged);
    expect(() => open()).toThrow(expect.objectContaining(damaged));
    // The refusal gives the lock back.
    lockDataDirectory(directory).release();
  });

  it('on a full disk are refused whole, and written once there is room', async () => {
    const log = open();
    await fill(log);
    mkdirSync(join(directory, 'segments'));
    symlinkSync('/dev/full', segmentFile());
    await expect(fillLarge(log, 1)).rejects.toMatchObject({ code: 'TOLL_DATA_DISK_FULL', retriable: true });
    expect(await readAll(log)).toEqual(['call 0', 'call 1', 'call 2']);
    await log.close();
    const again = open();
    await fillLarge(again, 1);
    expect(await readAll(again)).toEqual(['call 0', 'call 1', 'call 2', LARGE]);
  });

  it('of a commit that the database refused are written over', async () => {
    const log = open();
    await fillLarge(log, 1);
    await log.createTopics([{ name: 'small', partitions: 1 }]);
    await log.close();
    const database = new DatabaseSync(join(directory, 'log.sqlite'));
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
    database.close();
    const { SqliteStore } = await import('./sqlite-store.ts');
    const position = { group: 'large', topic: 'calls', partition: 0 };
    const outputsOf = (topic: string, value: Buffer) => ({
      topic,
      partition: 0,
      records: [{ topic, partition: 0, value }],
    });
    const large = outputsOf('calls', Buffer.from(LARGE));
    const step = { nextOffset: 9, metadata: '', nowMs: 0 };
    const full = new SqliteStore(directory, 'owner', { pagesMax: pages });
    const epoch = full.takeClaim(position);
    const small = outputsOf('small', Buffer.alloc(FILE_SEGMENT_BYTES_MIN / 2));
    expect(() => full.commit(position, epoch, { ...step, outputs: [large, small] })).toThrow(
      expect.objectContaining({ code: 'TOLL_DATA_DISK_FULL' }),
    );
    const size = statSync(segmentFile()).size;
    full.commit(position, epoch, { ...step, outputs: [large] });
    expect(statSync(segmentFile()).size).toBe(size);
    full.close();
    expect(await readAll(open())).toEqual([LARGE, LARGE]);
  });

  it('go on in another file when one is full, also in that of a commit that was refused', async () => {
    const log = open();
    await log.createTopics([{ name: 'calls', partitions: 1 }]);
    await log.close();
    const { SqliteStore: Store } = await import('./sqlite-store.ts');
    const position = { group: 'large', topic: 'calls', partition: 0 };
    const value = (i: number): string => `${i}${LARGE}`;
    const commit = (store: SqliteStore, i: number, topic = 'calls'): void => {
      const outputs = ['calls', topic].slice(topic === 'calls' ? 1 : 0).map((name) => ({
        topic: name,
        partition: 0,
        records: [{ topic: name, partition: 0, value: Buffer.from(value(i)) }],
      }));
      store.commit(position, store.takeClaim(position), { outputs, nextOffset: i, metadata: '', nowMs: 0 });
    };
    const names = (): string[] => readdirSync(join(directory, 'segments')).sort();
    const files = { fileBytesMax: 2 * FILE_SEGMENT_BYTES_MIN };
    const first = new Store(directory, 'owner', files);
    for (const i of [0, 1]) commit(first, i);
    expect(names()).toEqual(['1-0.0']);
    expect(() => commit(first, 2, 'none')).toThrow(/none/);
    commit(first, 2);
    expect(names()).toEqual(['1-0.0', '1-0.1']);
    expect(statSync(segmentFile('1-0.1')).size).toBeLessThan(2 * FILE_SEGMENT_BYTES_MIN);
    first.close();
    const second = new Store(directory, 'owner', files);
    for (const i of [3, 4]) commit(second, i);
    second.close();
    expect(names()).toEqual(['1-0.0', '1-0.1', '1-0.2']);
    expect(await readAll(open())).toEqual([0, 1, 2, 3, 4].map(value));
    for (const name of names())
      expect(statSync(segmentFile(name)).size).toBeLessThan(3 * FILE_SEGMENT_BYTES_MIN);
  });

  it('go with their topic', async () => {
    const log = open();
    await fillLarge(log);
    await log.deleteTopics(['calls']);
    expect(existsSync(segmentFile())).toBe(false);
    await fillLarge(log, 1);
    expect(await readAll(log)).toEqual([LARGE]);
  });

  it('that were acknowledged are there after a kill', async () => {
    const child = await runProcess(`
      import { openSqliteEventLog } from ${entry};
      const log = openSqliteEventLog({ directory: ${JSON.stringify(directory)} });
      await log.createTopics([{ name: 'calls', partitions: 1 }]);
      const claim = await log.claim('loader', 'calls', 0);
      for (let i = 0; ; i += 1) {
        const outputs = [{ topic: 'calls', partition: 0, value: Buffer.alloc(${FILE_SEGMENT_BYTES_MIN}, String(i % 10)) }];
        await claim.commit({ outputs, nextOffset: i + 1, metadata: '' });
        console.log(i + 1);
      }
    `);
    let said = '';
    child.stdout?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await expect.poll(() => Number(said.trim().split('\n').at(-1)), { timeout: 20_000 }).toBeGreaterThan(20);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const acknowledged = Number(said.trim().split('\n').at(-1));
    const log = open();
    const values = await readAll(log);
    expect(values.length).toBeGreaterThanOrEqual(acknowledged);
    expect(values.map((value) => value[0])).toEqual(values.map((_, i) => String(i % 10)));
    expect((await log.committed('loader', 'calls', 0))?.offset).toBe(values.length);
  });
});
