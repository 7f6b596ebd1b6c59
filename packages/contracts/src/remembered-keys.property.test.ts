/** Keys pushed by their number make the column that the same texts make, also beside texts and over resets. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LowCardinalityBuilder, RememberedKeys } from './native-writer.ts';

const SEED = 20200131;
const TEXTS = Array.from({ length: 40 }, (_, i) => `account-${i % 7}${'0'.repeat(i % 3)}${i}`);

it(`writes remembered keys and texts alike (seed ${SEED})`, () => {
  const use = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({ text: fc.constantFrom(...TEXTS), way: fc.constant('key' as const) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ text: fc.constantFrom(...TEXTS), way: fc.constant('text' as const) }),
    },
    { weight: 1, arbitrary: fc.constant({ text: '', way: 'reset' as const }) },
    { weight: 1, arbitrary: fc.constant({ text: '', way: 'other keys' as const }) },
  );
  fc.assert(
    fc.property(fc.array(use, { maxLength: 300, size: 'max' }), (uses) => {
      const builder = new LowCardinalityBuilder();
      const plain = new LowCardinalityBuilder();
      let keys = new RememberedKeys();
      for (const { text, way } of uses) {
        if (way === 'reset') {
          builder.reset();
          plain.reset();
        } else if (way === 'other keys') {
          keys = new RememberedKeys();
        } else {
          const bytes = Buffer.from(text);
          if (way === 'text') builder.push(text);
          else builder.pushRemembered(keys, keys.numberOf(bytes, 0, bytes.length));
          plain.push(text);
        }
      }
      expect(Buffer.concat(builder.data())).toEqual(Buffer.concat(plain.data()));
    }),
    { seed: SEED, numRuns: 300 },
  );
});
