import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nativeChecksum, stockChecksum } from './native-checksum.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

test('the native checksum is the stock one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      expect(nativeChecksum(buffer)).toBe(stockChecksum(buffer));
    }),
  );
});

test('kafkajs uses it', () => {
  const require = createRequire(import.meta.url);
  expect(require('kafkajs/src/protocol/recordBatch/crc32C/index.js')).toBe(nativeChecksum);
});
