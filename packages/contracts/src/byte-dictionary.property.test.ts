import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteDictionary } from './byte-dictionary.ts';

const SEED = 20200131;

it(`numbers keys in order of first use, as a map does, over growth and reset (seed ${SEED})`, () => {
  const key = fc.oneof(fc.string({ maxLength: 3 }), fc.string({ minLength: 100, maxLength: 300 }));
  const use = fc.oneof({ weight: 50, arbitrary: key }, { weight: 1, arbitrary: fc.constant(null) });
  fc.assert(
    fc.property(fc.array(use, { minLength: 1, maxLength: 600, size: 'max' }), (uses) => {
      const dictionary = new ByteDictionary();
      const model = new Map<string, number>();
      for (const text of uses) {
        if (text === null) {
          dictionary.reset();
          model.clear();
          continue;
        }
        const bytes = Buffer.from(`<${text}>`);
        const [start, end] = [1, bytes.length - 1];
        const isNew = !model.has(text);
        if (isNew) model.set(text, model.size);
        // A key that is known to be new may be appended: it is found by look-ups all the same.
        const isAppended = isNew && text.length % 2 === 1;
        const index = isAppended
          ? dictionary.append(bytes, start, end)
          : dictionary.indexOf(bytes, start, end);
        expect(index).toBe(model.get(text));
        expect(dictionary.count).toBe(model.size);
        if (isAppended) continue;
        const { lastStart, lastEnd } = dictionary;
        expect(Buffer.from(dictionary.bytes.subarray(lastStart, lastEnd)).toString()).toBe(text);
      }
      expect(keysOf(dictionary.encoded)).toEqual([...model.keys()]);
    }),
    { seed: SEED, numRuns: 200 },
  );
});

/** Keys with a varint of their length before each, as a Native dictionary has them. */
function keysOf(encoded: Uint8Array): string[] {
  const keys: string[] = [];
  let at = 0;
  while (at < encoded.length) {
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = encoded[at++]!;
      length |= (byte & 0x7f) << shift;
    }
    keys.push(Buffer.from(encoded.subarray(at, at + length)).toString());
    at += length;
  }
  return keys;
}
