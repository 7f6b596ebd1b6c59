import fc from 'fast-check';
import { knownCountries } from '../index.ts';
import type { DialPlan } from '../index.ts';

/** Plans of countries with rules of their own, of all others, and of one that nobody knows. */
export const dialPlan: fc.Arbitrary<DialPlan> = fc.record({
  country: fc.oneof(
    fc.constantFrom('US', 'CA', 'NANP', 'BR', 'GB', 'DE', 'MX', 'XX'),
    fc.constantFrom(...knownCountries()),
  ),
  areaCode: fc.constantFrom('', '212', '11', '30'),
});
