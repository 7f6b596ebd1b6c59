/** The proof on blocks as rating writes them, and what it says when one of them is changed. */
import {
  DISPOSITIONS,
  LAST_PART,
  NativeBlockWriter,
  RATED_COLUMNS,
  SUSPENDED_COLUMNS,
  readNativeBlock,
} from '@tollstream/contracts';
import { expect, test } from 'vitest';
import { AssemblyProof } from './assembly-proof.ts';
import type { BlockMessage } from './blocks.ts';
import { Check } from './findings.ts';
import type { Difference } from './findings.ts';

const RAW = 'calls.raw/0';
const disposition = (name: (typeof DISPOSITIONS)[number]): number => DISPOSITIONS.indexOf(name) + 1;

type Row = Readonly<Record<string, string | number>> & { readonly source_offset: number };

function messageOf(
  columns: typeof SUSPENDED_COLUMNS | typeof RATED_COLUMNS,
  rows: readonly Row[],
): BlockMessage {
  const writer = new NativeBlockWriter(columns);
  const into = writer.columns as unknown as Record<string, { push(value: unknown): void }>;
  for (const row of rows)
    for (const [name, type] of columns) {
      const empty = type.startsWith('FixedString') ? new Uint32Array(4) : type.includes('String') ? '' : 0;
      into[name]!.push(row[name] ?? (type.startsWith('Enum8') ? 1 : empty));
    }
  return {
    source: RAW,
    sourceOffsets: Float64Array.from(rows, ({ source_offset: offset }) => offset),
    block: readNativeBlock(writer.toBuffer()),
  } as unknown as BlockMessage;
}

function part(offset: number, sequence: number, seconds: number, more: Partial<Row> = {}): Row {
  const times = { started_at: 0, answered_at: 5_000, ended_at: 5_000 + seconds * 1_000 };
  const row = {
    call_id: 'a',
    account_id: 'acme',
    disposition: disposition('answered'),
    partial_sequence: sequence,
  };
  return { ...times, ...row, ...more, source_offset: offset };
}

/** 10 s, 20 s without an answer, 30.5 s: the row of the first is 40.5 s long. */
const PARTS = [
  part(7, 1, 10),
  part(3, 2, 20, { disposition: disposition('no_answer') }),
  part(5, 3 + LAST_PART, 30.5),
  part(9, 4, 30, { call_id: 'waits', account_id: 'other' }),
];
const WHOLE: Row = { call_id: 'a', account_id: 'acme', duration_ms: 40_500, source_offset: 7 };

function proved(
  {
    parts = PARTS,
    whole = [WHOLE],
    resolved = [3, 5, 7],
  }: { parts?: Row[]; whole?: Row[]; resolved?: number[] },
  isWhole = true,
): { first: Difference | null; checked: number } {
  const proof = new AssemblyProof();
  proof.ratedAgain(messageOf(RATED_COLUMNS, whole));
  for (const row of parts) proof.suspended(messageOf(SUSPENDED_COLUMNS, [row]));
  for (const offset of resolved) proof.resolved(RAW, offset);
  const check = new Check('assemblies');
  proof.finish(check, isWhole);
  return check;
}

test('a call is the sum of its parts, and those that wait are none', () => {
  expect(proved({})).toMatchObject({ first: null, checked: 1 });
});

test.each<[string, Parameters<typeof proved>[0], number, string]>([
  [
    'whose part is longer than it was',
    { parts: PARTS.with(2, part(5, 3 + LAST_PART, 31)) },
    7,
    'call a: its 3 parts are 41000 ms long together, and its row 40500 ms',
  ],
  ['whose row is shorter', { whole: [{ ...WHOLE, duration_ms: 40_000 }] }, 7, 'its row 40000 ms'],
  ['whose row is gone', { whole: [] }, 7, 'its 3 parts have no rated row'],
  ['whose row is that of another part', { whole: [{ ...WHOLE, source_offset: 5 }] }, 7, 'have no rated row'],
  ['with a part that still waits', { resolved: [7, 5] }, 7, 'was put together of parts 1, 3'],
  ['without its last part', { resolved: [7, 3] }, 7, 'was put together of parts 1, 2'],
  ['without its first part', { resolved: [3, 5] }, 3, 'was put together of parts 2, 3'],
  [
    'with a part of another account',
    { parts: PARTS.with(1, part(3, 2, 20, { account_id: 'other' })) },
    3,
    'was put together of parts 2',
  ],
])('a call %s is told', (_, changes, offset, text) => {
  expect(proved(changes).first).toEqual({
    place: RAW,
    offset,
    text: expect.stringContaining(text) as string,
  });
});

test('where topics lost their beginning, only what is all there is held against it', () => {
  expect(proved({ parts: PARTS.slice(1) }, false).first).toBeNull();
  expect(proved({ whole: [] }, false).first).toBeNull();
  expect(proved({ whole: [{ ...WHOLE, duration_ms: 1 }] }, false).first).not.toBeNull();
});
