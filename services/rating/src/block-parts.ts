import { assembleNativeBlock } from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';

export interface BlockParts {
  readonly rows: number;
  /** One Native block as views, valid until the next block is rated: copy them into the message. Empty when no row is left. */
  readonly native: readonly Uint8Array[];
}

/** The named columns of the rows as byte ranges of the input, then the columns that rating adds. */
export function withColumns(
  names: readonly string[],
  block: NativeBlock,
  rows: Uint32Array,
  added: { readonly columnCount: number; columnParts(): Uint8Array[] },
): BlockParts {
  if (rows.length === 0) return { rows: 0, native: [] };
  const passedThrough = names.flatMap((name) => block.filterColumn(name, rows));
  return {
    rows: rows.length,
    native: assembleNativeBlock({
      columnCount: names.length + added.columnCount,
      rowCount: rows.length,
      columnParts: [...passedThrough, ...added.columnParts()],
    }),
  };
}
