import { PRICE_COLUMNS } from '@tollstream/contracts';
import type { NativeBlock, NativeColumn } from '@tollstream/contracts';
import { NEW_PREFIX } from './new-price-columns.ts';

/** All that is stored of a price but the number of its version. */
const COMPARED = PRICE_COLUMNS.map(([name]) => name).filter((name) => name !== 'revision');

/**
 * Marks the rows whose price is another one: column by column, over the bytes. Where nothing differs, which is the rule, a column costs
 * one comparison of memory.
 * @param changed 1 for each such row; other rows are left as they are
 */
export function changedRows(before: NativeBlock, after: NativeBlock, changed: Uint8Array): void {
  for (const name of COMPARED) {
    const [old, now] = [before.column(name), after.column(`${NEW_PREFIX}${name}`)];
    switch (old.layout.kind) {
      case 'fixed':
        compareFixed(old.data(), now.data(), old.layout.width, changed);
        break;
      case 'string':
        compareStrings(old, now, changed);
        break;
      case 'low_cardinality':
        compareDictionaries(old, now, changed);
        break;
    }
  }
}

function compareFixed(old: Buffer, now: Buffer, width: number, changed: Uint8Array): void {
  if (old.equals(now)) return;
  for (let at = 0; at < old.length; at++) {
    if (old[at] !== now[at]) changed[Math.floor(at / width)] = 1;
  }
}

function compareStrings(old: NativeColumn, now: NativeColumn, changed: Uint8Array): void {
  if (old.data().equals(now.data())) return;
  for (let row = 0; row < old.rows; row++) {
    if (!old.bytes(row).equals(now.bytes(row))) changed[row] = 1;
  }
}

/** The dictionaries lie in different orders: indexes are translated. */
function compareDictionaries(old: NativeColumn, now: NativeColumn, changed: Uint8Array): void {
  if (old.rows === 0) return;
  const [before, after] = [old.lowCardinality(), now.lowCardinality()];
  const indexOf = new Map(after.dictionary.map((value, index) => [value, index]));
  const translated = Int32Array.from(before.dictionary, (value) => indexOf.get(value) ?? -1);
  for (let row = 0; row < old.rows; row++) {
    if (translated[before.indexes[row]!] !== after.indexes[row]) changed[row] = 1;
  }
}
