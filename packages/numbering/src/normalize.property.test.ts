import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalize } from './index.ts';
import type { DialPlan, NormalizedNumber } from './index.ts';
import { dialPlan } from './testing/dial-plans.ts';

const SEED = 20200131;
const RUNS = 20_000;

const dialled = fc.oneof(
  fc.stringMatching(/^\+?\d{0,20}$/),
  fc.stringMatching(/^(\+|00|011|0|1)?[1-9]\d{6,13}$/),
  fc.stringMatching(/^(tel|sip):\+?[\d .()-]{3,16}(;rn=\+?\d{1,12}|;phone-context=\+?\d{1,4})?(@h)?$/),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(...Array.from('+0123456789*#;=@%<>xtelsiprn-() \u0660\uff11')),
    maxLength: 40,
  }),
);

function read(text: string, plan: DialPlan): NormalizedNumber {
  return normalize(text, plan, { kind: 'invalid', number: 0, text: '', routingNumber: '' });
}

describe('whatever a switch writes', () => {
  it('becomes exactly one kind, with a number or a text', () => {
    fc.assert(
      fc.property(dialled, dialPlan, (text, plan) => {
        const { kind, number, text: rest, routingNumber } = read(text, plan);
        expect(routingNumber).toMatch(/^\d*$/);
        if (kind === 'e164') {
          expect(Number.isSafeInteger(number) && number >= 1e5 && number < 1e15).toBe(true);
          expect(rest).toBe('');
        } else {
          expect(number).toBe(0);
          expect(kind === 'invalid' ? rest === text : rest !== '').toBe(true);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('reads its own E.164 back, under any plan', () => {
    fc.assert(
      fc.property(dialled, dialPlan, dialPlan, (text, plan, other) => {
        const { kind, number } = read(text, plan);
        fc.pre(kind === 'e164');
        expect(read(`+${number}`, plan)).toEqual({ kind: 'e164', number, text: '', routingNumber: '' });
        expect(read(`+${number}`, other).number).toBe(number);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  it('is read alike with and without punctuation, and in a URI', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?\d{7,14}$/), dialPlan, fc.nat(5), (text, plan, at) => {
        const plain = read(text, plan);
        const cut = Math.min(at + 2, text.length - 1);
        for (const same of [
          `${text.slice(0, cut)}-${text.slice(cut)}`,
          `sip:${text}@host.example`,
          `tel:${text}`,
          ` ${text} `,
        ]) {
          const { kind, number } = read(same, plan);
          expect([kind, number]).toEqual([plain.kind, plain.number]);
        }
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });

  it('leaves nothing behind for the next one', () => {
    fc.assert(
      fc.property(dialled, dialled, dialPlan, (first, second, plan) => {
        const out: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };
        normalize(first, plan, out);
        expect({ ...normalize(second, plan, out) }).toEqual(read(second, plan));
      }),
      { seed: SEED, numRuns: 5_000 },
    );
  });
});
