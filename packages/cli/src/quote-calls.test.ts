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
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  if (call.kind === 'part') return [call.position, call.callId, call.detail];
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

describe('a call that comes in parts', () => {
  const part = (id: string, sequence: number, seconds: number, more: Record<string, unknown> = {}): string =>
    JSON.stringify({
      ...(JSON.parse(event(id, seconds)) as object),
      partial_sequence: sequence,
      ...more,
    });

  test('is priced once, where its last missing part stands, as long as all of them together', async () => {
    const parts = [
      part('a', 1, 100),
      part('a', 3, 61, { partial_last: true }),
      event('b', 90),
      part('a', 1, 100),
      part('a', 2, 100),
    ];
    const calls = await quoted('parts.jsonl', parts.join('\n'), true);
    expect(calls.map(told)).toEqual([
      ['parts.jsonl:1', 'a', 'Part 1 of a call: the last one is missing.'],
      ['parts.jsonl:2', 'a', 'Part 3 of a call: part 2 is missing.'],
      ['parts.jsonl:3', 'b', '0.000000'],
      ['parts.jsonl:4', 'a', 'duplicate'],
      // 261 s are five minutes, of which b left one of three.
      ['parts.jsonl:5', 'a', '0.080000'],
    ]);
    expect(calls.at(-1)).toMatchObject({
      kind: 'quoted',
      parts: 3,
      result: {
        quote: { billable_seconds: 300, included_seconds: 60 },
        explanation: { steps: expect.any(Array) as unknown[] },
      },
    });
  });

  test('and as a whole counts once, whichever comes first', async () => {
    const parts = [part('a', 1, 100), part('a', 2, 50, { partial_last: true })];
    const wholeLast = await quoted('whole-last.jsonl', [...parts, event('a', 150)].join('\n'));
    expect(wholeLast.map(({ kind }) => kind)).toEqual(['part', 'quoted', 'duplicate']);
    const wholeFirst = await quoted('whole-first.jsonl', [event('a', 150), ...parts].join('\n'));
    expect(wholeFirst.map(told)).toEqual([
      ['whole-first.jsonl:1', 'a', '0.000000'],
      ['whole-first.jsonl:2', 'a', 'Part 1 of a call: the last one is missing.'],
      ['whole-first.jsonl:3', 'a', 'Part 2 of a call: the call came as a whole, too, and counts so.'],
    ]);
  });

  test('is not told from what is not known of its account', async () => {
    const calls = await quoted('unknown.jsonl', part('a', 1, 100, { from: '+13125550100' }));
    expect(calls.map(told)).toEqual([['unknown.jsonl:1', 'a', 'account_unknown']]);
  });

  test('over chunks of a long file waits for its parts', async () => {
    const lines = Array.from({ length: 10_050 }, (_, i) => event(`call-${i}`, 0));
    const parts = [part('a', 1, 100), ...lines, part('a', 2, 50, { partial_last: true })];
    const calls = await quoted('long-parts.jsonl', parts.join('\n'));
    expect(calls.at(-1)).toMatchObject({ kind: 'quoted', parts: 2 });
  });
});
