import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  byTariff,
  makeAccount,
  makeCatalog,
  makePlan,
  makePool,
  makeTariff,
} from '@tollstream/rating-engine/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quoteFile } from './quote-calls.ts';
import type { QuotedCall } from './quote-calls.ts';

const NOW = Date.parse('2020-02-01T00:00:00Z');
const domestic = byTariff(
  makeTariff('domestic', [{ prefix: '1', perMinute: '0.02' }]),
  makePool('minutes', 3),
);
const catalog = makeCatalog([makeAccount('acme', makePlan('standard', { long_distance: domestic }))]);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tollstream-quote-'));
});
afterAll(() => rm(folder, { recursive: true }));

function event(id: string, seconds: number, more: Record<string, string> = {}): string {
  const answered = Date.parse('2020-01-15T15:00:00Z');
  const times = {
    started_at: new Date(answered - 5000).toISOString(),
    answered_at: new Date(answered).toISOString(),
    ended_at: new Date(answered + seconds * 1000).toISOString(),
  };
  const call = { call_id: id, switch_id: 's', direction: 'outbound', disposition: 'answered' };
  return JSON.stringify({ ...call, from: '+12125550100', to: '+14155550199', ...times, ...more });
}

async function quoted(name: string, text: string, explain = false): Promise<QuotedCall[]> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  const calls: QuotedCall[] = [];
  for await (const call of quoteFile({ catalog, file, read: {}, explain, nowMs: NOW })) calls.push(call);
  return calls;
}

function told(call: QuotedCall): unknown[] {
  if (call.kind === 'duplicate') return [call.position, call.callId, 'duplicate'];
  if (call.kind === 'rejected') return [call.position, call.callId, call.code];
  const { quote } = call.result;
  return [call.position, call.callId, quote.status === 'rated' ? quote.charge : quote.reason_code];
}

test('a file is priced in its order, the allowance shared, and no record is left out', async () => {
  const lines = [
    event('a', 100),
    '{ "call_id": ',
    event('b', 100),
    event('a', 100),
    event('c', 60, { from: '+13125550100' }),
    event('d', 61),
    event('e', 61, { to: 'nobody' }),
  ];
  const calls = await quoted('calls.jsonl', lines.join('\n'));
  expect(calls.map(told)).toEqual([
    ['calls.jsonl:1', 'a', '0.000000'],
    ['calls.jsonl:2', '', 'unreadable'],
    ['calls.jsonl:3', 'b', '0.020000'], // 60 of its 120 s are left of the 180
    ['calls.jsonl:4', 'a', 'duplicate'],
    ['calls.jsonl:5', 'c', 'account_unknown'],
    ['calls.jsonl:6', 'd', '0.040000'],
    ['calls.jsonl:7', 'e', 'number_invalid'],
  ]);
});

test('every chunk of a long file goes on with the allowance', async () => {
  const lines = Array.from({ length: 10_050 }, (_, i) => event(`call-${i}`, 0, {}));
  const calls = await quoted('long.jsonl', [event('first', 180), ...lines, event('last', 1)].join('\n'));
  expect(calls).toHaveLength(10_052);
  expect(told(calls.at(-1)!)).toEqual(['long.jsonl:10052', 'last', '0.020000']);
});

test('other formats are read as an import reads them', async () => {
  const csv =
    'call_id,switch_id,direction,from,to,started_at,answered_at,ended_at,disposition\n' +
    'a,s,outbound,+12125550100,+14155550199,2020-01-15T15:00:00Z,2020-01-15T15:00:05Z,2020-01-15T15:04:05Z,answered\n';
  const [call] = await quoted('calls.csv', csv, true);
  if (call?.kind !== 'quoted') throw new Error('not quoted');
  expect(call.result.quote).toMatchObject({ rate_type: 'split', included_seconds: 180, charge: '0.020000' });
  expect(call.result.explanation!.steps.at(-1)!.text).toContain('the allowance ran out');
});
