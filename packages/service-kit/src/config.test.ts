import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineConfig, loadConfig, printConfig, variableName, type ConfigOf } from './config.ts';
import * as setting from './settings.ts';
import type { TollError } from './toll-error.ts';

const schema = defineConfig({
  name: 'example',
  settings: {
    kafkaBrokers: setting.list({ summary: 'Brokers.', min: 1 }),
    insertTimeoutMs: setting.integer({ summary: 'Insert.', min: 1, max: 60_000, default: 10_000 }),
    sessionTimeoutMs: setting.integer({ summary: 'Session.', min: 1, max: 60_000, default: 30_000 }),
    mode: setting.choice({ summary: 'Mode.', of: ['fast', 'safe'], default: 'safe' }),
    tls: setting.flag({ summary: 'TLS.', default: false }),
    password: setting.secret({ summary: 'Password.' }),
    store: setting.url({ summary: 'Store.', default: 'http://localhost:8123' }),
  },
  relations: [
    {
      holds: (values) => values.insertTimeoutMs < values.sessionTimeoutMs,
      rule: 'insertTimeoutMs must be below sessionTimeoutMs',
      about: ['insertTimeoutMs', 'sessionTimeoutMs'],
    },
  ],
});

const problemOf = (load: () => unknown): TollError => {
  try {
    load();
  } catch (error) {
    return error as TollError;
  }
  throw new Error('nothing was refused');
};

describe('loadConfig', () => {
  it('reads the environment, with types', () => {
    const loaded = loadConfig(schema, {
      env: {
        TOLLSTREAM_KAFKA_BROKERS: 'a:1, b:2',
        TOLLSTREAM_TLS: 'true',
        TOLLSTREAM_INSERT_TIMEOUT_MS: '500',
      },
    });
    const values: ConfigOf<typeof schema> = loaded.values;
    expect(values).toEqual({
      kafkaBrokers: ['a:1', 'b:2'],
      insertTimeoutMs: 500,
      sessionTimeoutMs: 30_000,
      mode: 'safe',
      tls: true,
      password: '',
      store: 'http://localhost:8123',
    });
    expect(loaded.sources['tls']).toBe('environment');
    expect(loaded.sources['mode']).toBe('default');
  });

  it('names every problem at once, with what it got and what it needs', () => {
    const problem = problemOf(() =>
      loadConfig(schema, {
        env: { TOLLSTREAM_INSERT_TIMEOUT_MS: '10s', TOLLSTREAM_MODE: 'quick', TOLLSTREAM_STORE: 'ftp://x' },
      }),
    );
    expect(problem.code).toBe('TOLL_CONFIG_INVALID');
    expect(problem.message).toContain('4 problems');
    expect(problem.message).toContain('TOLLSTREAM_KAFKA_BROKERS is not set; it needs a list of texts');
    expect(problem.message).toContain(
      'TOLLSTREAM_INSERT_TIMEOUT_MS is "10s"; it needs a whole number from 1 to 60000',
    );
    expect(problem.message).toContain('TOLLSTREAM_MODE is "quick"; it needs one of fast, safe');
    expect(problem.message).toContain('TOLLSTREAM_STORE is "ftp://x"');
  });

  it('refuses values that contradict each other', () => {
    const env = { TOLLSTREAM_KAFKA_BROKERS: 'a:1', TOLLSTREAM_INSERT_TIMEOUT_MS: '40000' };
    expect(problemOf(() => loadConfig(schema, { env })).message).toContain(
      'insertTimeoutMs must be below sessionTimeoutMs; TOLLSTREAM_INSERT_TIMEOUT_MS is "40000", TOLLSTREAM_SESSION_TIMEOUT_MS is "30000"',
    );
  });

  it('takes an empty variable for one that is not set', () => {
    const env = { TOLLSTREAM_KAFKA_BROKERS: 'a:1', TOLLSTREAM_MODE: '' };
    expect(loadConfig(schema, { env }).values.mode).toBe('safe');
  });

  it('warns of variables that are nearly a setting, and of no others', () => {
    const env = {
      TOLLSTREAM_KAFKA_BROKERS: 'a:1',
      TOLLSTREAM_MODES: 'fast',
      TOLLSTREAM_OTHER_SERVICE: 'x',
      HOME: '/',
    };
    expect(loadConfig(schema, { env }).warnings).toEqual([
      'The environment variable TOLLSTREAM_MODES is no setting (did you mean TOLLSTREAM_MODE?).',
    ]);
  });

  it('never prints a secret or the credentials of an address', () => {
    const env = {
      TOLLSTREAM_KAFKA_BROKERS: 'a:1',
      TOLLSTREAM_PASSWORD: 'hunter2',
      TOLLSTREAM_STORE: 'http://user:pass@store:8123',
    };
    const printed = printConfig(schema, loadConfig(schema, { env })).join('\n');
    expect(printed).toContain('TOLLSTREAM_PASSWORD=***');
    expect(printed).toContain('TOLLSTREAM_STORE=http://***@store:8123');
    expect(printed).not.toMatch(/hunter2|pass@/);
  });
});

describe('a configuration file', () => {
  let folder: string;
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollstream-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives values in YAML or JSON, and the environment stands above it', () => {
    const yaml = file('a.yaml', 'kafkaBrokers: [a:1, b:2]\ninsertTimeoutMs: 700\ntls: yes\nmode: fast\n');
    const loaded = loadConfig(schema, { env: { TOLLSTREAM_MODE: 'safe' }, file: yaml });
    expect(loaded.values).toMatchObject({
      kafkaBrokers: ['a:1', 'b:2'],
      insertTimeoutMs: 700,
      tls: true,
      mode: 'safe',
    });
    expect(loaded.sources).toMatchObject({ insertTimeoutMs: 'file', mode: 'environment' });
    const json = file('a.json', '{"kafkaBrokers": "a:1"}');
    expect(loadConfig(schema, { env: {}, file: json }).values.kafkaBrokers).toEqual(['a:1']);
  });

  it('refuses names it does not know, with the near one', () => {
    const yaml = file('b.yaml', 'kafkaBrokers: a:1\ninsertTimeoutMS: 700\n');
    expect(problemOf(() => loadConfig(schema, { env: {}, file: yaml })).message).toContain(
      '"insertTimeoutMS" is no setting of example (did you mean insertTimeoutMs?)',
    );
  });

  it.each([
    ['a missing file', 'missing.yaml', null, 'TOLL_CONFIG_FILE_UNREADABLE'],
    ['broken YAML', 'c.yaml', 'a: [1', 'TOLL_CONFIG_FILE_BROKEN'],
    ['a list', 'd.yaml', '- a\n- b\n', 'TOLL_CONFIG_FILE_BROKEN'],
  ])('refuses %s', (_what, name, content, code) => {
    const path = content === null ? join(folder, name) : file(name, content);
    expect(problemOf(() => loadConfig(schema, { env: {}, file: path })).code).toBe(code);
  });
});

it('derives the variable from the name of the setting', () => {
  expect(variableName('insertTimeoutMs')).toBe('TOLLSTREAM_INSERT_TIMEOUT_MS');
  expect(variableName('tls')).toBe('TOLLSTREAM_TLS');
});
