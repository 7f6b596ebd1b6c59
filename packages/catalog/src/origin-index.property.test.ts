import fc from 'fast-check';
import { callingCodeOf, classify } from '@tollstream/numbering';
import { expect, it } from 'vitest';
import type { RateOrigin } from './model.ts';
import { buildOriginIndex } from './origin-index.ts';
import { buildPrefixIndex } from './prefix-index.ts';
import { rateListOf } from './rate-list.ts';
import { orderByText } from './rate-order.ts';
import { NO_SPECIAL_TERMS } from './special-terms.ts';
import { PLAIN_RATE } from './testing.ts';

interface OriginRow {
  readonly index: number;
  readonly prefix: string;
  readonly origin: RateOrigin | null;
  readonly effectiveFrom: number;
  readonly effectiveTo: number;
}

function indexOf(rows: readonly OriginRow[]): ReturnType<typeof buildOriginIndex> {
  const rates = rateListOf(
    rows.map(({ origin, ...row }) => ({
      ...PLAIN_RATE,
      ...row,
      special: origin === null ? null : { ...NO_SPECIAL_TERMS, origin },
    })),
  );
  const order = orderByText(rates);
  const plain = buildPrefixIndex(
    rates,
    order.filter((row) => rates.originAt(row) === null),
  );
  return buildOriginIndex(
    rates,
    order.filter((row) => rates.originAt(row) !== null),
    plain,
  );
}

const seed = Number(process.env['FC_SEED'] ?? 20_200_220);
const CASES = 10_000;
const BORDER = Date.parse('2020-01-31T00:00:00Z');

const origins: RateOrigin[] = [
  { text: '1', members: ['1'], numberClass: '' },
  { text: '44', members: ['44'], numberClass: '' },
  { text: '4479', members: ['4479'], numberClass: 'mobile' },
  { text: 'GB', members: ['GB'], numberClass: '' },
  { text: 'CA', members: ['CA'], numberClass: '' },
  { text: '1416', members: ['1416'], numberClass: '' },
  { text: 'FR mobile', members: ['FR'], numberClass: 'mobile' },
  { text: 'near', members: ['FR', '49', '351'], numberClass: '' },
  { text: 'unknown', members: ['unknown'], numberClass: '' },
  { text: '', members: [], numberClass: 'mobile' },
];
const callers = [
  0, 447911123456, 442071234567, 14165550100, 12125550100, 33612345678, 33142345678, 4930123456,
];
const numbers = [5511987650123, 5521987650123, 12125550100, 33612345678];

const row = fc.record({
  prefix: fc.constantFrom('5', '55', '5511', '1', '1212', '33', '336'),
  origin: fc.constantFrom(null, null, ...origins),
  from: fc.constantFrom(-Infinity, BORDER),
});
/** One row of each prefix and origin before the border, one after it, or one throughout. */
const deck = fc
  .uniqueArray(row, {
    minLength: 1,
    maxLength: 14,
    selector: ({ prefix, origin, from }) => `${prefix} ${origin?.text} ${origin?.numberClass} ${from}`,
  })
  .map((rows) =>
    rows.map((each, index): OriginRow => {
      const hasLater = rows.some(
        (other) => other.prefix === each.prefix && other.origin === each.origin && other.from === BORDER,
      );
      const effectiveTo = each.from === -Infinity && hasLater ? BORDER : Infinity;
      return { index, prefix: each.prefix, origin: each.origin, effectiveFrom: each.from, effectiveTo };
    }),
  );

/** How close a caller is to the callers of a row, in digits; null = it is none of them. */
function closeness(origin: RateOrigin | null, caller: number): number | null {
  if (origin === null) return 0;
  const { country, numberClass } = classify(caller, { country: '', numberClass: 'unknown' });
  if (origin.numberClass !== '' && origin.numberClass !== numberClass) return null;
  const found = origin.members
    .map((member) => {
      if (member === 'unknown') return caller === 0 ? 0.01 : null;
      if (caller === 0) return null;
      if (/^\d/.test(member)) return String(caller).startsWith(member) ? member.length : null;
      return member === country ? String(callingCodeOf(country)).length + 0.5 : null;
    })
    .filter((each) => each !== null);
  if (origin.members.length > 0 && found.length === 0) return null;
  if (origin.members.length === 0 && caller === 0) return null;
  return Math.max(0, ...found) + (origin.numberClass === '' ? 0 : 0.25);
}

it(`finds the row that looking at all of them finds (${CASES} cases, seed ${seed})`, () => {
  let chosenForSome = 0;
  fc.assert(
    fc.property(
      deck,
      fc.constantFrom(...numbers),
      fc.constantFrom(...callers),
      fc.constantFrom(BORDER - 1, BORDER),
      (rows, number, caller, atMs) => {
        const index = indexOf(rows);
        const inForce = rows
          .filter(({ effectiveFrom, effectiveTo }) => effectiveFrom <= atMs && atMs < effectiveTo)
          .filter(({ prefix }) => String(number).startsWith(prefix))
          .map((each) => ({ each, close: closeness(each.origin, caller) }))
          .filter(({ close }) => close !== null)
          .sort((a, b) => b.each.prefix.length - a.each.prefix.length || b.close! - a.close!);
        if (index === null) {
          expect(rows.every(({ origin }) => origin === null)).toBe(true);
          return;
        }
        if (inForce[0]?.each.origin) chosenForSome += 1;
        expect(index.find(number, caller, atMs)).toBe(inForce[0]?.each.index ?? -1);
      },
    ),
    { numRuns: CASES, seed },
  );
  expect(chosenForSome).toBeGreaterThan(CASES / 10);
}, 120_000);
