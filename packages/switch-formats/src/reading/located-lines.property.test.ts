import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLines } from './lines.ts';
import type { RawLine } from './lines.ts';
import { readLocatedLines } from './located-lines.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

const LINE_BYTES_MAX = 12;
const byteOrderMark = '\u00ef\u00bb\u00bf';
/** Usual lines mostly, and all that the plain way takes over for. */
const text = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.stringMatching(/^[a-z]{1,12}$/).map((line) => `${line}\n`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('\n', '\r\n', '\r', 'ab\r\n', byteOrderMark, 'é', 'x'.repeat(13)),
      },
      { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{10,60}$/) },
    ),
    { maxLength: 60 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
const cuts = fc.array(fc.nat(700), { maxLength: 12 });

async function* partsOf(bytes: Buffer, at: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const to of [...at].sort((a, b) => a - b).filter((cut) => cut < bytes.length)) {
    yield Buffer.from(bytes.subarray(from, to));
    from = to;
  }
  yield Buffer.from(bytes.subarray(from));
}

async function plainly(bytes: Buffer, at: readonly number[]): Promise<RawLine[]> {
  const options = { fromBytes: 0, fromLine: 1, lineBytesMax: LINE_BYTES_MAX, quotedLines: false };
  const lines: RawLine[] = [];
  for await (const some of readLines(partsOf(bytes, at), options)) lines.push(...some);
  return lines;
}

async function located(bytes: Buffer, at: readonly number[]): Promise<{ lines: RawLine[]; located: number }> {
  const input = { bytes: partsOf(bytes, at), areOurs: true };
  const options = { fromBytes: 0, fromLine: 1, lineBytesMax: LINE_BYTES_MAX };
  const lines: RawLine[] = [];
  let count = 0;
  for await (const some of readLocatedLines(input, options)) {
    if (!('events' in some)) {
      lines.push(...some);
      continue;
    }
    const { events, startBytes } = some;
    count += events.count;
    for (const [i, { value, line }] of events.records().entries()) {
      expect(events.size(i)).toBe(value.length);
      lines.push({ value, line, endBytes: startBytes + events.bounds[i + 1]!, endLine: line + 1 });
    }
  }
  return { lines, located: count };
}

test('lines are located where the plain way has them', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(text, cuts, async (bytes, at) => {
      const found = await located(bytes, at);
      expect(found.lines).toEqual(await plainly(bytes, at));
      seen += found.located;
    }),
    { numRuns: 500 },
  );
  // Otherwise the plain way was compared with itself.
  expect(seen).toBeGreaterThan(1_000);
});
