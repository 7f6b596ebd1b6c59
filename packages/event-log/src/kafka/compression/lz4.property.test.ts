import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decompressLz4 } from './lz4.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const BYTES_MAX = 1_000_000;

/** More of a length than its four bits in the token take. */
function lengthBytes(length: number): number[] {
  if (length < 15) return [];
  const rest = length - 15;
  return [...Array.from({ length: Math.floor(rest / 255) }, () => 255), rest % 255];
}

/** The obvious compressor: looks for the nearest copy of the next four bytes, from the beginning of all that was written. */
function block(all: Buffer, start: number, end: number): Buffer {
  const out: number[] = [];
  let literalsFrom = start;
  const literals = (to: number, match: number): void => {
    const length = to - literalsFrom;
    out.push(
      (Math.min(15, length) << 4) | Math.min(15, match),
      ...lengthBytes(length),
      ...all.subarray(literalsFrom, to),
    );
  };
  for (let at = start; at + 4 <= end;) {
    const from = at === 0 ? -1 : all.subarray(0, at + 3).lastIndexOf(all.subarray(at, at + 4), at - 1);
    if (from < 0 || at - from > 65_535) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < end && all[from + length] === all[at + length]) length += 1;
    literals(at, length - 4);
    out.push((at - from) & 0xff, (at - from) >> 8, ...lengthBytes(length - 4));
    at += length;
    literalsFrom = at;
  }
  literals(end, 0);
  return Buffer.from(out);
}

interface Frame {
  readonly pieces: readonly Buffer[];
  readonly hasSize: boolean;
  readonly hasBlockChecksums: boolean;
  readonly hasContentChecksum: boolean;
  /** Blocks as they are, in place of compressed ones. */
  readonly isStored: boolean;
}

function frameOf({ pieces, hasSize, hasBlockChecksums, hasContentChecksum, isStored }: Frame): Buffer {
  const flags =
    0x40 | (hasBlockChecksums ? 0x10 : 0) | (hasSize ? 0x08 : 0) | (hasContentChecksum ? 0x04 : 0);
  const all = Buffer.concat(pieces);
  const parts: Buffer[] = [
    Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40]),
    Buffer.alloc(hasSize ? 8 : 0),
    Buffer.alloc(1),
  ];
  let at = 0;
  for (const piece of pieces.filter(({ length }) => length > 0)) {
    const bytes = isStored ? piece : block(all, at, at + piece.length);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length + (isStored ? 0x80000000 : 0));
    parts.push(size, bytes, Buffer.alloc(hasBlockChecksums ? 4 : 0));
    at += piece.length;
  }
  parts.push(Buffer.alloc(4), Buffer.alloc(hasContentChecksum ? 4 : 0));
  return Buffer.concat(parts);
}

/** Repeats itself, near and far, and has stretches that do not. */
const piece: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc
        .constantFrom('{"call_id":"', '"from":"+12125550100"', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')
        .map((text): Buffer => Buffer.from(text)),
      fc.tuple(fc.nat(255), fc.nat(700)).map(([byte, length]) => Buffer.alloc(length, byte)),
      fc.uint8Array({ maxLength: 400 }).map((bytes): Buffer => Buffer.from(bytes)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));
const frame = fc.record({
  pieces: fc.array(piece, { maxLength: 3 }),
  hasSize: fc.boolean(),
  hasBlockChecksums: fc.boolean(),
  hasContentChecksum: fc.boolean(),
  isStored: fc.boolean(),
});

test('frames give what was compressed, also blocks that repeat what stands in blocks before them', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 2 }), (frames) => {
      const input = Buffer.concat(frames.map(frameOf));
      const output = decompressLz4(input, BYTES_MAX);
      expect(output.equals(Buffer.concat(frames.flatMap(({ pieces }) => pieces)))).toBe(true);
    }),
  );
});

test('what is cut off, damaged or too long is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.nat(), fc.nat(255), (whole, cut, place, byte) => {
      const input = frameOf(whole);
      const damaged = Buffer.from(input.subarray(0, input.length - (cut % input.length)));
      if (damaged.length > 0) damaged[place % damaged.length] = byte;
      try {
        expect(decompressLz4(damaged, 2_000).length).toBeLessThanOrEqual(2_000);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
  const zeros = frameOf({
    pieces: [Buffer.alloc(5_000)],
    hasSize: false,
    hasBlockChecksums: false,
    hasContentChecksum: false,
    isStored: false,
  });
  expect(() => decompressLz4(zeros, 4_999)).toThrow('more than 4999 bytes');
});
