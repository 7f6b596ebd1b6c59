import {
  DIRECTIONS,
  REJECT_CODES,
  ZERO_TOTALS,
  accountPartition,
  decodeBlock,
  encodeCallEvent,
  parseTotals,
  readNativeBlock,
} from '@tollstream/contracts';
import type { BlockHeader, CallEvent, NativeBlock } from '@tollstream/contracts';
import type { LogRecord, OutputRecord } from '@tollstream/event-log';
import { describe, expect, test } from 'vitest';
import { INGEST_LIMITS } from './limits.ts';
import { createIngestProcessor } from './processor.ts';
import type { IngestProcessorOptions } from './processor.ts';
import { CATALOG, EVENT, RECEIVED_AT, batchOf, recordOf } from './testing/fixtures.ts';

const OUTPUTS = {
  accepted: 'calls.accepted',
  rejected: 'calls.rejected',
  acceptedPartitions: 4,
  rejectedPartitions: 2,
};
const DAY_MS = 86_400_000;

function ingest(records: readonly LogRecord[], options: Partial<IngestProcessorOptions> = {}) {
  const processor = createIngestProcessor({ catalog: CATALOG, outputs: OUTPUTS, ...options });
  const state = { totals: ZERO_TOTALS };
  const batch = processor.process(state, batchOf(records));
  return { batch, state, blocks: batch.outputs.map(openBlock) };
}

function openBlock(output: OutputRecord): { output: OutputRecord; header: BlockHeader; block: NativeBlock } {
  const { header, native } = decodeBlock(output.value!);
  return { output, header, block: readNativeBlock(native) };
}

/** The only row, by column name. */
function rowOf(block: NativeBlock): Record<string, unknown> {
  expect(block.rows).toBe(1);
  return Object.fromEntries(
    block.columns.map((column) => {
      const isText = column.layout.kind !== 'fixed' || column.layout.width === 16;
      return [column.name, isText ? column.string(0) : column.number(0)];
    }),
  );
}

function acceptOne(
  event: Partial<CallEvent>,
  options: Partial<IngestProcessorOptions> = {},
): Record<string, unknown> {
  const { blocks } = ingest([recordOf(encodeCallEvent({ ...EVENT, ...event }))], options);
  expect(blocks[0]?.header.schema).toBe('call');
  return rowOf(blocks[0]!.block);
}

function rejectOne(
  record: LogRecord,
  options: Partial<IngestProcessorOptions> = {},
): Record<string, unknown> {
  const { blocks, state } = ingest([record], options);
  expect(state.totals).toEqual({ ...ZERO_TOTALS, seen: 1, rejected: 1 });
  expect(blocks[0]?.header.schema).toBe('rejected');
  const row = rowOf(blocks[0]!.block);
  return { ...row, code: REJECT_CODES[(row.code as number) - 1] };
}

function json(fields: Record<string, unknown>): LogRecord {
  const event = {
    call_id: 'c',
    switch_id: 's',
    from: '101',
    to: '911',
    started_at: RECEIVED_AT - 2000,
    ended_at: RECEIVED_AT,
  };
  return recordOf(Buffer.from(JSON.stringify({ ...event, ...fields })));
}

describe('an accepted call', () => {
  test('carries its numbers, account, identity and source', () => {
    expect(acceptOne({})).toMatchObject({
      call_id: 'c-1',
      account_id: 'acct-us',
      origin_number: 12_125_550_100,
      origin_text: '',
      destination_number: 13_105_550_199,
      started_at: EVENT.startedAt,
      answered_at: EVENT.answeredAt,
      source_topic: 'calls.raw',
      source_partition: 3,
      source_offset: 100,
    });
  });

  test('goes to the partition of its account, in blocks of bounded size whose headers add up', () => {
    const events = Array.from({ length: 10 }, (_, i) => ({
      ...EVENT,
      callId: `c-${i}`,
      account: `acct-${i % 3}`,
    }));
    const records = [...events.map((event) => recordOf(encodeCallEvent(event))), recordOf(Buffer.from('x'))];
    const { blocks, batch, state } = ingest(records, { limits: { ...INGEST_LIMITS, blockRecordsMax: 2 } });
    const totals = { ...ZERO_TOTALS, seen: 11, accepted: 10, rejected: 1 };
    expect(state.totals).toEqual(totals);
    expect(parseTotals(batch.metadata)).toEqual(totals);
    let rows = 0;
    blocks.forEach(({ output, header, block }, ordinal) => {
      expect(header).toMatchObject({
        blockId: expect.stringMatching(new RegExp(`^calls\\.raw/3/100/${ordinal}$`)) as string,
        firstOffset: 100,
        nextOffset: 111,
        recordCount: block.rows,
        totals,
      });
      expect(block.rows).toBeLessThanOrEqual(2);
      rows += block.rows;
      if (header.schema === 'rejected') {
        expect(output).toMatchObject({ topic: 'calls.rejected', partition: 1 });
      } else {
        for (let row = 0; row < block.rows; row++) {
          expect(output.partition).toBe(accountPartition(block.column('account_id').string(row), 4));
        }
      }
    });
    expect(rows).toBe(11);
  });

  test('the same batch gives the same bytes', () => {
    const records = [recordOf(encodeCallEvent(EVENT)), recordOf(Buffer.from('x'))];
    expect(ingest(records).batch.outputs).toEqual(ingest(records).batch.outputs);
  });

  test('a batch that failed half way leaves nothing behind for the next', () => {
    const processor = createIngestProcessor({ catalog: CATALOG, outputs: OUTPUTS });
    const state = { totals: ZERO_TOTALS };
    const good = recordOf(encodeCallEvent(EVENT));
    const broken = {
      ...good,
      get value(): Buffer {
        throw new Error('the fetch was dropped');
      },
    };
    const half = { ...batchOf([good]), records: [good, broken] };
    expect(() => processor.process(state, half)).toThrow('dropped');
    expect(state.totals).toEqual(ZERO_TOTALS);
    const { outputs } = processor.process(state, batchOf([good]));
    expect(outputs.map((output) => openBlock(output).header.recordCount)).toEqual([1]);
  });
});

describe('attribution', () => {
  test.each<[string, Partial<CallEvent>, Record<string, unknown>]>([
    ['the event’s account wins over numbers', { account: 'acct-br' }, { account_id: 'acct-br' }],
    ['an unknown account is kept as given', { account: 'nobody' }, { account_id: 'nobody' }],
    ['the charged party pays', { chargedParty: '+55 11 3123-4567' }, { account_id: 'acct-br' }],
    [
      'an unknown charged party leaves it to the caller',
      { chargedParty: '+44 20 7946 0000' },
      { account_id: 'acct-us' },
    ],
    [
      'the called number of an inbound call',
      { direction: 'inbound', from: '+442079460000', to: '12125550100' },
      { account_id: 'acct-us', direction: 2 },
    ],
    [
      'who forwarded the call owes the leg that this made, and the leg begins there',
      { from: '+13055550188', redirectingNumber: '+12125550100' },
      { account_id: 'acct-us', direction: 1, origin_number: 12_125_550_100, charged_party: '+12125550100' },
    ],
    [
      'who forwarded the call owes the leg, and not a caller who has an account too',
      { from: '+12125550100', redirectingNumber: '+551131234567' },
      { account_id: 'acct-br', origin_number: 551_131_234_567 },
    ],
    [
      'a forwarding party that no account has leaves the leg to nobody, and never to the caller',
      { from: '+12125550100', redirectingNumber: '+442079460000' },
      { account_id: '', origin_number: 442_079_460_000 },
    ],
    [
      'an extension that transferred the call stands in its account',
      { account: 'acct-us', from: '+13055550188', redirectingNumber: '102' },
      { account_id: 'acct-us', direction: 1, origin_number: 0, origin_text: '102' },
    ],
    [
      'an extension forwarded to an extension',
      { account: 'acct-us', from: '+13055550188', to: '103', redirectingNumber: '102' },
      { direction: 1 + DIRECTIONS.indexOf('internal'), origin_text: '102' },
    ],
    [
      'a named charged party goes before the forwarding one, which still made the leg',
      { from: '+13055550188', redirectingNumber: '+12125550100', chargedParty: '+551131234567' },
      { account_id: 'acct-br', origin_number: 12_125_550_100, charged_party: '+551131234567' },
    ],
    [
      'an inbound leg is owed by who was called, whoever sent it on',
      { direction: 'inbound', from: '+13055550188', to: '+12125550100', redirectingNumber: '+551131234567' },
      { account_id: 'acct-us', direction: 2, origin_number: 13_055_550_188, charged_party: '' },
    ],
    [
      'the terminating side of an internal call stays inbound',
      { account: 'acct-us', direction: 'inbound', from: '101', to: '102' },
      { direction: 2, origin_text: '101', destination_text: '102' },
    ],
    ['no account', { from: 'anonymous' }, { account_id: '', origin_number: 0, origin_text: 'anonymous' }],
    ['local digits by the account’s dial plan', { to: '5550123' }, { destination_number: 12_125_550_123 }],
    [
      'national digits by the account’s dial plan',
      { account: 'acct-br', to: '1131234567' },
      { account_id: 'acct-br', destination_number: 551_131_234_567 },
    ],
    [
      'extension to extension',
      { account: 'acct-us', from: '101', to: '102' },
      { direction: 1 + DIRECTIONS.indexOf('internal'), destination_text: '102' },
    ],
    ['own number to extension', { to: '102' }, { direction: 1 + DIRECTIONS.indexOf('internal') }],
    [
      'an emergency call is no extension',
      { account: 'acct-us', from: '101', to: '911' },
      { direction: 1, destination_text: '911' },
    ],
    [
      'a routing number in the callee',
      { to: '+13105550199;rn=+13105550000;npdi' },
      { destination_number: 13_105_550_199, routing_number: '13105550000' },
    ],
    [
      'a routing number in its own field',
      { routingNumber: '13105550000' },
      { routing_number: '13105550000' },
    ],
  ])('%s', (_, event, expected) => {
    expect(acceptOne(event)).toMatchObject(expected);
  });

  test('without an account, numbers are read by the default dial plan', () => {
    const event = { from: 'anonymous', to: '2079460000' };
    expect(acceptOne(event)).not.toMatchObject({ destination_number: 442_079_460_000 });
    const options = { defaultDialPlan: { country: 'GB', areaCode: '' } };
    expect(acceptOne({ ...event, to: '02079460000' }, options)).toMatchObject({
      destination_number: 442_079_460_000,
    });
  });
});

describe('a rejected record', () => {
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`;

  test.each<[string, LogRecord, string, RegExp | string]>([
    ['no value', recordOf(null), 'unreadable', 'The record has no value'],
    ['an empty value', recordOf(Buffer.alloc(0)), 'unreadable', /^JSON/],
    ['broken JSON', recordOf(Buffer.from('{"call_id":')), 'unreadable', /^JSON/],
    [
      'broken Avro',
      recordOf(encodeCallEvent(EVENT).subarray(0, 40)),
      'unreadable',
      /^Avro: the record ends early/,
    ],
    [
      'an unknown Avro schema',
      recordOf(Buffer.from('c30100000000000000001234', 'hex')),
      'schema_unknown',
      /fingerprint 0000000000000000$/,
    ],
    [
      'an unknown registry id',
      recordOf(Buffer.from('000000002a12', 'hex')),
      'schema_unknown',
      'Avro: no schema for registry id 42',
    ],
    ['a JSON bomb', recordOf(Buffer.from(deep)), 'too_deep', 'JSON: nested deeper than 16 levels'],
    [
      'a 10 MB line',
      recordOf(Buffer.alloc(10_000_000, 'x')),
      'too_large',
      '10000000 bytes, at most 1048576 are read',
    ],
    [
      'bytes that are no UTF-8',
      recordOf(Buffer.from('{"call_id":"\xff"}', 'latin1')),
      'invalid_utf8',
      /UTF-8/,
    ],
    ['no call id', json({ call_id: '' }), 'call_id_missing', 'call_id: missing'],
    [
      'no call id in Avro',
      recordOf(encodeCallEvent({ ...EVENT, callId: '' })),
      'call_id_missing',
      'call_id: missing',
    ],
    [
      'no switch',
      recordOf(encodeCallEvent({ ...EVENT, switchId: '' })),
      'field_missing',
      'switch_id: missing',
    ],
    [
      'an overlong field',
      json({ to: '9'.repeat(2000) }),
      'field_invalid',
      'to: 2000 characters, at most 1024 are allowed',
    ],
    ['a leg out of range', json({ leg: 256 }), 'field_invalid', 'leg: must be 0 to 255, is 256'],
    ['a partial sequence of 0', json({ partial_sequence: 0 }), 'field_invalid', /^partial_sequence/],
    [
      'a last part without a number',
      json({ partial_sequence: 2 ** 31 }),
      'field_invalid',
      /^partial_sequence: must be 1 to 2147483647, or that plus 2147483648/,
    ],
    ['a negative start', json({ started_at: -1 }), 'time_invalid', /^started_at/],
    ['a start in nanoseconds', json({ started_at: RECEIVED_AT * 1_000_000 }), 'time_invalid', /^started_at/],
    [
      'a time that is no number in Avro',
      recordOf(encodeCallEvent({ ...EVENT, startedAt: 2 ** 60 })),
      'time_invalid',
      /^started_at/,
    ],
    [
      'an end before the start',
      json({ ended_at: RECEIVED_AT - 3000 }),
      'ends_before_start',
      'ended_at: 1000 ms before started_at',
    ],
    [
      'an answer before the start',
      json({ answered_at: RECEIVED_AT - 3000 }),
      'answered_outside_call',
      /^answered_at/,
    ],
    [
      'an answer after the end',
      json({ answered_at: RECEIVED_AT + 1 }),
      'answered_outside_call',
      /^answered_at/,
    ],
    ['answered without a time', json({ disposition: 'answered' }), 'field_missing', /^answered_at/],
    [
      'an answer of a busy call',
      json({ disposition: 'busy', answered_at: RECEIVED_AT - 1000 }),
      'field_invalid',
      /^disposition/,
    ],
    [
      'an absurd duration',
      json({ started_at: RECEIVED_AT - 8 * DAY_MS }),
      'duration_absurd',
      /691200000 ms after started_at/,
    ],
    [
      'a start in the far future',
      json({ started_at: RECEIVED_AT + 2 * DAY_MS, ended_at: RECEIVED_AT + 2 * DAY_MS + 1 }),
      'starts_in_future',
      /172800000 ms after the record was received$/,
    ],
    [
      'an unknown format',
      recordOf(Buffer.from('x'), { headers: { 'tollstream-format': 'morse' } }),
      'unreadable',
      /morse/,
    ],
  ])('%s', (_, record, code, detail) => {
    const row = rejectOne(record);
    expect(row).toMatchObject({
      code,
      position: 'calls.raw/3/100',
      received_at: RECEIVED_AT,
      source_offset: 100,
    });
    expect(row.detail).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail));
  });

  test('keeps its bytes and its position', () => {
    const raw = Buffer.from([0xff, 0x00, 0x0a, 0x80]);
    const headers = { 'tollstream-format': 'json' };
    const { blocks } = ingest([recordOf(raw, { key: Buffer.from('calls.jsonl:123'), headers })]);
    const { block } = blocks[0]!;
    expect(block.column('raw').bytes(0).equals(raw)).toBe(true);
    expect(rowOf(block)).toMatchObject({ position: 'calls.jsonl:123', format: 'json' });
  });

  test('keeps what the limit allows of bytes beyond it, and says so', () => {
    const limits = { ...INGEST_LIMITS, recordBytesMax: 10, rejectedRawBytesMax: 20 };
    const row = rejectOne(recordOf(Buffer.alloc(30, 'x')), { limits });
    expect(row).toMatchObject({
      raw: 'x'.repeat(20),
      detail: '30 bytes, at most 10 are read (20 of 30 bytes kept)',
    });
  });

  test('closes its block when the raw bytes reach the limit', () => {
    const limits = { ...INGEST_LIMITS, rejectedBlockBytesMax: 1000 };
    const { blocks } = ingest(
      Array.from({ length: 5 }, () => recordOf(Buffer.alloc(600, 'x'))),
      { limits },
    );
    expect(blocks.map(({ header }) => header.recordCount)).toEqual([2, 2, 1]);
  });
});

describe('the moment a record is judged by', () => {
  const ahead = {
    startedAt: RECEIVED_AT + DAY_MS,
    endedAt: RECEIVED_AT + DAY_MS,
    answeredAt: null,
    disposition: 'busy',
  } as const;

  test('is that of the log: up to the skew a start may lie ahead', () => {
    expect(acceptOne(ahead)).toMatchObject({ started_at: ahead.startedAt });
  });

  test('a log without timestamps leaves the future open', () => {
    const record = recordOf(
      encodeCallEvent({ ...EVENT, ...ahead, startedAt: ahead.startedAt + 1, endedAt: ahead.endedAt + 1 }),
    );
    expect(ingest([{ ...record, timestampMs: -1 }]).batch.accepted).toBe(1);
    expect(ingest([record]).batch.accepted).toBe(0);
  });
});

describe('formats', () => {
  test('a topic declares one, headers change it record by record', () => {
    const sources = [{ topic: 'calls.raw', format: 'json', switchId: 'pbx' }];
    const withoutSwitch = json({ switch_id: undefined });
    const records = [
      withoutSwitch,
      { ...withoutSwitch, headers: { 'tollstream-switch': 'other' } },
      recordOf(encodeCallEvent({ ...EVENT, switchId: '' }), { headers: { 'tollstream-format': 'avro' } }),
      withoutSwitch,
    ];
    const { blocks } = ingest(records, { sources });
    const switches = blocks.flatMap(({ block }) =>
      Array.from({ length: block.rows }, (_, row) => [
        block.column('source_offset').integer(row),
        block.column('switch_id').string(row),
      ]),
    );
    expect(new Map(switches as [number, string][])).toEqual(
      new Map([
        [100, 'pbx'],
        [101, 'other'],
        [102, 'pbx'],
        [103, 'pbx'],
      ]),
    );
  });

  test('a switch’s own format needs no converter', () => {
    const sources = [{ topic: 'calls.raw', format: 'kamailio-cdr-json', switchId: 'sbc' }];
    const { batch } = ingest([recordOf(Buffer.from('{"no":"cdr"}'))], { sources });
    expect([...batch.rejectCodes.values()]).toEqual([1]);
  });
});
