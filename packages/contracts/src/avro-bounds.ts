/**
 * Whether a value can be decoded in time that goes with its bytes. avsc counts through the entries of an array or a map by the number that
 * stands before them, and what takes no bytes (null, a record without fields) it reads as often as is claimed: 2^40 times, if that stands there.
 */
import type { Type } from 'avsc';

/** Entries that a value may have beyond one for each byte of it: of those that take none. */
const ENTRIES_FREE = 1_024;
/** Longest encoding of a long. */
const LONG_BYTES_MAX = 10;

/** What the check needs of avsc's types, of which its declarations know less. */
interface InnerType {
  readonly typeName: string;
  readonly underlyingType?: InnerType;
  readonly fields?: readonly { readonly type: InnerType }[];
  readonly itemsType?: InnerType;
  readonly valuesType?: InnerType;
  readonly types?: readonly InnerType[];
  readonly size?: number;
}

interface Walk {
  readonly bytes: Buffer;
  readonly start: number;
  at: number;
  entries: number;
}

/** Goes past a value. @throws what refuses it */
type Step = (walk: Walk) => void;

class Unbounded extends Error {}

/**
 * @param writer schema of the values
 * @returns a check of the value that begins at an offset; null where no value of the schema can claim more than its bytes hold
 */
export function boundsCheck(writer: Type): ((bytes: Buffer, start: number) => boolean) | null {
  const steps = new Map<InnerType, Step>();
  const step = stepOf(writer, steps);
  const isCounted = [...steps.keys()].some(({ typeName }) => typeName === 'array' || typeName === 'map');
  if (!isCounted) return null;
  return (bytes, start) => {
    const walk = { bytes, start, at: start, entries: 0 };
    try {
      step(walk);
      return walk.at <= bytes.length;
    } catch (error) {
      // Values that nest too deeply for this are none that avsc could read.
      if (error instanceof Unbounded || error instanceof RangeError) return false;
      throw error;
    }
  };
}

function stepOf(type: InnerType, steps: Map<InnerType, Step>): Step {
  const known = steps.get(type);
  if (known !== undefined) return known;
  // A type that holds itself finds this one, which is asked only once all are made.
  let made: Step = () => undefined;
  steps.set(type, (walk) => made(walk));
  made = makeStep(type, (inner) => stepOf(inner, steps));
  return made;
}

function makeStep(type: InnerType, inner: (type: InnerType) => Step): Step {
  const { typeName } = type;
  if (type.underlyingType !== undefined) return inner(type.underlyingType);
  switch (typeName) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return (walk) => skip(walk, 1);
    case 'int':
    case 'long':
    case 'enum':
      return (walk) => void readLong(walk);
    case 'float':
      return (walk) => skip(walk, 4);
    case 'double':
      return (walk) => skip(walk, 8);
    case 'fixed':
      return (walk) => skip(walk, type.size!);
    case 'bytes':
    case 'string':
      return (walk) => skip(walk, readLong(walk));
    case 'record':
    case 'error': {
      const fields = type.fields!.map((field) => inner(field.type));
      return (walk) => {
        for (const field of fields) field(walk);
      };
    }
    case 'union:wrapped':
    case 'union:unwrapped': {
      const branches = type.types!.map(inner);
      return (walk) => {
        const branch = branches[readLong(walk)];
        if (branch === undefined) throw new Unbounded();
        branch(walk);
      };
    }
    case 'array':
      return blocksOf(inner(type.itemsType!));
    case 'map': {
      const value = inner(type.valuesType!);
      return blocksOf((walk) => {
        skip(walk, readLong(walk));
        value(walk);
      });
    }
    default:
      throw new Error(`Avro: a type that is not known: ${typeName}`);
  }
}

function blocksOf(entry: Step): Step {
  return (walk) => {
    for (;;) {
      const count = readLong(walk);
      if (count === 0) return;
      // Before the entries of a negative count stands how many bytes they take: a reader that skips them goes by that.
      const size = count < 0 ? readLong(walk) : null;
      const begin = walk.at;
      for (let left = Math.abs(count); left > 0; left--) {
        walk.entries += 1;
        if (walk.entries > walk.at - walk.start + ENTRIES_FREE) throw new Unbounded();
        entry(walk);
      }
      if (size !== null && size !== walk.at - begin) throw new Unbounded();
    }
  };
}

function skip(walk: Walk, length: number): void {
  if (!(length >= 0) || walk.at + length > walk.bytes.length) throw new Unbounded();
  walk.at += length;
}

/** A zig-zag varint; beyond 2^53 not exact, and then of no use as a count or a length. */
function readLong(walk: Walk): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < LONG_BYTES_MAX; count++) {
    const byte = walk.bytes[walk.at++];
    if (byte === undefined) throw new Unbounded();
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    scale *= 128;
  }
  throw new Unbounded();
}
