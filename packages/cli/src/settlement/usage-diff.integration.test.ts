/** `tollstream catalog diff A B --usage` as it is typed: what the difference of two catalogs comes to on the calls of a data directory. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SAMPLE_CATALOG } from '../paths.ts';

const MAIN = path.join(import.meta.dirname, '../main.ts');
const JANUARY = ['--from', '2020-01-01', '--to', '2020-02-01'];
// Each test starts some processes.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
let folder: string;

function run(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

function diff(before: string, after: string, ...options: string[]): ReturnType<typeof run> {
  return run('catalog', 'diff', before, after, '--usage', '--data', 'own', ...options);
}

function difference(...options: string[]): unknown {
  const { status, out, err } = diff('sample', 'dearer', '--json', ...options);
  expect([status, err.includes('TOLL_')]).toEqual([0, false]);
  return JSON.parse(out);
}

/** A catalog that differs from the sample in one text of one file. */
function changed(name: string, file: string, from: string, to: string): void {
  const target = path.join(folder, name, file);
  const text = readFileSync(target, 'utf8');
  expect(text).toContain(from);
  writeFileSync(target, text.replace(from, to));
}

function event(id: string, from: string, to: string, seconds: number, more: object = {}): string {
  const answered = Date.parse('2020-01-15T15:00:07Z');
  const times = { started_at: answered - 7_000, answered_at: answered, ended_at: answered + seconds * 1_000 };
  return JSON.stringify({
    call_id: id,
    switch_id: 'pbx-1',
    direction: 'outbound',
    from,
    to,
    ...times,
    ...more,
  });
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tollstream-usage-diff-'));
  const calls = [
    event('tf-1', '+13055550188', '+18005550100', 61, { direction: 'inbound' }),
    event('tf-2', '+13055550188', '+18005550100', 150, { direction: 'inbound' }),
    event('br-1', '+12125550100', '+5511987650123', 31),
    event('br-2', '+12135550100', '+5511987650123', 61),
    event('us-1', '+12125550100', '+14155550199', 61),
  ];
  writeFileSync(path.join(folder, 'calls.jsonl'), calls.join('\n'));
  for (const name of ['sample', 'dearer', 'blocked'])
    cpSync(SAMPLE_CATALOG, path.join(folder, name), { recursive: true });
  changed('dearer', 'tariffs/us-toll-free.yaml', 'rate: 0.03 }', 'rate: 0.035 }');
  changed(
    'dearer',
    'tariffs/international-usd.csv',
    '\n55119,Brazil mobile,BR,0.0525,',
    '\n55119,Brazil mobile,BR,0.0425,',
  );
  changed(
    'blocked',
    'plans/standard.yaml',
    'international: { tariff: international-usd }',
    'international: blocked',
  );
  const { status, err } = run(
    'run',
    '--calls',
    'calls.jsonl',
    '--data',
    'own',
    '--catalog',
    'sample',
    '--exit-when-done',
  );
  expect(status, err).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

// 60 s and 180 s of 0.005 more; 36 s and 66 s of 0.01 less; the call inside the country is within the allowance.
const DENTAL = [
  {
    account: 'riverside-dental',
    call_type: 'toll_free_inbound',
    country: 'US',
    prefix: '1',
    currency: 'USD',
    difference: '0.020000',
  },
  {
    account: 'riverside-dental',
    call_type: 'international',
    country: 'BR',
    prefix: '55119',
    currency: 'USD',
    difference: '-0.006000',
  },
];
const HARBORLINE = { ...DENTAL[1], account: 'harborline-logistics', difference: '-0.011000' };

test('the difference is told by account, call type and destination, the largest first', () => {
  expect(difference(...JANUARY)).toEqual({
    from: 1,
    to: 1,
    calls: 5,
    before: { USD: '0.209250' },
    after: { USD: '0.212250' },
    difference: { USD: '0.003000' },
    differences: [DENTAL[0], HARBORLINE, DENTAL[1]],
  });
  const { status, out } = diff('dearer', 'sample', ...JANUARY);
  expect(status).toBe(0);
  expect(out.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ['account', 'call type', 'destination', 'difference'],
    ['riverside-dental', 'toll_free_inbound', 'US 1', '-0.020000', 'USD'],
    ['harborline-logistics', 'international', 'BR 55119', '+0.011000', 'USD'],
    ['riverside-dental', 'international', 'BR 55119', '+0.006000', 'USD'],
    ['5 calls'],
    ['USD 0.212250 → 0.209250, difference -0.003000'],
    [''],
  ]);
});

test('of one account only its calls are priced', () => {
  expect(difference(...JANUARY, '--account', 'harborline-logistics')).toMatchObject({
    calls: 1,
    difference: { USD: '-0.011000' },
    differences: [HARBORLINE],
  });
  expect(difference(...JANUARY, '--account', 'cascade-legal')).toMatchObject({ calls: 0, differences: [] });
});

test('months without usage, before it and after it, come to nothing', () => {
  const nothing = { calls: 0, before: {}, after: {}, difference: {}, differences: [] };
  expect(difference('--from', '2019-11-01', '--to', '2020-01-01')).toMatchObject(nothing);
  expect(diff('sample', 'dearer', '--from', '2020-02-01', '--to', '2020-03-01').out).toBe('0 calls\n');
});

test('a part of a month is refused', () => {
  for (const months of [
    ['--from', '2020-01-01'],
    ['--from', '2020-01-15', '--to', '2020-02-01'],
  ]) {
    const { status, out, err } = diff('sample', 'dearer', ...months);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('TOLL_USAGE_MONTH');
  }
});

test('a catalog in which a call has no price is refused', () => {
  const { status, out, err } = diff('sample', 'blocked', ...JANUARY);
  expect(out).toBe('');
  expect(err).toContain('TOLL_SETTLEMENT_UNPRICED');
  expect(status).not.toBe(0);
});
