/** What people and switches get wrong, through the real command: each ends in a sentence with its place and its remedy. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it, test } from 'vitest';
import { SASL_USER } from '../broker/broker.ts';
import { findFreePorts } from '../broker/probe.ts';
import {
  billed,
  type Finished,
  PROJECT_ROOT,
  start,
  temporaryDirectory,
  tollstream,
  totalsOf,
} from '../support/cli.ts';
import { BROKEN_AVRO, TRAPS, trapFile } from './traps.ts';

const MASTER_CSV = path.join(PROJECT_ROOT, 'test/fixtures/switches/asterisk/Master.csv');
/** A frame of a stack trace, whatever the engine prints before it. */
const STACK = /^\s+at .+:\d+:\d+\)?$/m;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
const inFolder = (name: string): string => path.join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryDirectory();
  await mkdir(inFolder('directory'));
  const line = TRAPS[0]?.bytes.toString() ?? '';
  await Promise.all([
    writeFile(inFolder('nothing.jsonl'), ''),
    writeFile(inFolder('nothing.jsonl.gz'), gzipSync('')),
    writeFile(inFolder('cut.jsonl.gz'), gzipSync(line.repeat(100)).subarray(0, 40)),
    writeFile(inFolder('prose.txt'), 'Dear carrier,\nplease find attached\n'),
    writeFile(inFolder('columns.csv'), 'who,when,howlong\na,b,c\n'),
    writeFile(inFolder('broken.avro'), BROKEN_AVRO),
    writeFile(inFolder('good.jsonl'), `${line}\n`),
  ]);
});
afterAll(() => folder[Symbol.asyncDispose]());

function expectRefusal(
  finished: Finished,
  wanted: { code: number; error: string; says: readonly string[] },
): void {
  const { code, stdout, stderr } = finished;
  expect(stderr).toContain(`[${wanted.error}]`);
  for (const text of wanted.says) expect(stderr).toContain(text);
  expect(stderr).not.toMatch(STACK);
  expect(code).toBe(wanted.code);
  expect(stdout).toBe('');
}

describe('a source that is none', () => {
  it.each([
    ['missing.jsonl', [], 1, 'TOLL_IMPORT_UNREADABLE', ['missing.jsonl', 'Check the path']],
    ['directory', [], 1, 'TOLL_IMPORT_UNREADABLE', ['is a directory']],
    ['nothing.jsonl', [], 1, 'TOLL_IMPORT_EMPTY', ['nothing.jsonl is empty', 'wrote the file to its end']],
    ['nothing.jsonl.gz', [], 1, 'TOLL_IMPORT_EMPTY', ['nothing.jsonl.gz is empty']],
    ['cut.jsonl.gz', [], 1, 'TOLL_IMPORT_COMPRESSION', ['cut.jsonl.gz', 'Copy the file again']],
    ['prose.txt', [], 2, 'TOLL_IMPORT_FORMAT_UNKNOWN', ['prose.txt', 'with --format']],
    ['good.jsonl', ['--format', 'morse'], 2, 'TOLL_IMPORT_FORMAT_UNKNOWN', ['"morse"', 'asterisk-csv']],
    ['columns.csv', ['--format', 'csv'], 1, 'TOLL_IMPORT_HEADER_MISSING', ['columns.csv', 'started_at']],
    ['broken.avro', [], 1, 'TOLL_IMPORT_AVRO_HEADER', ['broken.avro', 'Avro']],
    [MASTER_CSV, [], 2, 'TOLL_IMPORT_TIME_ZONE_MISSING', ['Master.csv', '--time-zone America/New_York']],
    [
      MASTER_CSV,
      ['--time-zone', 'Mars/Olympus'],
      2,
      'TOLL_IMPORT_TIME_ZONE_UNKNOWN',
      ['Mars/Olympus', 'IANA'],
    ],
  ] as const)('%s %j', { concurrent: true }, async (file, flags, code, error, says) => {
    const data = inFolder(`data-${error}-${path.basename(file)}`);
    const source = path.isAbsolute(file) ? file : inFolder(file);
    expectRefusal(await tollstream(['import', source, '--data', data, ...flags]), { code, error, says });
  });

  it('is named by a run as well, and empty standard input too', async () => {
    const [prose, empty] = await Promise.all([
      tollstream(['run', '--calls', inFolder('prose.txt'), '--data', inFolder('run-prose'), '--json']),
      tollstream(['import', '-', '--data', inFolder('run-stdin')]),
    ]);
    expectRefusal(prose, { code: 2, error: 'TOLL_IMPORT_FORMAT_UNKNOWN', says: ['prose.txt'] });
    expectRefusal(empty, { code: 1, error: 'TOLL_IMPORT_EMPTY', says: ['standard input is empty'] });
  });
});

describe('a catalog, option or directory that cannot be used', () => {
  const run = (...flags: readonly string[]): Promise<Finished> =>
    tollstream(['run', '--calls', inFolder('good.jsonl'), '--exit-when-done', '--json', ...flags]);

  it('names file, line and remedy of every problem of a catalog', async () => {
    await mkdir(inFolder('catalog/plans'), { recursive: true });
    await writeFile(inFolder('catalog/catalog.yaml'), 'name: broken\nversion: [1\n');
    const [broken, missing, plan] = await Promise.all([
      run('--data', inFolder('c1'), '--catalog', inFolder('catalog')),
      run('--data', inFolder('c2'), '--catalog', inFolder('no-such-catalog')),
      run('--data', inFolder('c3'), '--default-plan', 'platinum'),
    ]);
    const catalog = { code: 2, error: 'TOLL_CATALOG_INVALID' };
    expectRefusal(broken, { ...catalog, says: ['catalog.yaml:', 'TOLL_CATALOG_YAML_INVALID'] });
    expect(broken.stderr).toMatch(/catalog\.yaml:[23]:\d+/);
    expectRefusal(missing, { ...catalog, says: ['no-such-catalog', 'catalog.yaml'] });
    expectRefusal(plan, { ...catalog, says: ['"platinum"', 'standard'] });
  });

  it('refuses options in a sentence', async () => {
    const [port, command, option] = await Promise.all([
      run('--data', inFolder('o1'), '--clickhouse-port', '99999'),
      tollstream(['rate']),
      run('--data', inFolder('o3'), '--colour'),
    ]);
    expectRefusal(port, { code: 2, error: 'TOLL_USAGE_PORT', says: ['99999', '65535'] });
    expect([command.code, option.code]).toEqual([2, 2]);
    expect(command.stderr).toMatch(/unknown command 'rate'[\s\S]*--help/);
    expect(option.stderr).toMatch(/unknown option '--colour'[\s\S]*--help/);
  });

  it('refuses a path that is a file, and a directory with broken settings', async () => {
    await mkdir(inFolder('half/clickhouse'), { recursive: true });
    await writeFile(inFolder('half/settings.json'), '{');
    const [file, below, settings, output, engine] = await Promise.all([
      run('--data', inFolder('good.jsonl')),
      run('--data', inFolder('good.jsonl/below')),
      tollstream(['cdr', 'download', '--data', inFolder('half'), '--account', 'a', '--month', '2020-01']),
      tollstream(['generate', '--calls', '10', '--output', inFolder('nowhere/calls.jsonl')]),
      tollstream(['clickhouse', '--data', inFolder('good.jsonl')]),
    ]);
    expectRefusal(file, { code: 1, error: 'TOLL_DATA_IO', says: ['good.jsonl', '--data'] });
    expectRefusal(below, { code: 1, error: 'TOLL_DATA_IO', says: ['below', '--data'] });
    expectRefusal(settings, {
      code: 1,
      error: 'TOLL_DATA_SETTINGS',
      says: ['settings.json', 'tollstream run'],
    });
    expectRefusal(output, {
      code: 1,
      error: 'TOLL_FILE_UNUSABLE',
      says: ['nowhere/calls.jsonl', 'Check the path'],
    });
    expectRefusal(engine, { code: 1, error: 'TOLL_FILE_UNUSABLE', says: ['good.jsonl', 'Check the path'] });
  });

  it('refuses the stores of a newer version, and a database that is none of ours', async () => {
    const imported = await tollstream(['import', inFolder('good.jsonl'), '--data', inFolder('newer')]);
    expect(imported.code, imported.stderr).toBe(0);
    changeLog(inFolder('newer'), 'PRAGMA user_version = 999');
    await mkdir(inFolder('foreign/log'), { recursive: true });
    changeLog(inFolder('foreign'), 'CREATE TABLE recipes (name TEXT)');
    const [newer, foreign] = await Promise.all([
      run('--data', inFolder('newer')),
      run('--data', inFolder('foreign')),
    ]);
    expectRefusal(newer, { code: 1, error: 'TOLL_DATA_NEWER', says: ['newer', 'Update Tollstream'] });
    expectRefusal(foreign, { code: 1, error: 'TOLL_DATA_FOREIGN', says: ['foreign', '--data'] });
  });
});

function changeLog(data: string, sql: string): void {
  const database = new DatabaseSync(path.join(data, 'log/log.sqlite'));
  database.exec(sql);
  database.close();
}

describe('Kafka', () => {
  const brokers = inject('kafkaBrokers');
  const saslBroker = inject('kafkaSaslBroker');
  const publish = (env: Record<string, string>, ...flags: readonly string[]): Promise<Finished> =>
    tollstream(['import', inFolder('good.jsonl'), ...flags], { env });

  it('that is not named or does not answer', async () => {
    const [port] = await findFreePorts(1);
    const [unset, away] = await Promise.all([
      publish({ TOLLSTREAM_KAFKA_BROKERS: '' }),
      publish({ TOLLSTREAM_KAFKA_BROKERS: `127.0.0.1:${port}` }),
    ]);
    expectRefusal(unset, { code: 2, error: 'TOLL_CONFIG_INVALID', says: ['TOLLSTREAM_KAFKA_BROKERS'] });
    expectRefusal(away, { code: 1, error: 'TOLL_KAFKA_UNREACHABLE', says: [`127.0.0.1:${port}`] });
  });

  it.skipIf(brokers.length === 0)('without the topic', async () => {
    const finished = await publish(
      { TOLLSTREAM_KAFKA_BROKERS: brokers.join(',') },
      '--topic',
      'no.such.topic',
    );
    expectRefusal(finished, {
      code: 1,
      error: 'TOLL_LOG_TOPIC_MISSING',
      says: ['no.such.topic', 'tollstream topics create'],
    });
  });

  it.skipIf(brokers.length === 0)('without the topics of a service', async () => {
    const { code, stdout, stderr } = await tollstream(['rating'], {
      env: {
        TOLLSTREAM_KAFKA_BROKERS: brokers.join(','),
        TOLLSTREAM_CATALOG_DIR: path.join(PROJECT_ROOT, 'examples/hosted-phone'),
        TOLLSTREAM_OPERATIONS_PORT: '0',
        TOLLSTREAM_TOPIC_ACCEPTED: 'no.such.topic',
      },
    });
    expect(stdout).toContain('"code":"TOLL_LOG_TOPIC_MISSING"');
    expect(stdout).toContain('no.such.topic');
    expect(stdout).toContain('tollstream topics create');
    expect(stdout + stderr).not.toMatch(/"stack"|\n\s+at /);
    expect(code).toBe(1);
  });

  it.skipIf(saslBroker === '')('that refuses the password', async () => {
    const finished = await publish({
      TOLLSTREAM_KAFKA_BROKERS: saslBroker,
      TOLLSTREAM_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      TOLLSTREAM_KAFKA_SASL_USER: SASL_USER.username,
      TOLLSTREAM_KAFKA_SASL_PASSWORD: 'let-me-in',
    });
    expectRefusal(finished, { code: 1, error: 'TOLL_KAFKA_CREDENTIALS', says: [saslBroker, 'password'] });
    expect(finished.stderr).not.toContain('let-me-in');
  });
});

test('every broken record is kept with its reason, its line and its bytes; its neighbours are billed', async () => {
  const file = inFolder('traps.jsonl');
  await writeFile(file, trapFile());
  const data = inFolder('traps');
  const args = ['run', '--calls', file, '--data', data];
  const first = await tollstream([...args, '--exit-when-done', '--json']);
  const totals = totalsOf(first);
  const count = (outcome: string): number => TRAPS.filter((trap) => trap.outcome === outcome).length;
  expect(billed(totals)).toMatchObject({
    seen: TRAPS.length,
    rated: count('rated'),
    duplicate: count('duplicate'),
    rejected: TRAPS.filter(({ outcome }) => outcome.startsWith('rejected')).length,
    suspended: TRAPS.filter(({ outcome }) => outcome.startsWith('suspended')).length,
  });
  expect(first.stderr).not.toMatch(STACK);
  // Totals are the one line of standard output; everything for people is on standard error.
  expect(first.stdout.trimEnd().split('\n')).toHaveLength(1);

  const running = start([...args, '--clickhouse-port', '0', '--metrics-port', '0']);
  try {
    const [, url = ''] = await running.waitFor(/ClickHouse\s+(http:\S+)/);
    const query = async (sql: string): Promise<Record<string, string>[]> => {
      const response = await fetch(url, { method: 'POST', body: `${sql} FORMAT JSONEachRow` });
      const text = await response.text();
      expect(response.ok, text).toBe(true);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, string>);
    };
    const rejected = await query(
      'SELECT code, position, hex(substring(raw, 1, 200)) AS head, length(raw) AS bytes FROM tollstream.usage_rejected ORDER BY source_offset',
    );
    const lines = TRAPS.map((trap, index) => ({ ...trap, line: index + 1 }));
    expect(rejected).toEqual(
      lines
        .filter(({ outcome }) => outcome.startsWith('rejected'))
        .map(({ outcome, line, bytes }) => ({
          code: outcome.replace('rejected ', ''),
          position: `traps.jsonl:${line}`,
          head: bytes.subarray(0, 200).toString('hex').toUpperCase(),
          // A line beyond the limit of a record is kept up to that limit.
          bytes: Math.min(bytes.length, 1_048_577),
        })),
    );
    const suspended = await query(
      'SELECT code, source_offset AS offset FROM tollstream.usage_suspended ORDER BY source_offset',
    );
    expect(suspended).toEqual(
      lines
        .filter(({ outcome }) => outcome.startsWith('suspended'))
        .map(({ outcome, line }) => ({ code: outcome.replace('suspended ', ''), offset: line - 1 })),
    );

    const second = await tollstream([...args, '--exit-when-done']);
    expectRefusal(second, {
      code: 1,
      error: 'TOLL_DATA_IN_USE',
      says: [`process ${running.child.pid}`, 'Stop that run'],
    });
    const later = await fetch(url, {
      method: 'POST',
      body: "INSERT INTO tollstream.schema_migrations (version, name, checksum) SELECT 9999, '9999_later.sql', 'x'",
    });
    expect(later.ok, await later.text()).toBe(true);
  } finally {
    running.child.kill('SIGTERM');
    await running.finished;
  }
  expect((await running.finished).code).toBe(0);
  const newer = await tollstream([...args, '--exit-when-done']);
  expectRefusal(newer, { code: 1, error: 'TOLL_STORE_NEWER', says: ['tollstream', 'newer'] });
});
