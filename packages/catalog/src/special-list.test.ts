import { expect, it } from 'vitest';
import type { SpecialTerms } from './model.ts';
import { SpecialList } from './special-list.ts';
import { NO_SPECIAL_TERMS } from './special-terms.ts';

const TERMS: readonly SpecialTerms[] = [
  { ...NO_SPECIAL_TERMS, freeSeconds: 30 },
  { ...NO_SPECIAL_TERMS, maximumCharge: 250_000, attemptFee: 5 },
  { ...NO_SPECIAL_TERMS, origin: { text: 'São Tomé', members: ['239'], numberClass: '' } },
];

it('has on another thread what it has on this one', () => {
  const list = SpecialList.of(TERMS);
  // What was received can be handed on.
  const received = SpecialList.unpack(structuredClone(list.pack()));
  for (const each of [list, received, SpecialList.unpack(received.pack())]) {
    expect(TERMS.map((_, id) => each.at(id))).toEqual(TERMS);
    expect(each).toMatchObject({ hasAttemptFees: true, hasOrigins: true });
  }
});

it('makes the terms of a number once', () => {
  const received = SpecialList.unpack(SpecialList.of(TERMS).pack());
  expect(received.at(1)).toBe(received.at(1));
});

it('says what none of them has', () => {
  for (const list of [SpecialList.of(TERMS.slice(0, 1)), SpecialList.of([])]) {
    expect(list).toMatchObject({ hasAttemptFees: false, hasOrigins: false });
    expect(SpecialList.unpack(list.pack())).toMatchObject({ hasAttemptFees: false, hasOrigins: false });
  }
});

it('has no terms of a number that it does not hold', () => {
  expect(() => SpecialList.unpack(SpecialList.of(TERMS).pack()).at(3)).toThrow(RangeError);
});
