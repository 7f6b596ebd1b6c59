import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutputRecord } from '../port.ts';
import { cutIntoSends } from './kafka-records.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const BYTES_MAX = 1_000;
const RECORDS_MAX = 5;
const output: fc.Arbitrary<OutputRecord> = fc
  .tuple(fc.constantFrom('a', 'b'), fc.nat(2), fc.nat(1_500))
  .map(([topic, partition, size]) => ({ topic, partition, value: Buffer.alloc(size) }));

describe('outputs of a commit', () => {
  it('are cut such that no record batch is too large, unless one record is, and none changes its order', () => {
    fc.assert(
      fc.property(fc.array(output, { maxLength: 60 }), (outputs) => {
        const sends = cutIntoSends(outputs, { bytesMax: () => BYTES_MAX, recordsMax: RECORDS_MAX });
        expect(sends.flat()).toEqual(outputs);
        for (const send of sends) {
          for (const batch of Map.groupBy(send, ({ topic, partition }) => `${topic}/${partition}`).values()) {
            const bytes = batch.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
            expect(batch.length).toBeLessThanOrEqual(RECORDS_MAX);
            expect(bytes <= BYTES_MAX || batch.length === 1).toBe(true);
          }
        }
      }),
    );
  });

  it('go in one send when they fit', () => {
    const outputs = [0, 1, 2].map((partition) => ({ topic: 'a', partition, value: Buffer.alloc(900) }));
    expect(cutIntoSends(outputs, { bytesMax: () => BYTES_MAX, recordsMax: RECORDS_MAX })).toHaveLength(1);
  });
});
