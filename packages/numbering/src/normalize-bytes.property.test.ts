import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalize, normalizeBytes } from './index.ts';
import type { NormalizedNumber } from './index.ts';
import { dialPlan } from './testing/dial-plans.ts';

const SEED = 20200131;

const digits = fc.stringMatching(/^[+]?([(][2-9]\d{2}[)] )?\d{1,14}(-\d{4})?( ?\d{2,4})?$/);
const text = fc.oneof(
  digits,
  fc.stringMatching(/^\d{1,7}$/),
  fc.stringMatching(/^[+]?\d{25,40}$/),
  // Schemes, users, hosts and parameters in every combination that a URI may have, and some that it may not.
  fc
    .record({
      scheme: fc.constantFrom('', 'sip:', 'tel:', 'SIP:', 'Tel:', 'sips:', 'sip', ' sip:'),
      user: fc.oneof(digits, fc.constantFrom('anonymous', '', '911', '+39 (0)6 12345678', '%2B12125550100')),
      password: fc.constantFrom('', '', ':secret', ';isub=1'),
      host: fc.constantFrom('', '@sbc.example.net', '@10.0.0.1:5060', '@a@b', '@h>', '@<h>'),
      parameters: fc.constantFrom(
        '',
        ';user=phone',
        ';npdi;rn=+12125550000',
        ';RN=1',
        ';phone-context=+44',
        '?Subject=rn=1',
        ';',
      ),
    })
    .map(({ scheme, user, password, host, parameters }) => scheme + user + password + host + parameters),
  fc.string({
    unit: fc.constantFrom(...Array.from('+0123456789*#;=@%<>:xtelsiprn-() .[]/\t')),
    maxLength: 30,
  }),
);

function empty(): NormalizedNumber {
  return { kind: 'invalid', number: 7, text: 'left', routingNumber: '8' };
}

it(`reads bytes as the text is read, or leaves them to it (seed ${SEED})`, () => {
  let read = 0;
  fc.assert(
    fc.property(text, dialPlan, fc.nat(3), (written, plan, before) => {
      const bytes = Buffer.from(`${'9'.repeat(before)}${written}9@;`);
      const out = empty();
      if (!normalizeBytes(bytes, { start: before, end: before + written.length }, plan, out)) return;
      read += 1;
      expect(out).toEqual(normalize(written, plan, empty()));
    }),
    { seed: SEED, numRuns: 40_000 },
  );
  expect(read).toBeGreaterThan(6_000);
});

it.each([
  '+12125550100',
  '(212) 555-0100',
  'sip:+12125550100@sbc.example.net;user=phone',
  'tel:+12125550100',
  '101',
  '911',
  '0000',
])('makes no string of %s', (written) => {
  const place = { start: 0, end: written.length };
  expect(normalizeBytes(Buffer.from(written), place, { country: 'US', areaCode: '' }, empty())).toBe(true);
});
