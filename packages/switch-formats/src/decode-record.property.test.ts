import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMAT_IDS, ImportError, decodeRecord, detectFormat } from './index.ts';
import { fixture, readAll } from './testing/read-all.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const CONTEXT = {
  timeZone: 'America/New_York',
  csvHeader: 'call_id,switch_id,from,to,started_at,answered_at,ended_at',
};

const SAMPLES = [
  'kamailio/cdr.jsonl',
  'kamailio/events.jsonl',
  'kamailio/records/acc_129.log',
  'kamailio/records/acc_cdrs_130.log',
  'asterisk/Master.csv',
  'asterisk/cdr.jsonl',
  'freeswitch/Master.csv',
  'freeswitch/cdr.jsonl',
  'cucm/cdr.csv',
].map((name) => readFileSync(fixture(name)).subarray(0, 3_000));

/** Bytes of a switch with some of them changed, or any bytes at all. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .tuple(
      fc.constantFrom(...SAMPLES),
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 12 }),
      fc.nat(),
      fc.nat(),
    )
    .map(([sample, changes, from, length]) => {
      const start = from % sample.length;
      const copy = Buffer.from(sample.subarray(start, start + 1 + (length % 1_500)));
      for (const [at, byte] of changes) copy[at % copy.length] = byte;
      return copy;
    }),
);

describe('any bytes', () => {
  it('are a call or rejected with a reason, in every format, and never throw', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(...FORMAT_IDS), fc.boolean(), (value, format, withContext) => {
        const decoded = decodeRecord(value, format, withContext ? CONTEXT : {});
        if (decoded.kind === 'rejected') {
          expect(decoded.detail).not.toBe('');
          return;
        }
        const { call } = decoded;
        expect(call.callId).not.toBe('');
        expect(Number.isSafeInteger(call.startedAt) && Number.isSafeInteger(call.endedAt)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('in a file are read to the end or refused with a code', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.option(fc.constantFrom(...FORMAT_IDS)), async (value, format) => {
        detectFormat(value, 'fuzz');
        try {
          await readAll(Readable.from([value]), { timeZone: 'UTC', ...(format === null ? {} : { format }) });
        } catch (error) {
          expect(error).toBeInstanceOf(ImportError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('under a zone that does not exist are rejected', () => {
    const line = SAMPLES[4]!.subarray(SAMPLES[4]!.indexOf('lines"') + 7);
    const record = line.subarray(0, line.indexOf('\n'));
    expect(decodeRecord(record, 'asterisk-csv', { timeZone: 'Mars/Olympus' })).toMatchObject({
      kind: 'rejected',
      code: 'time_invalid',
    });
  });

  it('nested without end are rejected', () => {
    const bomb = Buffer.from(`{"a":${'['.repeat(500_000)}`);
    for (const format of FORMAT_IDS) expect(decodeRecord(bomb, format, CONTEXT).kind).toBe('rejected');
  });
});
