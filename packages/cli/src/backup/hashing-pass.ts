import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Passes bytes on as they are, and knows their SHA-256 when they have passed. */
export function hashingPass(onBytes: (bytes: number) => void): { stream: Transform; digest(): string } {
  const hash = createHash('sha256');
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  return { stream, digest: () => hash.digest('hex') };
}
