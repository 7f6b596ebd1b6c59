import { readFileSync } from 'node:fs';
import avro from 'avsc';
import type { Schema } from 'avsc';
import { describe, expect, test } from 'vitest';
import { SCHEMA_DIRECTORY, crc64Avro, loadOwnSchema, singleObjectHeader } from './avro-schema.ts';
import { callEventType, encodeCallEvent } from './call-event-avro.ts';
import { CallEventDecoder } from './call-event-decoder.ts';
import { parseCallEventJson } from './call-event-json.ts';
import { LAST_PART } from './call.ts';
import type { CallEvent } from './call.ts';
import { RegistrySchemaSource } from './schema-source.ts';
import type { SchemaSource } from './schema-source.ts';

const EVENT: CallEvent = {
  callId: '3f2a@10.0.0.1',
  switchId: 'sw-1',
  leg: 1,
  direction: 'inbound',
  from: 'anonymous',
  to: '+1 212 555 0100;rn=+12125550000',
  startedAt: 1_577_836_800_000,
  answeredAt: 1_577_836_805_500,
  endedAt: 1_577_836_865_500,
  disposition: 'answered',
  account: 'acct-1',
  extension: null,
  device: null,
  trunk: 'Zürich',
  chargedParty: null,
  originalTo: null,
  routingNumber: null,
  parentCallId: null,
  partialSequence: null,
  redirectingNumber: null,
};

const CURRENT = JSON.parse(readFileSync(new URL('call-event.avsc', SCHEMA_DIRECTORY), 'utf8')) as {
  fields: { name: string; type: unknown }[];
};
const v1 = loadOwnSchema('evolution/call-event.v1.avsc');
const V1_EVENT = {
  call_id: 'c',
  switch_id: 's',
  direction: 'outbound',
  from: '101',
  to: '911',
  started_at: 1,
  answered_at: null,
  ended_at: 2,
  disposition: 'busy',
  account: null,
  extension: '101',
};

/** The current schema as a later version might extend it. */
function laterSchema(): Schema {
  const later = structuredClone(CURRENT);
  later.fields.splice(3, 0, { name: 'codec', type: 'string' });
  const disposition = later.fields.find((field) => field.name === 'disposition')!.type as {
    symbols: string[];
  };
  disposition.symbols.push('voicemail');
  return later as unknown as Schema;
}

function registry(schemas: Record<number, avro.Type>): SchemaSource {
  return { schemaOf: (id) => Promise.resolve(schemas[id] ?? null) };
}

function frame(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, body]);
}

describe('fingerprints', () => {
  // Published with the Avro specification's reference implementation.
  test.each([
    ['"null"', 0x63dd24e7cc258f8an],
    ['"boolean"', 0x9f42fc78a4d4f764n],
    ['"int"', 0x7275d51a3f395c8fn],
    ['"long"', 0xd054e14493f41db7n],
  ])('of %s', (canonical, fingerprint) => {
    expect(crc64Avro(Buffer.from(canonical))).toBe(fingerprint);
  });
});

describe('schema evolution', () => {
  test('a new reader takes what the first version wrote, by fingerprint and by registry id', async () => {
    const body = v1.toBuffer(V1_EVENT);
    const decoder = new CallEventDecoder({ source: registry({ 7: v1 }) });
    const expected = {
      kind: 'call',
      call: { callId: 'c', leg: 0, extension: '101', partialSequence: null, disposition: 'busy' },
    };
    expect(decoder.decode(Buffer.concat([singleObjectHeader(v1), body]))).toMatchObject(expected);
    await decoder.prepare([frame(7, body)]);
    expect(decoder.decode(frame(7, body))).toMatchObject(expected);
  });

  test('a new reader takes what was written before legs named who made them', () => {
    const v2 = loadOwnSchema('evolution/call-event.v2.avsc');
    const nothing = { charged_party: null, original_to: null, routing_number: null, parent_call_id: null };
    const event = { ...V1_EVENT, leg: 2, device: null, trunk: 't', partial_sequence: 3, ...nothing };
    const value = Buffer.concat([singleObjectHeader(v2), v2.toBuffer(event)]);
    expect(new CallEventDecoder().decode(value)).toMatchObject({
      kind: 'call',
      call: { callId: 'c', leg: 2, trunk: 't', partialSequence: 3, redirectingNumber: null },
    });
  });

  test('a reader of the first version takes what the current one writes', () => {
    const body = encodeCallEvent(EVENT).subarray(10);
    const read = v1.fromBuffer(body, v1.createResolver(callEventType)) as Record<string, unknown>;
    expect(read).toMatchObject({ call_id: EVENT.callId, started_at: EVENT.startedAt, direction: 'inbound' });
    const internal = encodeCallEvent({ ...EVENT, direction: 'internal' }).subarray(10);
    expect(v1.fromBuffer(internal, v1.createResolver(callEventType))).toMatchObject({ direction: 'unknown' });
  });

  test('the current reader passes over fields of a later writer, and rejects its symbols by name', async () => {
    const later = avro.Type.forSchema(laterSchema());
    const decoder = new CallEventDecoder({ source: registry({ 9: later }) });
    const event = { ...V1_EVENT, codec: 'opus', leg: 0, device: null, trunk: null, charged_party: null };
    const rest = { original_to: null, routing_number: null, parent_call_id: null, partial_sequence: null };
    const known = frame(9, later.toBuffer({ ...event, ...rest }));
    const unknown = frame(9, later.toBuffer({ ...event, ...rest, disposition: 'voicemail' }));
    await decoder.prepare([known]);
    expect(decoder.decode(known)).toMatchObject({ kind: 'call', call: { callId: 'c', extension: '101' } });
    expect(decoder.decode(unknown)).toEqual({
      kind: 'rejected',
      code: 'field_invalid',
      detail: 'disposition: unknown',
    });
  });
});

describe('broken Avro', () => {
  const decoder = new CallEventDecoder({
    source: registry({ 1: callEventType, 2: avro.Type.forSchema('string') }),
  });
  const whole = encodeCallEvent(EVENT);

  test.each([
    ['no Avro at all', Buffer.from('hello'), 'unreadable'],
    ['an empty value', Buffer.alloc(0), 'unreadable'],
    ['the magic alone', whole.subarray(0, 2), 'unreadable'],
    ['bytes after the record', Buffer.concat([whole, Buffer.from([0])]), 'unreadable'],
    [
      'an unknown fingerprint',
      Buffer.concat([Buffer.from('c3010000000000000000', 'hex'), whole.subarray(10)]),
      'schema_unknown',
    ],
    ['an unknown registry id', frame(3, whole.subarray(10)), 'schema_unknown'],
    ['a registered schema that is no call event', frame(2, whole.subarray(10)), 'schema_unknown'],
    [
      'text that is no UTF-8',
      Buffer.from(whole.toString('latin1').replace('10.0', '10\xff0'), 'latin1'),
      'invalid_utf8',
    ],
  ])('%s', async (_, value, code) => {
    await decoder.prepare([value]);
    expect(decoder.decode(value)).toMatchObject({ kind: 'rejected', code });
  });

  test('an array that claims 2^40 entries without bytes is refused at once, under whatever schema', async () => {
    const { fields, ...rest } = callEventType.schema() as { fields: object[] };
    const tags = { name: 'tags', type: { type: 'array', items: 'null' } };
    const writer = avro.Type.forSchema({ ...rest, fields: [...fields, tags] } as unknown as Schema);
    const tagged = new CallEventDecoder({ source: registry({ 9: writer }) });
    const body = whole.subarray(10);
    const count = avro.Type.forSchema('long').toBuffer(2 ** 40);
    const hostile = frame(9, Buffer.concat([body, count, Buffer.of(0)]));
    await tagged.prepare([hostile]);
    expect(tagged.decode(hostile)).toMatchObject({ kind: 'rejected', code: 'unreadable' });
    expect(tagged.decode(frame(9, Buffer.concat([body, Buffer.of(4, 0)])))).toMatchObject({ kind: 'call' });
  });

  test('text that is no UTF-8 is found under other writer schemas too', async () => {
    const older = new CallEventDecoder({ source: registry({ 7: v1 }) });
    const value = frame(
      7,
      Buffer.from(
        v1
          .toBuffer({ ...V1_EVENT, to: 'abc' })
          .toString('latin1')
          .replace('abc', 'a\xffc'),
        'latin1',
      ),
    );
    await older.prepare([value]);
    expect(older.decode(value)).toMatchObject({ kind: 'rejected', code: 'invalid_utf8' });
  });
});

describe('JSON', () => {
  const minimal = { call_id: 'c', switch_id: 's', from: '101', to: '911', started_at: 1000, ended_at: 2000 };

  function parse(fields: unknown) {
    return parseCallEventJson(Buffer.from(typeof fields === 'string' ? fields : JSON.stringify(fields)));
  }

  test('little is needed', () => {
    expect(parse(minimal)).toMatchObject({
      kind: 'call',
      call: { leg: 0, direction: 'outbound', disposition: 'no_answer', answeredAt: null, account: null },
    });
    expect(parse({ ...minimal, answered_at: 1500 })).toMatchObject({ call: { disposition: 'answered' } });
    expect(parse({ ...minimal, from: null, later_field: { a: [1] } })).toMatchObject({ call: { from: '' } });
  });

  test.each([
    ['2020-01-01T00:00:00Z', 1_577_836_800_000],
    ['2020-01-01T00:00:00.1239Z', 1_577_836_800_123],
    ['2020-01-01T01:30:00+01:30', 1_577_836_800_000],
    ['2019-12-31T19:00:00-0500', 1_577_836_800_000],
    ['2020-02-29T00:00:00Z', 1_582_934_400_000],
  ])('time %s', (text, expected) => {
    expect(parse({ ...minimal, started_at: text })).toMatchObject({ call: { startedAt: expected } });
  });

  test.each([
    [{ ...minimal, call_id: undefined }, 'call_id_missing', 'call_id: missing'],
    [{ ...minimal, call_id: '' }, 'call_id_missing', 'call_id: missing'],
    [{ ...minimal, call_id: 7 }, 'field_invalid', 'call_id: must be a string, is 7'],
    [{ ...minimal, switch_id: undefined }, 'field_missing', 'switch_id: missing'],
    [{ ...minimal, to: undefined }, 'field_missing', 'to: missing'],
    [{ ...minimal, to: 911 }, 'field_invalid', 'to: must be a string, is 911'],
    [{ ...minimal, leg: 1.5 }, 'field_invalid', 'leg: must be an integer, is 1.5'],
    [
      { ...minimal, direction: 'up' },
      'field_invalid',
      'direction: must be one of outbound, inbound, internal, is "up"',
    ],
    [{ ...minimal, ended_at: null }, 'field_missing', 'ended_at: missing'],
    [{ ...minimal, started_at: 1.5 }, 'time_invalid', /^started_at: must be milliseconds/],
    [
      { ...minimal, started_at: '2020-01-01 00:00:00' },
      'time_invalid',
      /ISO 8601 with a zone, is "2020-01-01 00:00:00"$/,
    ],
    [{ ...minimal, started_at: '2020-02-30T00:00:00Z' }, 'time_invalid', /^started_at/],
    [{ ...minimal, started_at: '2020-13-01T00:00:00Z' }, 'time_invalid', /^started_at/],
    ['[1]', 'unreadable', 'JSON: must be an object, is an array'],
    ['{"call_id":', 'unreadable', /^JSON: /],
    ['', 'unreadable', /^JSON: /],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'too_deep', 'JSON: nested deeper than 16 levels'],
    [`{"a":${'['.repeat(16)}1${']'.repeat(16)}}`, 'too_deep', 'JSON: nested deeper than 16 levels'],
    [
      `{"call_id":"${'x'.repeat(10_000_000)}"}`,
      'too_large',
      'JSON: 10000014 bytes, at most 1048576 are read',
    ],
  ])('%#: rejected, naming the field', (fields, code, detail) => {
    expect(parse(fields)).toEqual({
      kind: 'rejected',
      code,
      detail: typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string),
    });
  });

  test.each([
    [{ partial_sequence: 3 }, 3],
    [{ partial_sequence: 3, partial_last: false }, 3],
    [{ partial_sequence: 3, partial_last: true }, LAST_PART + 3],
    [{ partial_sequence: LAST_PART + 3, partial_last: true }, LAST_PART + 3],
    [{}, null],
  ])('a part of a call: %j', (part, partialSequence) => {
    expect(parse({ ...minimal, ...part })).toMatchObject({ kind: 'call', call: { partialSequence } });
  });

  test.each([
    [{ partial_last: true }, 'field_missing', /^partial_sequence: missing, but partial_last is true/],
    [{ partial_sequence: 1, partial_last: 'yes' }, 'field_invalid', /^partial_last: must be true or false/],
  ])('a part that is none: %j', (part, code, detail) => {
    expect(parse({ ...minimal, ...part })).toMatchObject({
      kind: 'rejected',
      code,
      detail: expect.stringMatching(detail) as string,
    });
  });

  test('bytes that are no UTF-8', () => {
    expect(parseCallEventJson(Buffer.from([0x7b, 0xff, 0x7d]))).toMatchObject({ code: 'invalid_utf8' });
  });
});

describe('the schema registry', () => {
  test('gives each schema once, knows what is missing, and is waited for when it fails', async () => {
    const asked: string[] = [];
    let failures = 2;
    const source = new RegistrySchemaSource({
      url: 'http://registry.test/',
      credentials: 'u:p',
      backOffMs: 1,
      fetch: (address) => {
        const url = address as string;
        asked.push(url);
        if (failures-- > 0) return Promise.reject(new Error('connection refused'));
        if (url.endsWith('/4')) return Promise.resolve(new Response('{}', { status: 404 }));
        return Promise.resolve(Response.json({ schema: JSON.stringify(v1.schema()) }));
      },
    });
    expect((await source.schemaOf(3))?.equals(v1)).toBe(true);
    expect(await source.schemaOf(3)).not.toBeNull();
    expect(await source.schemaOf(4)).toBeNull();
    expect(asked).toEqual([3, 3, 3, 4].map((id) => `http://registry.test/schemas/ids/${id}`));

    failures = 100;
    await expect(source.schemaOf(5)).rejects.toMatchObject({
      code: 'TOLL_SCHEMA_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('connection refused') as string,
    });
  });
});
