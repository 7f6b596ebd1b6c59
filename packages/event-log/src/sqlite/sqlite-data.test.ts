/** What a data directory does when it is shared, old, new, foreign, damaged or full. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../port.ts';
import { lockDataDirectory } from './data-lock.ts';
import { openSqliteEventLog } from './sqlite-event-log.ts';

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
    await fill(first, 50_000);
    await first.close();
    truncateSync(join(directory, 'log.sqlite'), 400_000);
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
    const records = [{ topic: 'calls', partition: 0, value: Buffer.alloc(1_000_000) }];
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

  it('is created with all its parents', async () => {
    mkdirSync(join(directory, 'a'));
    const log = openSqliteEventLog({ directory: join(directory, 'a', 'b', 'c') });
    await fill(log);
    await log.close();
  });
});
