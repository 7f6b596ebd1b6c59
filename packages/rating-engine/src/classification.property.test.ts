import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CLASSIFICATION_RULES, classifyCall, noFacts } from './classification.ts';
import type { CallFacts } from './classification.ts';
import { casesOf } from './testing/cases.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const CASES = casesOf(20_000);

const facts: fc.Arbitrary<CallFacts> = fc.record({
  direction: fc.constantFrom('inbound', 'outbound', 'internal'),
  destinationKind: fc.constantFrom('e164', 'emergency', 'service_code', 'extension', 'anonymous', 'invalid'),
  country: fc.constantFrom('', '001', 'US', 'CA', 'BR'),
  numberClass: fc.constantFrom(
    'geographic',
    'mobile',
    'toll_free',
    'premium',
    'shared_cost',
    'other',
    'unknown',
  ),
  isDomestic: fc.boolean(),
  isSharedTollFree: fc.boolean(),
  premiumPrefix: fc.constantFrom(0, 1900, 1787555),
  tollFreeNumber: fc.constantFrom(0, 18005550100),
  isSameAreaCode: fc.boolean(),
  isFromInside: fc.boolean(),
});

it(`remembers of every combination what the first rule that applies says (${CASES} cases, seed ${seed})`, () => {
  expect(Object.keys(noFacts()).sort()).toEqual(Object.keys(fc.sample(facts, 1)[0]!).sort());
  fc.assert(
    fc.property(facts, (each) => {
      const first = CLASSIFICATION_RULES.find((rule) => rule.applies(each)) ?? null;
      expect(classifyCall(each)).toBe(first);
    }),
    { numRuns: CASES, seed },
  );
});
