/**
 * Lines of a file where they stand, part by part, without an object for each: `readLines` is the plain way, takes over for what is unusual (an
 * empty line, one that is too long, carriage returns, a byte order mark, the last line), and is the oracle that this is tested against.
 */
import { BYTE_ORDER_MARK, CARRIAGE_RETURN, LineSplitter, NEWLINE } from './lines.ts';
import type { LineOptions, RawLine } from './lines.ts';
import { LocatedEvents, releaseMemory } from './located-events.ts';

/** Whole lines of a part of the file; good until the next part is asked for. */
export interface LocatedLines {
  readonly events: LocatedEvents;
  /** Uncompressed offset at which the first one begins. */
  readonly startBytes: number;
}

const NO_PREFIX = Buffer.alloc(0);

/** Splits bytes into lines; memory is bounded by a part of the input and one longest line. Empty lines are passed over. */
export async function* readLocatedLines(
  input: {
    readonly bytes: AsyncIterable<Buffer>;
    /** Nobody else has the memory of these bytes: it is given back when they are read. */
    readonly areOurs: boolean;
  },
  { fromBytes, fromLine, lineBytesMax }: Omit<LineOptions, 'quotedLines'>,
): AsyncGenerator<LocatedLines | readonly RawLine[]> {
  const located = new LineLocator(lineBytesMax);
  let offset = fromBytes;
  let line = fromLine;
  /** What is behind the last line end, and the part that was read last behind it. */
  let work = Buffer.alloc(0);
  let kept = 0;
  /** Of a line that does not end where it should: from there on all goes the plain way. */
  let plain: LineSplitter | null = null;
  const splitter = (): LineSplitter =>
    new LineSplitter({ fromBytes: offset, fromLine: line, lineBytesMax, quotedLines: false });

  for await (const part of input.bytes) {
    if (plain !== null) {
      yield plain.push(part, false);
      continue;
    }
    if (work.length < kept + part.length) {
      const grown = Buffer.allocUnsafeSlow((kept + part.length) * 2);
      work.copy(grown, 0, 0, kept);
      work = grown;
    }
    part.copy(work, kept);
    const filled = kept + part.length;
    if (input.areOurs) releaseMemory(part);
    if (filled === 0) continue;
    const end = work.lastIndexOf(NEWLINE, filled - 1) + 1;
    if (end > 0) {
      const bounds = offset === 0 && startsWithMark(work) ? null : located.bounds(work, end);
      if (bounds === null) {
        // Its lines wait while more is read.
        const lines = splitter();
        yield lines.push(Buffer.from(work.subarray(0, end)), false);
        line = lines.line;
      } else {
        const events = new LocatedEvents({ prefix: NO_PREFIX, bytes: work, bounds, gap: 1, line });
        yield { events, startBytes: offset };
        line += events.count;
      }
      offset += end;
      work.copyWithin(0, end, filled);
    }
    kept = filled - end;
    if (kept > lineBytesMax) {
      plain = splitter();
      yield plain.push(Buffer.from(work.subarray(0, kept)), false);
    }
  }
  yield plain === null
    ? splitter().push(Buffer.from(work.subarray(0, kept)), true)
    : plain.push(Buffer.alloc(0), true);
}

function startsWithMark(bytes: Buffer): boolean {
  return bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
}

class LineLocator {
  readonly #lineBytesMax: number;
  #bounds = new Int32Array(1024);

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** Where the lines of `bytes[0, end)` begin, and where the last one ends, behind its line end; null when one of them is for the plain way. */
  bounds(bytes: Buffer, end: number): Int32Array | null {
    let count = 0;
    for (let at = 0; at < end;) {
      const newline = bytes.indexOf(NEWLINE, at);
      const length = newline - at;
      if (length === 0 || length > this.#lineBytesMax || bytes[newline - 1] === CARRIAGE_RETURN) return null;
      at = newline + 1;
      count += 1;
      if (count === this.#bounds.length) {
        const grown = new Int32Array(count * 2);
        grown.set(this.#bounds);
        this.#bounds = grown;
      }
      this.#bounds[count] = at;
    }
    return this.#bounds.subarray(0, count + 1);
  }
}
