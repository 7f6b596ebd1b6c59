import { describe, expect, it } from 'vitest';
import { RatingError, assert } from './assert.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { CLASSIFICATION_RULES, classifyCall, describeCall, noFacts } from './classification.ts';
import type { CallFacts } from './classification.ts';
import { compileRateTable } from './rate-table.ts';
import { makeAccount, makeCatalog, makePlan } from './testing/catalog.ts';

const outbound = { destinationKind: 'e164', country: 'FR', numberClass: 'geographic' } as const;
const inbound = { ...outbound, direction: 'inbound' } as const;
const tollFree = { ...outbound, numberClass: 'toll_free' } as const;
const facts = (part: Partial<CallFacts>): CallFacts => ({ ...noFacts(), ...part });

/** What each rule asks for, and the least that makes it not apply. */
const RULES: readonly [applies: readonly Partial<CallFacts>[], not: readonly Partial<CallFacts>[]][] = [
  // 0 emergency
  [
    [{ destinationKind: 'emergency' }, { destinationKind: 'emergency', direction: 'internal' }],
    [{ destinationKind: 'emergency', direction: 'inbound' }, outbound],
  ],
  // 1 toll_free_inbound
  [[{ ...inbound, tollFreeNumber: 18005550100 }], [{ ...outbound, tollFreeNumber: 18005550100 }, inbound]],
  // 2 internal, as the terminating side reports it
  [[{ ...inbound, isFromInside: true }], [{ ...outbound, isFromInside: true }, inbound]],
  // 3 inbound
  [[inbound], [outbound, { ...outbound, direction: 'internal' }]],
  // 4 internal
  [[{ ...outbound, direction: 'internal' }, { destinationKind: 'extension' }], [outbound]],
  // 5 service_code
  [[{ destinationKind: 'service_code' }], [outbound, { destinationKind: 'invalid' }]],
  // 6 premium by the plan
  [[{ ...outbound, premiumPrefix: 1787555 }], [outbound, { premiumPrefix: 1787555 }]],
  // 7 premium by its class
  [[{ ...outbound, numberClass: 'premium' }], [outbound, { numberClass: 'premium' }]],
  // 8 toll_free_outbound: domestic, shared, or of no one country
  [
    [
      { ...tollFree, isDomestic: true },
      { ...tollFree, isSharedTollFree: true },
      { ...tollFree, country: '' },
      { ...tollFree, country: '001' },
    ],
    [tollFree, { ...outbound, isDomestic: true }, { numberClass: 'toll_free', isDomestic: true }],
  ],
  // 9 local
  [
    [{ ...outbound, isDomestic: true, isSameAreaCode: true }],
    [
      { ...outbound, isDomestic: true },
      { ...outbound, isSameAreaCode: true },
      { isDomestic: true, isSameAreaCode: true },
    ],
  ],
  // 10 long_distance
  [[{ ...outbound, isDomestic: true }], [outbound, { isDomestic: true }]],
  // 11 international
  [
    [outbound],
    [{ destinationKind: 'invalid' }, { destinationKind: 'anonymous' }, { destinationKind: 'extension' }],
  ],
];

describe.each(RULES.map((rule, index) => [CLASSIFICATION_RULES[index]!, ...rule] as const))(
  '$callType: $condition',
  (rule, applies, not) => {
    it.each(applies)('holds for %o', (part) => {
      expect(rule.applies(facts(part))).toBe(true);
    });
    it.each(not)('does not hold for %o', (part) => {
      expect(rule.applies(facts(part))).toBe(false);
    });
  },
);

it('has an order in which the first that holds names the call', () => {
  expect(RULES).toHaveLength(CLASSIFICATION_RULES.length);
  for (const [index, [applies]] of RULES.entries())
    for (const part of applies) {
      const first = CLASSIFICATION_RULES.findIndex((rule) => rule.applies(facts(part)));
      expect(classifyCall(facts(part))).toBe(CLASSIFICATION_RULES[first]);
      // Again, from what was kept of the first time.
      expect(classifyCall(facts(part))).toBe(CLASSIFICATION_RULES[first]);
      expect(first).toBeLessThanOrEqual(index);
    }
});

it('keeps apart what was asked before', () => {
  // Each differs from the one before in a single fact; a key that left it out would give the answer of its neighbour.
  const asked: [Partial<CallFacts>, string | null][] = [
    [outbound, 'international'],
    [{ ...outbound, isDomestic: true }, 'long_distance'],
    [{ ...outbound, isDomestic: true, isSameAreaCode: true }, 'local'],
    [{ ...outbound, isDomestic: true, premiumPrefix: 1787555 }, 'premium'],
    [{ ...outbound, numberClass: 'premium' }, 'premium'],
    [{ ...outbound, tollFreeNumber: 18005550100 }, 'international'],
    [tollFree, 'international'],
    [{ ...tollFree, isSharedTollFree: true }, 'toll_free_outbound'],
    [{ ...tollFree, country: '001' }, 'toll_free_outbound'],
    [{ ...tollFree, country: '' }, 'toll_free_outbound'],
    [{ ...tollFree, isDomestic: true }, 'toll_free_outbound'],
    [inbound, 'inbound'],
    [{ ...inbound, tollFreeNumber: 18005550100 }, 'toll_free_inbound'],
    [{ ...inbound, premiumPrefix: 1787555 }, 'inbound'],
    [{ ...inbound, isFromInside: true }, 'internal'],
    [{ ...outbound, direction: 'internal' }, 'internal'],
    [{ destinationKind: 'emergency' }, 'emergency'],
    [{ destinationKind: 'emergency', direction: 'internal' }, 'emergency'],
    [{ destinationKind: 'emergency', direction: 'inbound' }, 'inbound'],
    [{ destinationKind: 'extension' }, 'internal'],
    [{ destinationKind: 'service_code' }, 'service_code'],
    [{ destinationKind: 'anonymous' }, null],
    [{ destinationKind: 'invalid' }, null],
  ];
  for (const round of [asked, asked.toReversed()])
    for (const [part, callType] of round) expect(classifyCall(facts(part))?.callType ?? null).toBe(callType);
});

describe('what the rules look at', () => {
  const numbers = [
    { number: 12125550100, kind: 'did', extension: '101' },
    { number: 18005550100, kind: 'toll_free', extension: '' },
    // Its number does not say that it is one.
    { number: 13055550177, kind: 'toll_free', extension: '' },
  ] as const;
  const table = compileRateTable(makeCatalog([makeAccount('acme', makePlan('standard'), { numbers })]));
  const account = table.account('acme')!;
  const described = (part: Partial<RatingCall>): CallFacts =>
    // Whatever the one before left behind.
    describeCall({ ...emptyCall(), ...part }, account, {
      direction: 'internal',
      destinationKind: 'invalid',
      country: 'XX',
      numberClass: 'premium',
      isDomestic: true,
      isSharedTollFree: true,
      premiumPrefix: 1,
      tollFreeNumber: 1,
      isSameAreaCode: true,
      isFromInside: true,
    });

  it('is nothing of the call before', () => {
    expect(described({ destinationText: 'abc' })).toEqual(noFacts());
    expect(noFacts()).toEqual({
      direction: 'outbound',
      destinationKind: 'invalid',
      country: '',
      numberClass: 'unknown',
      isDomestic: false,
      isSharedTollFree: false,
      premiumPrefix: 0,
      tollFreeNumber: 0,
      isSameAreaCode: false,
      isFromInside: false,
    });
  });

  it.each<[string, Partial<RatingCall>, Partial<CallFacts>]>([
    ['a domestic number', { destinationNumber: 14155550199 }, { country: 'US', isDomestic: true }],
    [
      'the area of the caller',
      { destinationNumber: 12125550199, originNumber: 12125550100 },
      { isSameAreaCode: true, isDomestic: true },
    ],
    [
      'the lowest and the highest area code',
      { destinationNumber: 12015550199, originNumber: 12015550100 },
      { isSameAreaCode: true },
    ],
    [
      'another area',
      { destinationNumber: 12125550199, originNumber: 14155550100 },
      { isSameAreaCode: false },
    ],
    // Without a caller's number it is the area of the dial plan: 212.
    ['the area of the dial plan', { destinationNumber: 12125550199 }, { isSameAreaCode: true }],
    ['another than that of the dial plan', { destinationNumber: 14155550199 }, { isSameAreaCode: false }],
    // Numbers outside of North America have no area code, and none is not the same as none.
    [
      'no area codes',
      { destinationNumber: 5511987650123, originNumber: 5511987650124 },
      { isSameAreaCode: false, country: 'BR' },
    ],
    [
      'seven digits of the country 20 are no area code',
      { destinationNumber: 20212555010, originNumber: 20212555011 },
      { isSameAreaCode: false, country: 'EG' },
    ],
    [
      'no area code beyond those of the country 1',
      { destinationNumber: 20_000_000_000, originNumber: 20_000_000_000 },
      { isSameAreaCode: false },
    ],
    ['a premium prefix of the plan', { destinationNumber: 17875550123 }, { premiumPrefix: 1787555 }],
    [
      'a shared toll-free number',
      { destinationNumber: 18005550199 },
      { numberClass: 'toll_free', isSharedTollFree: true },
    ],
    [
      'a toll-free number of the account by its class',
      { direction: 'inbound', destinationNumber: 18885550100 },
      { tollFreeNumber: 18885550100 },
    ],
    [
      'a toll-free number of the account by the catalog',
      { direction: 'inbound', destinationNumber: 13055550177, originNumber: 442071234567 },
      { tollFreeNumber: 13055550177, country: 'GB' },
    ],
    [
      'a toll-free number before translation',
      { direction: 'inbound', destinationNumber: 12125550100, originalDestinationNumber: 18005550100 },
      { tollFreeNumber: 18005550100, country: '' },
    ],
    [
      'no toll-free number',
      { direction: 'inbound', destinationNumber: 12125550100, originalDestinationNumber: 13055550188 },
      { tollFreeNumber: 0 },
    ],
    [
      'an extension that rings at an extension',
      { direction: 'inbound', destinationText: '102', originText: '101' },
      { isFromInside: true, destinationKind: 'extension' },
    ],
    [
      'a number of the account that rings at an extension',
      { direction: 'inbound', destinationText: '102', originNumber: 12125550100, originText: '101' },
      { isFromInside: true },
    ],
    [
      'a stranger that rings at an extension',
      { direction: 'inbound', destinationText: '102', originNumber: 13055550188, originText: '101' },
      { isFromInside: false },
    ],
    [
      'an extension that rings at a number',
      { direction: 'inbound', destinationNumber: 12125550100, originText: '101' },
      { isFromInside: false },
    ],
    [
      'a call inside',
      { direction: 'internal', destinationNumber: 14155550199 },
      { country: '', isDomestic: false },
    ],
    // What ingest could not read as E.164 is none, even where this dial plan could.
    ['a number in words', { destinationText: '+14155550199' }, { destinationKind: 'invalid' }],
  ])('%s', (_, call, expected) => {
    expect(described(call)).toMatchObject(expected);
  });
});

it('says which invariant was broken, and what to do', () => {
  expect(() => assert(true, 'holds')).not.toThrow();
  expect(() => assert(false, 'this holds')).toThrow(
    expect.objectContaining({
      name: 'RatingError',
      code: 'TOLL_RATING_INVARIANT',
      message: 'Rating invariant broken: this holds.',
      remedy: 'Run `tollstream catalog check`; if the catalog is sound, please report this as a fault.',
    }),
  );
  expect(new RatingError('x')).toBeInstanceOf(Error);
});
