import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callEventEnd, callEventHeader, callEventType, encodeCallEvent } from './call-event-avro.ts';
import { CallEventDecoder } from './call-event-decoder.ts';
import { parseCallEventJson } from './call-event-json.ts';
import { DIRECTIONS, DISPOSITIONS } from './call.ts';
import type { CallEvent } from './call.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 80 }));
const filled = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'binary', minLength: 1 }),
);
const time = fc.oneof(
  fc.integer({ min: 0, max: 10_413_791_999_999 }),
  fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
);
const optionalText = fc.option(text);

const callEvents: fc.Arbitrary<CallEvent> = fc.record({
  callId: filled,
  switchId: filled,
  leg: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  direction: fc.constantFrom(...DIRECTIONS),
  from: text,
  to: text,
  startedAt: time,
  answeredAt: fc.option(time),
  endedAt: time,
  disposition: fc.constantFrom(...DISPOSITIONS),
  account: optionalText,
  extension: optionalText,
  device: optionalText,
  trunk: optionalText,
  chargedParty: optionalText,
  originalTo: optionalText,
  routingNumber: optionalText,
  parentCallId: optionalText,
  partialSequence: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  redirectingNumber: optionalText,
});

/** Keys as in the schema: what avsc and JSON use. */
function toSnakeCase(event: CallEvent): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value as unknown,
    ]),
  );
}

describe('the call event by hand and by avsc', () => {
  const decoder = new CallEventDecoder();

  test('bodies that stand back to back are told apart, and a cut one is not taken', () => {
    fc.assert(
      fc.property(fc.array(callEvents, { minLength: 1, maxLength: 5 }), (events) => {
        const bodies = events.map((event) => encodeCallEvent(event).subarray(callEventHeader.length));
        const block = Buffer.concat(bodies);
        let at = 0;
        for (const body of bodies) {
          expect(callEventEnd(block, at)).toBe(at + body.length);
          at += body.length;
        }
        const last = bodies.at(-1)!;
        expect(callEventEnd(block.subarray(0, -1), at - last.length)).toBe(-1);
      }),
    );
  });

  test('both write the same bytes', () => {
    fc.assert(
      fc.property(callEvents, (event) => {
        const expected = Buffer.concat([callEventHeader, callEventType.toBuffer(toSnakeCase(event))]);
        expect(encodeCallEvent(event).equals(expected)).toBe(true);
      }),
    );
  });

  test('what is written is read', () => {
    fc.assert(
      fc.property(callEvents, (event) => {
        expect(decoder.decode(encodeCallEvent(event))).toEqual({ kind: 'call', call: event });
      }),
    );
  });

  test('JSON says the same', () => {
    fc.assert(
      fc.property(callEvents, (event) => {
        const json = Buffer.from(JSON.stringify(toSnakeCase(event)));
        expect(parseCallEventJson(json)).toEqual({ kind: 'call', call: event });
      }),
    );
  });

  test('cut or altered records are rejected or read as some call, and never throw', () => {
    fc.assert(
      fc.property(callEvents, fc.nat(), fc.nat(255), (event, place, byte) => {
        const whole = encodeCallEvent(event);
        const cut = whole.subarray(0, place % whole.length);
        expect(decoder.decode(cut)).toMatchObject({ kind: 'rejected', code: 'unreadable' });
        const altered = Buffer.from(whole);
        altered[place % whole.length] = byte;
        expect(['call', 'rejected']).toContain(decoder.decode(altered).kind);
      }),
    );
  });
});
