import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32Of } from './crc32.ts';

test('says what zlib says, of every length and at every place', () => {
  const bytes = randomBytes(300);
  for (let start = 0; start < 9; start++) {
    for (let end = start; end <= bytes.length; end++)
      expect(crc32Of(bytes, start, end)).toBe(crc32(bytes.subarray(start, end)));
  }
});
