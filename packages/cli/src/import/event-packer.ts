import { PackedOutputs } from '@tollstream/event-log';
import type { RecordHeaders } from '@tollstream/event-log';
import type { LocatedEvents } from '@tollstream/switch-formats';

const ZERO = 0x30;
/** Digits of the greatest number of a record, 2^53. */
const NUMBER_DIGITS_MAX = 16;

export interface PackTarget {
  readonly topic: string;
  readonly partition: number;
  /** What stands before the number in a record's key. */
  readonly name: string;
  readonly headers: RecordHeaders | undefined;
}

/** Puts events that stand in blocks of a container, or as lines, side by side with their keys, as a log takes them, without an object for each. */
export class EventPacker {
  #work = Buffer.alloc(0);

  /** @returns outputs that are good until it is called again */
  pack(pieces: readonly LocatedEvents[], { topic, partition, name, headers }: PackTarget): PackedOutputs {
    const keyStart = Buffer.from(`${name}:`);
    const keyBytesMax = keyStart.length + NUMBER_DIGITS_MAX;
    let count = 0;
    let bytesMax = 0;
    for (const { bounds, prefix, count: events } of pieces) {
      count += events;
      bytesMax += events * (keyBytesMax + prefix.length) + bounds[events]! - bounds[0]!;
    }
    if (bytesMax > this.#work.length) this.#work = Buffer.allocUnsafeSlow(bytesMax);
    const work = this.#work;
    const keyLengths = new Uint32Array(count);
    const valueLengths = new Uint32Array(count);
    let record = 0;
    let at = 0;
    for (const { prefix, bytes, bounds, gap, line, count: events } of pieces) {
      for (let i = 0; i < events; i += 1) {
        const from = at;
        at = copySmall(keyStart, 0, keyStart.length, work, at);
        at = writeNumber(work, at, line + i);
        keyLengths[record] = at - from;
        const valueStart = at;
        at = copySmall(prefix, 0, prefix.length, work, at);
        const [start, end] = [bounds[i]!, bounds[i + 1]! - gap];
        bytes.copy(work, at, start, end);
        at += end - start;
        valueLengths[record] = at - valueStart;
        record += 1;
      }
    }
    return new PackedOutputs({
      topic,
      partition,
      headers,
      bytes: work.subarray(0, at),
      keyLengths,
      valueLengths,
    });
  }
}

/** A loop: for some ten bytes a call into the runtime takes longer. @returns the place behind them */
function copySmall(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  for (let i = from; i < to; i += 1) target[at + i - from] = source[i]!;
  return at + to - from;
}

/** Decimal digits. @returns the place behind them */
function writeNumber(target: Buffer, at: number, number: number): number {
  let digits = 1;
  for (let power = 10; power <= number; power *= 10) digits += 1;
  let left = number;
  for (let i = at + digits - 1; i >= at; i -= 1) {
    const rest = Math.floor(left / 10);
    target[i] = ZERO + left - rest * 10;
    left = rest;
  }
  return at + digits;
}
