import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import { migrate, readMigrations } from './migrations.ts';

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

test('two files of one number, or of none, are refused', () => {
  file('0001_one.sql');
  file('0001_other.sql');
  expect(() => readMigrations(directory)).toThrow(/0001_other\.sql is out of sequence/);
});
