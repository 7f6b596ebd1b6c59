import { ContractError } from './errors.ts';

/**
 * How a ClickHouse column type lies in a Native block.
 *
 *   fixed             rows × `width` bytes, little endian
 *   string            rows × (varint length, bytes)
 *   low_cardinality   see native-reader.ts
 */
export type NativeLayout =
  | { readonly kind: 'fixed'; readonly width: number; readonly signed: boolean }
  | { readonly kind: 'string' }
  | { readonly kind: 'low_cardinality' };

const WIDTHS: Readonly<Record<string, readonly [width: number, signed: boolean]>> = {
  UInt8: [1, false],
  Int8: [1, true],
  Bool: [1, false],
  UInt16: [2, false],
  Int16: [2, true],
  Date: [2, false],
  UInt32: [4, false],
  Int32: [4, true],
  DateTime: [4, false],
  Float32: [4, true],
  UInt64: [8, false],
  Int64: [8, true],
  Float64: [8, true],
  UUID: [16, false],
};

const layouts = new Map<string, NativeLayout>();

/** @throws ContractError TOLL_NATIVE_TYPE for a type this package does not read */
export function layoutOf(type: string): NativeLayout {
  let layout = layouts.get(type);
  if (layout === undefined) {
    layout = parseLayout(type);
    // Type texts come from a closed set of schemas; the bound only guards against hostile blocks.
    if (layouts.size < 1000) layouts.set(type, layout);
  }
  return layout;
}

function parseLayout(type: string): NativeLayout {
  if (type === 'String') return { kind: 'string' };
  if (type === 'LowCardinality(String)') return { kind: 'low_cardinality' };
  const plain = WIDTHS[type];
  if (plain !== undefined) return { kind: 'fixed', width: plain[0], signed: plain[1] };
  if (type.startsWith('DateTime64(')) return { kind: 'fixed', width: 8, signed: true };
  if (type.startsWith('DateTime(')) return { kind: 'fixed', width: 4, signed: false };
  // Members number from 1 and stay below 128, so the signed byte reads the same as an unsigned one.
  if (type.startsWith('Enum8(')) return { kind: 'fixed', width: 1, signed: false };
  if (type.startsWith('Enum16(')) return { kind: 'fixed', width: 2, signed: false };
  const fixed = /^FixedString\((\d+)\)$/.exec(type);
  if (fixed !== null) return { kind: 'fixed', width: Number(fixed[1]), signed: false };
  const decimal = /^Decimal\((\d+), ?\d+\)$/.exec(type);
  if (decimal !== null) {
    const precision = Number(decimal[1]);
    const width = precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32;
    return { kind: 'fixed', width, signed: true };
  }
  throw new ContractError('TOLL_NATIVE_TYPE', `Column type ${type} is not supported in Native blocks.`);
}
