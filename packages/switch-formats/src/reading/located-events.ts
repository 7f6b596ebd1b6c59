import type { RawRecord } from './read-calls.ts';

/**
 * Events of a block of a container, or of a part of a file of lines, where they stand, one after the other: whoever reads millions of them makes no
 * object for any. An event is `prefix` and the bytes of its body.
 */
export class LocatedEvents {
  readonly prefix: Buffer;
  readonly bytes: Buffer;
  /** Where each body begins, and behind them where the next one would. */
  readonly bounds: Int32Array;
  /** Bytes between the end of a body and the next bound: that of a line. */
  readonly gap: number;
  /** Number of the first event in its file, from 1. */
  readonly line: number;

  constructor(
    place: Pick<LocatedEvents, 'prefix' | 'bytes' | 'bounds' | 'line'> & { readonly gap?: number },
  ) {
    this.prefix = place.prefix;
    this.bytes = place.bytes;
    this.bounds = place.bounds;
    this.gap = place.gap ?? 0;
    this.line = place.line;
  }

  get count(): number {
    return this.bounds.length - 1;
  }

  slice(from: number, to: number): LocatedEvents {
    if (from === 0 && to === this.count) return this;
    const { prefix, bytes, bounds, gap, line } = this;
    return new LocatedEvents({
      prefix,
      bytes,
      bounds: bounds.subarray(from, to + 1),
      gap,
      line: line + from,
    });
  }

  /** The same in memory of its own. */
  copy(): LocatedEvents {
    const { prefix, bounds, gap, line, count } = this;
    const start = bounds[0]!;
    const bytes = Buffer.allocUnsafeSlow(bounds[count]! - start);
    this.bytes.copy(bytes, 0, start, start + bytes.length);
    return new LocatedEvents({ prefix, bytes, bounds: bounds.map((bound) => bound - start), gap, line });
  }

  /** Gives the memory back: of a copy nothing is there any more. */
  release(): void {
    releaseMemory(this.bytes);
  }

  /** Bytes of an event. */
  size(index: number): number {
    return this.prefix.length + this.bounds[index + 1]! - this.gap - this.bounds[index]!;
  }

  /** All events as objects. */
  records(): RawRecord[] {
    const { prefix, bytes, bounds, gap, line } = this;
    return Array.from({ length: this.count }, (_, i) => ({
      value: Buffer.concat([prefix, bytes.subarray(bounds[i], bounds[i + 1]! - gap)]),
      line: line + i,
    }));
  }
}

/** Gives the memory of a buffer back at once, where it would wait for V8 to collect garbage; a part of something larger is left alone. */
export function releaseMemory({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength && !buffer.detached)
    buffer.transfer(0);
}
