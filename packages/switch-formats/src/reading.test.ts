import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { callEventType } from '@tollstream/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { FORMATS, detectFormat, readCalls } from './index.ts';
import type { ImportChunk, ReadPosition } from './index.ts';
import { decompressSnappy } from '@tollstream/contracts';
import { callsOf, fixture, readAll, rejectionsOf } from './testing/read-all.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'switch-formats-'));
afterAll(() => rmSync(directory, { recursive: true }));

const CDRS = readFileSync(fixture('kamailio/cdr.jsonl'));

function file(name: string, bytes: Buffer | string): string {
  const where = path.join(directory, name);
  writeFileSync(where, bytes);
  return where;
}

async function endOf(where: string): Promise<ReadPosition> {
  let position: ReadPosition = { bytes: 0, line: 1, records: 0 };
  for await (const chunk of readCalls(where)) position = chunk.position;
  return position;
}

const EVENT = {
  call_id: 'c1',
  switch_id: 's',
  leg: 0,
  direction: 'outbound',
  from: '12125550101',
  to: '13055550188',
  started_at: 1_579_096_800_000,
  answered_at: 1_579_096_807_000,
  ended_at: 1_579_096_870_000,
  disposition: 'answered',
  account: null,
  extension: null,
  device: null,
  trunk: null,
  charged_party: null,
  original_to: null,
  routing_number: null,
  parent_call_id: null,
  partial_sequence: null,
  redirecting_number: null,
};

describe('a source that is written while it is read', () => {
  const lines = CDRS.toString().trimEnd().split('\n');

  it('gives out what waits when it pauses, and every record once', async () => {
    const source = new PassThrough();
    const chunks = readCalls(source, { chunkAgeMsMax: 20 });
    const given: number[] = [];
    for (const line of lines.slice(0, 3)) {
      source.write(`${line}\n`);
      // Comes although nothing follows and nothing ends.
      const next = await chunks.next();
      given.push(...(next.value as ImportChunk).records.map(({ line: at }) => at));
    }
    source.end(`${lines[3]}\n`);
    for await (const chunk of chunks) given.push(...chunk.records.map(({ line: at }) => at));
    expect(given).toEqual([1, 2, 3, 4]);
  });

  it('can be stopped while it pauses', async () => {
    const source = new PassThrough();
    const chunks = readCalls(source, { chunkAgeMsMax: 1 });
    source.write(`${lines[0]}\n`);
    expect((await chunks.next()).value!.records).toHaveLength(1);
    await chunks.return(undefined);
    expect(source.destroyed).toBe(true);
  });

  it('waits for more while its first line is not whole', async () => {
    const source = new PassThrough();
    const chunks = readCalls(source, { chunkAgeMsMax: 1 });
    const line = Buffer.from(`${lines[0]}\n`);
    source.write(line.subarray(0, 20));
    const first = chunks.next();
    setImmediate(() => source.write(line.subarray(20)));
    expect((await first).value!.records[0]!.value).toEqual(line.subarray(0, -1));
    await chunks.return(undefined);
  });
});

describe('compressed and odd files', () => {
  const plain = readAll(fixture('kamailio/cdr.jsonl'));

  it.each([
    ['gzip', gzipSync(CDRS)],
    ['gzip of two members', Buffer.concat([gzipSync(CDRS.subarray(0, 5000)), gzipSync(CDRS.subarray(5000))])],
    ['zstd', zstdCompressSync(CDRS)],
    ['carriage returns', Buffer.from(CDRS.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')],
    ['no last line end', CDRS.subarray(0, -1)],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), CDRS])],
  ])('reads a file with %s as the plain one', async (name, bytes) => {
    const records = await readAll(file(name.replaceAll(' ', '-'), bytes));
    expect(records).toEqual(await plain);
  });

  it('passes over empty lines without losing count', async () => {
    const bytes = Buffer.concat([Buffer.from('\n\r\n'), CDRS]);
    expect((await readAll(file('empty-lines', bytes)))[0]!.line).toBe(3);
  });

  it('says what is wrong with a cut-off archive, an empty file, a directory, no file, an unknown format', async () => {
    await expect(readAll(file('cut.gz', gzipSync(CDRS).subarray(0, 9000)))).rejects.toMatchObject({
      code: 'TOLL_IMPORT_COMPRESSION',
    });
    await expect(readAll(file('empty', ''))).rejects.toMatchObject({ code: 'TOLL_IMPORT_EMPTY' });
    await expect(readAll(directory)).rejects.toMatchObject({ code: 'TOLL_IMPORT_UNREADABLE' });
    await expect(readAll(path.join(directory, 'none'))).rejects.toMatchObject({
      code: 'TOLL_IMPORT_UNREADABLE',
    });
    await expect(readAll(file('prose', 'Dear all,\nno calls.\n'))).rejects.toMatchObject({
      code: 'TOLL_IMPORT_FORMAT_UNKNOWN',
      remedy: expect.stringContaining('kamailio-cdr-json') as string,
    });
    await expect(readAll(fixture('kamailio/cdr.jsonl'), { format: 'xml' })).rejects.toMatchObject({
      code: 'TOLL_IMPORT_FORMAT_UNKNOWN',
    });
  });

  it('cuts a line that is too long, keeps its beginning, and goes on behind it', async () => {
    const long = Buffer.alloc(10_000_000, 'x');
    const records = await readAll(file('long', Buffer.concat([CDRS, long, Buffer.from('\n'), CDRS])));
    expect(records).toHaveLength(311);
    expect(records[155]!.value.length).toBe(1_048_577);
    expect(rejectionsOf(records)).toMatchObject([{ line: 156, code: 'too_large' }]);
  });

  it('gives the same records however the bytes come in parts', async () => {
    const bytes = readFileSync(fixture('asterisk/Master.csv'));
    const whole = await readAll(fixture('asterisk/Master.csv'), { timeZone: 'UTC' });
    for (const size of [1, 7, 64, 300]) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await readAll(Readable.from(parts), { timeZone: 'UTC' })).toEqual(whole);
    }
  });

  it('lets a stray quote spoil its own line only', async () => {
    const good = readFileSync(fixture('freeswitch/Master.csv'), 'utf8');
    const records = await readAll(file('stray.csv', `${good}"stray,1001\n${good}`), { timeZone: 'UTC' });
    expect(callsOf(records)).toHaveLength(4);
    expect(rejectionsOf(records)).toMatchObject([{ line: 3, code: 'unreadable' }]);
  });
});

describe('resuming', () => {
  it('reads a line again that was cut off when it was read, and one that was whole only once', async () => {
    const [first = '', second = '', third = ''] = CDRS.toString().split('\n');
    const where = file('growing.jsonl', `${first}\n${second.slice(0, 100)}`);
    const from = await endOf(where);
    expect(await readAll(where, { from })).toEqual([]);
    file('growing.jsonl', `${first}\n${second}`);
    const grown = await readAll(where, { from });
    expect(grown.map(({ line, value }) => [line, value.toString()])).toEqual([[2, second]]);

    const whole = await endOf(where);
    file('growing.jsonl', `${first}\n${second}\n${third}\n`);
    const rest = await readAll(where, { from: whole });
    expect(rest.map(({ value }) => value.toString())).toEqual([third]);
  });

  it.each([
    ['plain', CDRS],
    ['gz', gzipSync(CDRS)],
  ])('goes on behind any chunk of a %s file', async (name, bytes) => {
    const where = file(`resume.${name}`, bytes);
    const all = await readAll(where);
    for await (const chunk of readCalls(where, { chunkRecordsMax: 20 })) {
      const rest = await readAll(where, { from: chunk.position });
      expect(rest).toEqual(all.slice(chunk.position.records));
    }
  });

  it('gives the last position back as the end of the file', async () => {
    let end = 0;
    for await (const chunk of readCalls(fixture('kamailio/cdr.jsonl'))) end = chunk.position.bytes;
    expect(end).toBe(CDRS.length);
    const from = { bytes: end, line: 156, records: 155 };
    expect(await readAll(fixture('kamailio/cdr.jsonl'), { from })).toEqual([]);
  });
});

describe('CSV of events', () => {
  const line =
    'c1,s,12125550101,13055550188,2020-01-15T14:00:00Z,1579096807000,2020-01-15T14:01:10Z,answered';
  const header = 'call_id,switch_id,from,to,started_at,answered_at,ended_at,disposition';

  it('takes the columns from the header line, which may come again', async () => {
    const records = await readAll(
      file('events.csv', `${header}\n${line}\n${header}\n${line.replace('c1', 'c2')}\n`),
    );
    expect(callsOf(records).map((call) => call.callId)).toEqual(['c1', 'c2']);
    expect(records[0]!.line).toBe(2);
  });

  it('takes the columns from the option for a file without header', async () => {
    const records = await readAll(file('bare.csv', `${line}\n`), { csvHeader: header });
    expect(callsOf(records)).toHaveLength(1);
  });

  it('maps columns with other names', async () => {
    const other = header.replace('call_id', 'Ref').replace('started_at', 'Begin');
    const records = await readAll(file('mapped.csv', `${other}\n${line}\n`), {
      columnFields: { Ref: 'call_id', Begin: 'started_at' },
    });
    expect(callsOf(records)).toMatchObject([{ callId: 'c1', startedAt: 1_579_096_800_000 }]);
  });

  it('takes parts of calls, and which is the last', async () => {
    const records = await readAll(
      file(
        'parts.csv',
        `${header},partial_sequence,partial_last\n${line},1,\n${line},2,false\n${line},3,TRUE\n${line},,\n`,
      ),
    );
    expect(callsOf(records).map(({ partialSequence }) => partialSequence)).toEqual([1, 2, 2 ** 31 + 3, null]);
  });

  it('refuses a file whose columns name no call', async () => {
    await expect(readAll(file('none.csv', 'a,b\n1,2\n'), { format: 'csv' })).rejects.toMatchObject({
      code: 'TOLL_IMPORT_HEADER_MISSING',
    });
  });
});

describe('Avro object containers', () => {
  const sync = Buffer.alloc(16, 7);
  const long = (value: number): Buffer => {
    const bytes: number[] = [];
    let rest = value * 2;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
    return Buffer.from([...bytes, rest]);
  };
  const text = (value: string): Buffer => Buffer.concat([long(Buffer.byteLength(value)), Buffer.from(value)]);
  const event = (callId: string): Buffer => callEventType.toBuffer({ ...EVENT, call_id: callId });

  function block(ids: readonly string[], pack: (bytes: Buffer) => Buffer): Buffer {
    const packed = pack(Buffer.concat(ids.map(event)));
    return Buffer.concat([long(ids.length), long(packed.length), packed, sync]);
  }

  function container(
    codec: string,
    pack: (bytes: Buffer) => Buffer,
    schema = JSON.stringify(callEventType.schema({ exportAttrs: true })),
  ): Buffer {
    const meta = Buffer.concat([
      long(2),
      text('avro.codec'),
      text(codec),
      text('avro.schema'),
      text(schema),
      long(0),
    ]);
    return Buffer.concat([Buffer.from('Obj\u0001'), meta, sync, block(['a', 'b'], pack), block(['c'], pack)]);
  }
  /** Snappy that holds one literal. */
  const literal = (bytes: Buffer): Buffer => {
    const length: number[] = [];
    let rest = bytes.length;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    const size = Buffer.from([(61 << 2) | 0, (bytes.length - 1) & 255, (bytes.length - 1) >> 8]);
    return Buffer.concat([Buffer.from([...length, rest]), size, bytes, Buffer.alloc(4)]);
  };

  it.each([
    ['null', (bytes: Buffer) => bytes],
    ['deflate', (bytes: Buffer) => deflateRawSync(bytes)],
    ['zstandard', (bytes: Buffer) => zstdCompressSync(bytes)],
    ['snappy', literal],
  ])('reads blocks packed with %s', async (codec, pack) => {
    const records = await readAll(file(`calls-${codec}.avro`, container(codec, pack)));
    expect(callsOf(records).map((call) => call.callId)).toEqual(['a', 'b', 'c']);
    expect(callsOf(records)[0]).toMatchObject({ startedAt: EVENT.started_at, account: null });
  });

  it.each([1, 2, 10])(
    'goes on behind any chunk of %s records, in the midst of a block or not',
    async (chunkRecordsMax) => {
      const where = file(
        'resume.avro',
        container('null', (packed) => packed),
      );
      const all = await readAll(where);
      const given: number[] = [];
      for await (const chunk of readCalls(where, { chunkRecordsMax })) {
        expect(chunk.records.length).toBeLessThanOrEqual(chunkRecordsMax);
        given.push(...chunk.records.map(({ line }) => line));
        expect(await readAll(where, { from: chunk.position })).toEqual(all.slice(chunk.position.records));
      }
      expect(given).toEqual(all.map(({ line }) => line));
    },
  );

  it.each([100, 5_000])('reads a container that comes %s bytes at a time', async (size) => {
    const ids = Array.from({ length: 2_000 }, (_, i) => `call-${i}`);
    const blocks = Array.from({ length: 200 }, (_, i) =>
      block(ids.slice(i * 10, i * 10 + 10), (packed) => packed),
    );
    const bytes = Buffer.concat([container('null', (packed) => packed), ...blocks]);
    // More than is read ahead to tell the format.
    expect(bytes.length).toBeGreaterThan(100_000);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      Buffer.from(bytes.subarray(i * size, (i + 1) * size)),
    );
    const calls = callsOf(await readAll(Readable.from(pieces)));
    expect(calls.map(({ callId }) => callId)).toEqual(['a', 'b', 'c', ...ids]);
    // Whoever has the pieces still has their bytes.
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  it('rejects a damaged block with its bytes and goes on behind it', async () => {
    const bytes = container('null', (packed) => packed);
    const first = bytes.indexOf(event('a'));
    bytes.fill(0xff, first, first + 10);
    const records = await readAll(file('damaged.avro', bytes));
    expect(callsOf(records).map((call) => call.callId)).toEqual(['c']);
    expect(rejectionsOf(records)).toMatchObject([{ code: 'unreadable' }]);
    const cut = await readAll(file('cut.avro', container('null', (packed) => packed).subarray(0, -20)));
    expect(callsOf(cut)).toHaveLength(2);
    expect(rejectionsOf(cut)).toHaveLength(1);
  });

  it('rejects a record whose array claims entries without end', async () => {
    const { fields, ...rest } = callEventType.schema({ exportAttrs: true }) as { fields: object[] };
    const tags = { name: 'tags', type: { type: 'array', items: 'null' } };
    // Behind each block's records stands the array of the last one.
    const claim = (packed: Buffer): Buffer => Buffer.concat([packed, long(2 ** 40), long(0)]);
    const bytes = container('null', claim, JSON.stringify({ ...rest, fields: [...fields, tags] }));
    const records = await readAll(file('claims.avro', bytes));
    expect(callsOf(records)).toEqual([]);
    expect(rejectionsOf(records)).toMatchObject([{ code: 'unreadable' }, { code: 'unreadable' }]);
  });

  it('names a codec and a header it cannot read', async () => {
    await expect(
      readAll(
        file(
          'x.avro',
          container('bzip2', (bytes) => bytes),
        ),
      ),
    ).rejects.toMatchObject({
      code: 'TOLL_IMPORT_AVRO_CODEC',
    });
    await expect(readAll(file('y.avro', 'Obj\u0001nonsense'))).rejects.toMatchObject({
      code: 'TOLL_IMPORT_AVRO_HEADER',
    });
  });

  it('refuses a header whose number of entries is damaged, without counting them', async () => {
    const bytes = container('null', (packed) => packed);
    // Zigzag varints of 2^34 and of 2^62.
    for (const count of ['808080808001', '80808080808080808001']) {
      const damaged = Buffer.concat([bytes.subarray(0, 4), Buffer.from(count, 'hex'), bytes.subarray(5)]);
      await expect(readAll(file('count.avro', damaged))).rejects.toMatchObject({
        code: 'TOLL_IMPORT_AVRO_HEADER',
      });
    }
  });

  it('unpacks the copies of Snappy', () => {
    // 'abcd' as a literal, then a copy of 8 bytes from 4 back.
    const packed = Buffer.from([12, (4 - 1) << 2, 0x61, 0x62, 0x63, 0x64, (4 << 2) | 1, 4]);
    expect(decompressSnappy(packed, 100).toString()).toBe('abcdabcdabcd');
    expect(() => decompressSnappy(packed.subarray(0, 5), 100)).toThrow(RangeError);
  });
});

describe('detection', () => {
  it.each([
    ['kamailio/cdr.jsonl', 'kamailio-cdr-json'],
    ['kamailio/sw_calls.tsv', 'kamailio-cdr-json'],
    ['kamailio/events.jsonl', 'kamailio-acc-json'],
    ['kamailio/records/acc_129.log', 'kamailio-acc-text'],
    ['kamailio/records/missed_calls_1.log', 'kamailio-acc-text'],
    ['kamailio/records/acc_cdrs_1.log', 'kamailio-cdr-text'],
    ['asterisk/Master.csv', 'asterisk-csv'],
    ['asterisk/cdr.jsonl', 'asterisk-json'],
    ['freeswitch/Master.csv', 'freeswitch-csv'],
    ['freeswitch/cdr.jsonl', 'freeswitch-json'],
    ['cucm/cdr.csv', 'cucm-csv'],
  ])('%s is %s', (name, format) => {
    expect(detectFormat(readFileSync(fixture(name)).subarray(0, 65_536), name)).toMatchObject({
      kind: 'detected',
      format,
    });
  });

  it('passes over a broken first line', () => {
    const head = Buffer.concat([Buffer.from('garbage\n'), CDRS]);
    expect(detectFormat(head, 'x')).toMatchObject({ format: 'kamailio-cdr-json' });
  });

  it('knows every format it names', () => {
    for (const [id, format] of Object.entries(FORMATS)) expect(format.id).toBe(id);
  });
});
