import { describe, expect, test } from 'vitest';
import { accountPartition } from './account-partition.ts';
import { SINGLE_OBJECT_HEADER_BYTES, loadOwnSchema, singleObjectHeader } from './avro-schema.ts';
import { decodeBlock, encodeBlock } from './block.ts';
import { CallBlockBuilder, RejectedBlockBuilder } from './call-block.ts';
import { hashCall, murmur3x86x128 } from './call-hash.ts';
import { readNativeBlock } from './native-reader.ts';
import { addTotals, assertTotals, parseTotals, serialiseTotals, ZERO_TOTALS } from './totals-arithmetic.ts';
import type { BlockHeader } from './totals.ts';

const HEADER: BlockHeader = {
  schema: 'rated',
  schemaVersion: 1,
  blockId: 'calls.accepted/3/100/0',
  sourceTopic: 'calls.accepted',
  sourcePartition: 3,
  firstOffset: 2 ** 50,
  nextOffset: 2 ** 50 + 5,
  recordCount: 5,
  catalogVersion: 2,
  totals: { ...ZERO_TOTALS, seen: 5, rated: 5, charge: { USD: '123456789012345678901234' } },
  isReplay: false,
};

describe('blocks', () => {
  test('carry header and Native bytes', () => {
    const block = encodeBlock(HEADER, [Buffer.from('na'), Buffer.from('tive')]);
    expect(block.toString('latin1', 0, 4)).toBe('TSB1');
    const { header, native } = decodeBlock(block);
    expect(header).toEqual(HEADER);
    expect(native.toString()).toBe('native');
  });

  test.each([
    ['another magic', Buffer.from('{"call_id":1}'), 'TOLL_BLOCK_MAGIC'],
    ['nothing', Buffer.alloc(0), 'TOLL_BLOCK_MAGIC'],
    ['a cut header', encodeBlock(HEADER, []).subarray(0, 30), 'TOLL_BLOCK_TRUNCATED'],
    ['a newer column set', encodeBlock({ ...HEADER, schemaVersion: 2 }, []), 'TOLL_BLOCK_SCHEMA_NEWER'],
    ['an unknown column set', encodeBlock({ ...HEADER, schema: 'settled' }, []), 'TOLL_BLOCK_SCHEMA_NEWER'],
    ['a header of another schema', alterFingerprint(encodeBlock(HEADER, [])), 'TOLL_BLOCK_SCHEMA_NEWER'],
  ])('%s is refused', (_, value, code) => {
    expect(() => decodeBlock(value)).toThrow(expect.objectContaining({ code }));
  });

  test('say which spend limits begin to count', () => {
    const limitStarts = [{ account: 'acme', limit: 'fraud', form: '0011' }];
    expect(decodeBlock(encodeBlock({ ...HEADER, limitStarts }, [])).header).toEqual({
      ...HEADER,
      limitStarts,
    });
  });

  test('headers of before there were spend limits are read', () => {
    const before = loadOwnSchema('evolution/block-header.v2.avsc');
    const { alerts: _, ...totals } = { ...HEADER.totals, kept: 4 };
    const body = before.toBuffer({
      schema: 'rated',
      schema_version: 1,
      block_id: HEADER.blockId,
      source_topic: HEADER.sourceTopic,
      source_partition: 3,
      first_offset: HEADER.firstOffset,
      next_offset: HEADER.nextOffset,
      record_count: 5,
      catalog_version: 2,
      totals,
      is_replay: true,
    });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(SINGLE_OBJECT_HEADER_BYTES + body.length);
    const value = Buffer.concat([Buffer.from('TSB1'), length, singleObjectHeader(before), body]);
    expect(decodeBlock(value).header).toEqual({
      ...HEADER,
      totals: { ...totals, alerts: 0 },
      isReplay: true,
    });
  });

  test('headers of before parts of calls were put together are read', () => {
    const before = loadOwnSchema('evolution/block-header.v3.avsc');
    const { assembled: _, ...totals } = { ...HEADER.totals, kept: 4, alerts: 2 };
    const body = before.toBuffer({
      schema: 'rated',
      schema_version: 1,
      block_id: HEADER.blockId,
      source_topic: HEADER.sourceTopic,
      source_partition: 3,
      first_offset: HEADER.firstOffset,
      next_offset: HEADER.nextOffset,
      record_count: 5,
      catalog_version: 2,
      totals,
      is_replay: true,
      limit_starts: [],
    });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(SINGLE_OBJECT_HEADER_BYTES + body.length);
    const value = Buffer.concat([Buffer.from('TSB1'), length, singleObjectHeader(before), body]);
    expect(decodeBlock(value).header).toEqual({
      ...HEADER,
      totals: { ...totals, assembled: 0 },
      isReplay: true,
    });
  });

  test('headers of before suspended calls could be replayed are read', () => {
    const first = loadOwnSchema('evolution/block-header.v1.avsc');
    const { seen, accepted, rejected, rated, suspended, duplicate, charge } = HEADER.totals;
    const body = first.toBuffer({
      schema: 'rated',
      schema_version: 1,
      block_id: HEADER.blockId,
      source_topic: HEADER.sourceTopic,
      source_partition: 3,
      first_offset: HEADER.firstOffset,
      next_offset: HEADER.nextOffset,
      record_count: 5,
      catalog_version: 2,
      totals: { seen, accepted, rejected, rated, suspended, duplicate, charge },
    });
    const length = Buffer.alloc(4);
    length.writeUInt32LE(SINGLE_OBJECT_HEADER_BYTES + body.length);
    const block = Buffer.concat([Buffer.from('TSB1'), length, singleObjectHeader(first), body]);
    expect(decodeBlock(block).header).toEqual(HEADER);
  });

  function alterFingerprint(block: Buffer): Buffer {
    const altered = Buffer.from(block);
    altered[12]! ^= 0xff;
    return altered;
  }

  test('a cut Native block is refused wherever it is cut', () => {
    const builder = new RejectedBlockBuilder();
    const source = { topic: 't', partition: 0, offset: 0 };
    builder.add(
      {
        code: 'unreadable',
        detail: 'd',
        format: 'json',
        position: 'f:1',
        raw: Buffer.alloc(200),
        receivedAt: 0,
      },
      source,
    );
    const native = builder.take();
    expect(readNativeBlock(native).rows).toBe(1);
    for (let length = 0; length < native.length; length++) {
      expect(() => readNativeBlock(native.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'TOLL_NATIVE_TRUNCATED' }),
      );
    }
  });

  test('a builder starts anew after each block', () => {
    const builder = new CallBlockBuilder();
    const call = {
      callId: 'c',
      switchId: 's',
      leg: 0,
      direction: 'outbound',
      from: '',
      to: '',
      startedAt: 1,
      answeredAt: null,
      endedAt: 2,
      disposition: 'busy',
      account: null,
      extension: null,
      device: null,
      trunk: null,
      chargedParty: null,
      originalTo: null,
      routingNumber: null,
      parentCallId: null,
      partialSequence: null,
      redirectingNumber: null,
    } as const;
    const party = { number: 12125550100, text: '' };
    const attribution = {
      accountId: 'a',
      origin: party,
      destination: { number: 0, text: '911' },
      direction: 'outbound',
      routingNumber: '',
    } as const;
    const source = { topic: 't', partition: 1, offset: 2 ** 40 };
    builder.add(call, attribution, source);
    const first = builder.take();
    builder.add(call, attribution, source);
    expect(builder.take().equals(first)).toBe(true);
    const block = readNativeBlock(first);
    expect(block.column('source_offset').integers()).toEqual(Float64Array.of(2 ** 40));
    expect(block.column('origin_number').integer(0)).toBe(12125550100);
    expect(block.column('account_id').string(0)).toBe('a');
    expect([...block.column('direction').uint8s()]).toEqual([1]);
  });
});

describe('running totals', () => {
  test('add up, and come back from metadata', () => {
    const totals = addTotals(HEADER.totals, {
      seen: 2,
      duplicate: 1,
      rated: 1,
      charge: { USD: '-1', BRL: '5' },
    });
    expect(totals).toMatchObject({
      seen: 7,
      rated: 6,
      duplicate: 1,
      charge: { USD: '123456789012345678901233', BRL: '5' },
    });
    expect(parseTotals(serialiseTotals(totals))).toEqual(totals);
    expect(parseTotals('')).toEqual(ZERO_TOTALS);
  });

  test.each([
    '{',
    '{"seen":1}',
    '{"seen":1,"charge":{}}',
    JSON.stringify({ ...ZERO_TOTALS, seen: 1 }),
    JSON.stringify({ ...ZERO_TOTALS, charge: { USD: '1.5' } }),
  ])('%s is refused', (text) =>
    expect(() => parseTotals(text)).toThrow(expect.objectContaining({ code: 'TOLL_TOTALS_INVALID' })),
  );

  test('committed before suspended calls could be replayed are read', () => {
    const { replayed, discarded, kept, ...before } = HEADER.totals;
    expect(parseTotals(JSON.stringify(before))).toEqual({ ...before, replayed, discarded, kept });
  });

  test('hold suspended calls that were taken up again', () => {
    const totals = { ...ZERO_TOTALS, seen: 2, suspended: 2, replayed: 3, kept: 1, discarded: 1, rated: 1 };
    expect(() => assertTotals(totals)).not.toThrow();
    expect(() => assertTotals({ ...totals, rated: 0 })).toThrow('2 records were seen and 3 taken up again');
  });

  test('hold parts of calls that were put together', () => {
    const totals = { ...ZERO_TOTALS, seen: 3, suspended: 3, replayed: 3, assembled: 2, rated: 1 };
    expect(() => assertTotals(totals)).not.toThrow();
    expect(() => assertTotals({ ...totals, assembled: 1 })).toThrow(
      '3 records were seen and 3 taken up again',
    );
  });

  test('a record without outcome is noticed', () => {
    expect(() => assertTotals({ ...ZERO_TOTALS, seen: 3, accepted: 2 })).toThrow(
      '3 records were seen, but 2 have an outcome.',
    );
  });
});

describe('identity', () => {
  function murmur(text: string): string {
    const out = new Uint32Array(4);
    const bytes = Buffer.from(text);
    murmur3x86x128(bytes, bytes.length, out);
    return hex(out);
  }
  function hex(words: Uint32Array): string {
    return [...words].map((word) => word.toString(16).padStart(8, '0')).join('');
  }
  function hash(switchId: string, callId: string, leg: number): string {
    const out = new Uint32Array(4);
    hashCall({ switchId, callId, leg }, out);
    return hex(out);
  }

  test('murmur3 gives the published answers', () => {
    expect(murmur('')).toBe('00000000000000000000000000000000');
    expect(murmur('01')).toBe('0f87acb4674f3b21674f3b21674f3b21');
    expect(murmur('012345678')).toBe('571b5f6775d48126d0205c304ca675dc');
    expect(murmur('I will not buy this record, it is scratched.')).toBe('a0a9683b25ac5e40d9af2895890dddf5');
  });

  // Hashes stand in stored blocks and snapshots: these values must never change.
  test('call hashes are what they always were', () => {
    expect(hash('sw-ny-1', '3f2a@10.0.0.1', 0)).toBe('792c942ead647143e6ff7ba0fa8cd7c1');
    expect(hash('sw-zürich', 'a', 255)).toBe('84565df1dccec275972d81595d01cebe');
  });

  test('the split between the ids matters', () => {
    expect(new Set([hash('ab', 'c', 0), hash('a', 'bc', 0), hash('ab', 'c', 1)]).size).toBe(3);
  });

  test('account partitions are what they always were', () => {
    expect([
      accountPartition('', 8),
      accountPartition('a', 1_000_000_000),
      accountPartition('acct-0001', 64),
    ]).toEqual([5, 826_002_220, 2]);
  });
});
