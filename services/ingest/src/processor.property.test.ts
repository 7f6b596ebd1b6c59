import { ZERO_TOTALS, decodeBlock, encodeCallEvent, readNativeBlock } from '@tollstream/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIngestProcessor } from './processor.ts';
import { CATALOG, EVENT, batchOf, recordOf } from './testing/fixtures.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const OUTPUTS = {
  accepted: 'calls.accepted',
  rejected: 'calls.rejected',
  acceptedPartitions: 3,
  rejectedPartitions: 2,
};

const FORMATS = [
  'tollstream',
  'avro',
  'json',
  'csv',
  'asterisk-csv',
  'asterisk-json',
  'freeswitch-csv',
  'freeswitch-json',
  'kamailio-cdr-json',
  'cucm-csv',
  'nonsense',
];

const jsonEvent = fc
  .record(
    {
      call_id: fc.oneof(fc.string(), fc.integer()),
      switch_id: fc.string(),
      from: fc.string({ unit: 'binary' }),
      to: fc.oneof(
        fc.string({ unit: fc.constantFrom(...Array.from('0123456789+-();=rn@:')) }),
        fc.constant(null),
      ),
      started_at: fc.oneof(fc.double(), fc.integer({ min: 0, max: 2e12 }), fc.string()),
      answered_at: fc.option(fc.integer({ min: 0, max: 2e12 })),
      ended_at: fc.integer({ min: 0, max: 2e12 }),
      disposition: fc.constantFrom('answered', 'busy', 'unheard of'),
    },
    { requiredKeys: [] },
  )
  .map((fields) => Buffer.from(JSON.stringify(fields)));

const value = fc.oneof(
  fc.constant(null),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  jsonEvent,
  fc.string({ unit: 'binary', minLength: 1 }).map((callId) => encodeCallEvent({ ...EVENT, callId })),
);

const record = fc
  .record({ value, format: fc.option(fc.constantFrom(...FORMATS), { nil: undefined }) })
  .map(({ value: bytes, format }) =>
    recordOf(
      bytes,
      format === undefined
        ? {}
        : { headers: { 'tollstream-format': format, 'tollstream-time-zone': 'America/New_York' } },
    ),
  );

test('whatever comes, every record becomes exactly one row', () => {
  const processor = createIngestProcessor({ catalog: CATALOG, outputs: OUTPUTS });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), (records) => {
      const { outputs, accepted } = processor.process({ totals: ZERO_TOTALS }, batchOf(records));
      const offsets = outputs.flatMap((output) => {
        const { header, native } = decodeBlock(output.value!);
        const block = readNativeBlock(native);
        expect(block.rows).toBe(header.recordCount);
        return [...block.column('source_offset').integers()];
      });
      expect(offsets.sort((a, b) => a - b)).toEqual(records.map((_, i) => 100 + i));
      expect(accepted).toBeLessThanOrEqual(records.length);
    }),
  );
});
