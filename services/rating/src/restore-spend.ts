/** The counters of spend limits of a partition, folded again from its own output. */
import { accountFor } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { CALL_TYPES } from '@tollstream/contracts';
import type { BlockHeader, NativeBlock } from '@tollstream/contracts';
import { countedLimitsOf } from './spend-limits.ts';
import type { CountedLimit } from './spend-limits.ts';
import type { SpendTable } from './spend-table.ts';

/** A block of rated calls: what began to count with it, then what counted. The same changes that rating the calls made. */
export function foldSpend(
  table: SpendTable,
  { firstOffset, limitStarts = [] }: BlockHeader,
  block: NativeBlock,
  catalog: Catalog,
): void {
  for (const { account, limit, form } of limitStarts) {
    if (form === '') table.end(account, limit);
    else table.begin(account, limit, form, firstOffset);
  }
  if (table.isEmpty) return;
  const accounts = block.column('account_id').lowCardinality();
  const counting = accounts.dictionary.map((id) => countingOf(table, id, catalog));
  if (counting.every((each) => each === null)) return;
  const charges = block.column('charge').integers();
  const startedAt = block.column('started_at').integers();
  const callTypes = block.column('call_type').uint8s();
  const countries = block.column('country').lowCardinality();
  const numbers = block.column('destination_number').integers();
  for (let row = 0; row < block.rows; row++) {
    const limits = counting[accounts.indexes[row]!]!;
    const charge = charges[row]!;
    if (limits === null || charge === 0) continue;
    const destination = {
      callType: CALL_TYPES[callTypes[row]! - 1]!,
      country: countries.dictionary[countries.indexes[row]!]!,
      number: numbers[row]!,
    };
    for (const { limit, counter } of limits) {
      if (limit.counts(destination))
        table.count(counter, startedAt[row]!, charge, limit.periods, limit.lateMsMax);
    }
  }
}

interface Counting {
  readonly limit: CountedLimit;
  readonly counter: number;
}

/** The limits of an account whose counters are of the form that the catalog says; null = none. */
function countingOf(table: SpendTable, id: string, catalog: Catalog): Counting[] | null {
  if (table.countersOf(id).length === 0) return null;
  const account = accountFor(catalog, id);
  if (account === null) return null;
  const counting: Counting[] = [];
  for (const limit of countedLimitsOf(account)) {
    const counter = table.find(id, limit.limit.id);
    if (counter >= 0 && table.formOf(counter) === limit.form) counting.push({ limit, counter });
  }
  return counting.length === 0 ? null : counting;
}

/** A block of alerts: what was told is not told again. */
export function foldAlerts(table: SpendTable, block: NativeBlock): void {
  const accounts = block.column('account_id').lowCardinality();
  const limits = block.column('limit_id').lowCardinality();
  const windowStarts = block.column('window_start').integers();
  const percents = block.column('threshold_percent').uint32s();
  const amounts = block.column('limit_amount').integers();
  const countedFrom = block.column('counted_from').integers();
  for (let row = 0; row < block.rows; row++) {
    const account = accounts.dictionary[accounts.indexes[row]!]!;
    const counter = table.find(account, limits.dictionary[limits.indexes[row]!]!);
    if (counter < 0 || table.sinceOf(counter) !== countedFrom[row]) continue;
    const window = table.windowFrom(counter, windowStarts[row]!);
    if (window >= 0) table.alert(window, `${percents[row]} ${amounts[row]}`);
  }
}

/** Marks what could not be summed, since the catalog no longer has the limit in the form that counts, or not yet. */
export function markUnknown(table: SpendTable, catalog: Catalog): void {
  for (const id of table.accounts()) {
    const account = accountFor(catalog, id);
    const limits = account === null ? [] : countedLimitsOf(account);
    for (const counter of table.countersOf(id)) {
      const held = { id: table.limitOf(counter), form: table.formOf(counter) };
      table.setWhole(
        counter,
        limits.some(({ limit, form }) => limit.id === held.id && form === held.form),
      );
    }
  }
}
