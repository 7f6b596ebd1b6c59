/** The counters of spend limits of a partition, folded again from its own output. */
import { accountFor } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { CALL_TYPES } from '@tollstream/contracts';
import type { BlockHeader, NativeBlock } from '@tollstream/contracts';
import { LimitCounters } from './limit-counters.ts';
import { count, countedLimitsOf, emptyCounter, windowFrom } from './spend-limits.ts';
import type { CountedLimit, Counter, SpendCounters } from './spend-limits.ts';

/** A block of rated calls: what began to count with it, then what counted. The same changes that rating the calls made. */
export function foldSpend(
  state: SpendCounters,
  { firstOffset, limitStarts = [] }: BlockHeader,
  block: NativeBlock,
  catalog: Catalog,
): void {
  for (const { account, limit, form } of limitStarts) {
    const counters = state.get(account) ?? new LimitCounters();
    state.set(account, counters);
    if (form === '') counters.delete(limit);
    else counters.set(limit, emptyCounter(form, firstOffset));
  }
  if (state.size === 0) return;
  const accounts = block.column('account_id').lowCardinality();
  const counting = accounts.dictionary.map((id) => countingOf(state.get(id), id, catalog));
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
      if (limit.counts(destination)) count(counter, limit, startedAt[row]!, charge);
    }
  }
}

interface Counting {
  readonly limit: CountedLimit;
  readonly counter: Counter;
}

/** The limits of an account whose counters are of the form that the catalog says; null = none. */
function countingOf(counters: LimitCounters | undefined, id: string, catalog: Catalog): Counting[] | null {
  if (counters === undefined || counters.size === 0) return null;
  const account = accountFor(catalog, id);
  if (account === null) return null;
  const counting: Counting[] = [];
  for (const limit of countedLimitsOf(account)) {
    const counter = counters.get(limit.limit.id);
    if (counter?.form === limit.form) counting.push({ limit, counter });
  }
  return counting.length === 0 ? null : counting;
}

/** A block of alerts: what was told is not told again. */
export function foldAlerts(state: SpendCounters, block: NativeBlock): void {
  const accounts = block.column('account_id').lowCardinality();
  const limits = block.column('limit_id').lowCardinality();
  const windowStarts = block.column('window_start').integers();
  const percents = block.column('threshold_percent').uint32s();
  const amounts = block.column('limit_amount').integers();
  const countedFrom = block.column('counted_from').integers();
  for (let row = 0; row < block.rows; row++) {
    const counters = state.get(accounts.dictionary[accounts.indexes[row]!]!);
    const counter = counters?.get(limits.dictionary[limits.indexes[row]!]!);
    if (counter === undefined || counter.since !== countedFrom[row]) continue;
    const window = windowFrom(counter, windowStarts[row]!);
    const key = `${percents[row]} ${amounts[row]}`;
    if (window?.alerted.includes(key) === false) window.alerted = [...window.alerted, key];
  }
}

/** Marks what could not be summed, since the catalog no longer has the limit in the form that counts, or not yet. */
export function markUnknown(state: SpendCounters, catalog: Catalog): void {
  for (const [id, counters] of state) {
    const account = accountFor(catalog, id);
    const limits = account === null ? [] : countedLimitsOf(account);
    for (const [limitId, counter] of counters) {
      counter.isWhole = limits.some(({ limit, form }) => limit.id === limitId && form === counter.form);
    }
  }
}
