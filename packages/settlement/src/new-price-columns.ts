import { NativeBlockWriter, PRICE_COLUMNS } from '@tollstream/contracts';
import type { BuildersOf } from '@tollstream/contracts';

/** A row of adjustments holds the price as it was under the names of `usage`, and the new one under these. */
export const NEW_PREFIX = 'new_';

export const NEW_PRICE_COLUMNS = PRICE_COLUMNS.map(([name, type]) => [`${NEW_PREFIX}${name}`, type] as const);

/** Writes price columns under their new names. */
export class NewPriceWriter {
  readonly writer = new NativeBlockWriter(NEW_PRICE_COLUMNS);
  /** By the names that the engine knows. */
  readonly columns = Object.fromEntries(
    Object.entries(this.writer.columns).map(([name, builder]) => [name.slice(NEW_PREFIX.length), builder]),
  ) as unknown as BuildersOf<typeof PRICE_COLUMNS>;
}
