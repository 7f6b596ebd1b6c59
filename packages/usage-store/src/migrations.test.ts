import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import { StoreError } from './errors.ts';
import { migrate, readMigrations, STATEMENT_ATTEMPTS_MAX } from './migrations.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-migrations-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Remembers what was recorded, and which statements ran. */
function connection(): { connection: Connection; ran: string[] } {
  const recorded: { version: number; name: string; checksum: string }[] = [];
  const ran: string[] = [];
  const fake = {
    kind: 'server',
    async command(sql: string) {
      const row = /SELECT (\d+), '([^']*)', '([^']*)'$/.exec(sql);
      if (row !== null) recorded.push({ version: Number(row[1]), name: row[2]!, checksum: row[3]! });
      else if (sql.startsWith('ALTER')) ran.push(sql);
    },
    rows: async () => recorded.toSorted((a, b) => a.version - b.version),
  };
  return { connection: fake as unknown as Connection, ran };
}

function file(name: string): void {
  writeFileSync(path.join(directory, name), `ALTER ${name};\n`);
}

test('numbers may have gaps, and what fills one later is applied where it is missing', async () => {
  const { connection: store, ran } = connection();
  file('0001_one.sql');
  file('0005_five.sql');
  expect(await migrate(store, 'db', readMigrations(directory))).toEqual({
    applied: ['0001_one.sql', '0005_five.sql'],
    version: 5,
  });
  file('0003_three.sql');
  expect(await migrate(store, 'db', readMigrations(directory))).toEqual({
    applied: ['0003_three.sql'],
    version: 5,
  });
  expect(await migrate(store, 'db', readMigrations(directory))).toEqual({ applied: [], version: 5 });
  expect(ran).toEqual(['ALTER 0001_one.sql', 'ALTER 0005_five.sql', 'ALTER 0003_three.sql']);
});

/** Each statement fails so many times before it is run. */
function failing(
  says: string,
  times: number,
): { connection: Connection; ran: string[]; asked: () => number } {
  const { connection: store, ran } = connection();
  const failures = new Map<string, number>();
  let asked = 0;
  const fails = (sql: string): void => {
    asked += 1;
    const already = failures.get(sql) ?? 0;
    failures.set(sql, already + 1);
    if (already < times)
      throw new StoreError('TOLL_STORE_UNREACHABLE', `It does not answer. ${says}`, '', {});
  };
  const fake = {
    ...store,
    async command(sql: string) {
      fails(sql);
      return store.command(sql);
    },
    async rows<Row>(sql: string) {
      fails(sql);
      return store.rows<Row>(sql, {});
    },
  };
  return { connection: fake, ran, asked: () => asked };
}

test.each(['socket hang up', 'read ECONNRESET', 'write EPIPE'])(
  'a statement whose connection was lost (%s) is sent on another one',
  async (says) => {
    const store = failing(says, STATEMENT_ATTEMPTS_MAX - 1);
    file('0001_one.sql');
    file('0002_two.sql');
    expect(await migrate(store.connection, 'db', readMigrations(directory))).toEqual({
      applied: ['0001_one.sql', '0002_two.sql'],
      version: 2,
    });
    expect(store.ran).toEqual(['ALTER 0001_one.sql', 'ALTER 0002_two.sql']);
  },
);

test.each([
  ['socket hang up', STATEMENT_ATTEMPTS_MAX],
  ['connect ECONNREFUSED 127.0.0.1:8123', 1],
])('a server that answers nothing (%s) is not asked for ever', async (says, attempts) => {
  const store = failing(says, Infinity);
  file('0001_one.sql');
  await expect(migrate(store.connection, 'db', readMigrations(directory))).rejects.toMatchObject({
    code: 'TOLL_STORE_UNREACHABLE',
  });
  expect(store.asked()).toBe(attempts);
});

test('two files of one number, or of none, are refused', () => {
  file('0001_one.sql');
  file('0001_other.sql');
  expect(() => readMigrations(directory)).toThrow(/0001_other\.sql is out of sequence/);
});
