import { expect, test } from 'vitest';
import { Check } from './findings.ts';
import { RowHash } from './row-hash.ts';
import { compareRows } from './store-audit.ts';
import type { AuditedRow } from './store-audit.ts';

const table = {
  table: 'usage',
  hash: new RowHash([
    { name: 'call_id', type: 'String' },
    { name: 'charge', type: 'Decimal(18, 6)' },
  ]),
} as const;

function row(callId: string, charge = 1): AuditedRow {
  return { callId, hash: charge, terms: () => [1, charge] };
}

async function compare(
  stream: Record<number, AuditedRow[]>,
  stored: Record<number, AuditedRow[]>,
  collapsedOffsets: readonly number[] = [],
): Promise<{ check: Check; collapsed: number }> {
  const check = new Check('usage');
  const byOffset = (rows: Record<number, AuditedRow[]>) =>
    new Map(Object.entries(rows).map(([offset, all]) => [Number(offset), all]));
  const collapsed = await compareRows({
    table,
    source: 'calls.raw/0',
    stream: byOffset(stream),
    stored: byOffset(stored),
    collapsedOf: async (offsets) => new Set(offsets.filter((offset) => collapsedOffsets.includes(offset))),
    check,
  });
  return { check, collapsed };
}

test('rows that are the same differ in nothing', async () => {
  const { check } = await compare({ 1: [row('a')], 2: [row('b')] }, { 2: [row('b')], 1: [row('a')] });
  expect(check.first).toBeNull();
});

test('a record whose call stands in the table by a later record is no difference, and is counted', async () => {
  const { check, collapsed } = await compare({ 1: [row('a')], 9: [row('a')] }, { 9: [row('a')] }, [1]);
  expect(check.first).toBeNull();
  expect(collapsed).toBe(1);
});

test.each([
  ['is missing in usage', { 4: [row('a')] }, {}],
  ['is in usage 2 times', { 4: [row('a')] }, { 4: [row('a'), row('a')] }],
  ['is in usage, but not on the stream', {}, { 4: [row('a')] }],
  ['charge in usage is not what was rated', { 4: [row('a', 2)] }, { 4: [row('a', 3)] }],
])('a row that %s is told with its call', async (text, stream, stored) => {
  const { check } = await compare({ 2: [row('z')], ...stream }, { 2: [row('z')], ...stored });
  expect(check.first).toEqual({ place: 'calls.raw/0', offset: 4, text: `call a: ${text}` });
  expect(check.differences).toBe(1);
});

test('which rows are collapsed is asked once, however many are missing', async () => {
  const asked: (readonly number[])[] = [];
  await compareRows({
    table,
    source: 'calls.raw/0',
    stream: new Map([1, 2, 3].map((offset) => [offset, [row('a')]])),
    stored: new Map([[2, [row('a')]]]),
    collapsedOf: async (offsets) => {
      asked.push(offsets);
      return new Set<number>();
    },
    check: new Check('usage'),
  });
  expect(asked).toEqual([[1, 3]]);
});

test('the first difference is the one with the lowest offset', async () => {
  const { check } = await compare({ 7: [row('b')], 3: [row('a')] }, {});
  expect(check.first?.offset).toBe(3);
  expect(check.differences).toBe(2);
});
