import { CALL_TYPES } from '@tollstream/contracts';
import type { CallType, NativeBlock } from '@tollstream/contracts';
import { NEW_PREFIX } from './new-price-columns.ts';
import type { ReplayedBlock } from './month-replay.ts';

/** What the calls of an account to a destination cost before and after, of those whose price differs. Scaled as charges. */
export interface PriceDifference {
  readonly accountId: string;
  readonly callType: CallType;
  /** ISO 3166 alpha-2, '' = none. */
  readonly country: string;
  /** Digits of the matched prefix; 0 = none. */
  readonly prefix: number;
  readonly currency: string;
  calls: number;
  before: bigint;
  after: bigint;
}

/** Over all calls. */
export interface ReportTotals {
  readonly calls: number;
  /** Calls whose rows differ in anything. */
  readonly changed: number;
  /** Currency → scaled sums over all calls. */
  readonly before: ReadonlyMap<string, bigint>;
  readonly after: ReadonlyMap<string, bigint>;
}

/** Differences of price by account, call type and destination; memory grows with the groups that differ, not with the calls. */
export class DifferenceReport {
  readonly #groups = new Map<string, PriceDifference>();
  readonly #before = new Map<string, bigint>();
  readonly #after = new Map<string, bigint>();
  #calls = 0;
  #changed = 0;

  add(block: NativeBlock, { priced, prices, changed }: ReplayedBlock): void {
    this.#calls += block.rows;
    this.#changed += changed.length;
    sumInto(this.#before, block, 'charge', 'currency');
    sumInto(this.#after, prices, `${NEW_PREFIX}charge`, `${NEW_PREFIX}currency`);
    for (const row of changed) this.#addRow(block, priced[row]!, prices, row);
  }

  get totals(): ReportTotals {
    return { calls: this.#calls, changed: this.#changed, before: this.#before, after: this.#after };
  }

  /** Largest difference first. */
  differences(): PriceDifference[] {
    const size = ({ before, after }: PriceDifference): bigint =>
      after < before ? before - after : after - before;
    return [...this.#groups.values()]
      .filter(({ before, after }) => before !== after)
      .toSorted((a, b) => Number(size(b) - size(a)) || (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  #addRow(block: NativeBlock, row: number, prices: NativeBlock, priceRow: number): void {
    const before = block.column('charge').integer(row);
    const after = prices.column(`${NEW_PREFIX}charge`).integer(priceRow);
    if (before === after) return;
    const group = this.#groupOf({
      accountId: block.column('account_id').string(row),
      callType: CALL_TYPES[prices.column(`${NEW_PREFIX}call_type`).number(priceRow) - 1]!,
      country: prices.column(`${NEW_PREFIX}country`).string(priceRow),
      prefix: prices.column(`${NEW_PREFIX}prefix`).integer(priceRow),
      currency: prices.column(`${NEW_PREFIX}currency`).string(priceRow),
    });
    group.calls += 1;
    group.before += BigInt(before);
    group.after += BigInt(after);
  }

  #groupOf(group: Omit<PriceDifference, 'calls' | 'before' | 'after'>): PriceDifference {
    const key = keyOf(group);
    let found = this.#groups.get(key);
    if (found === undefined) {
      found = { ...group, calls: 0, before: 0n, after: 0n };
      this.#groups.set(key, found);
    }
    return found;
  }
}

function keyOf(group: Omit<PriceDifference, 'calls' | 'before' | 'after'>): string {
  return [group.accountId, group.callType, group.country, group.prefix, group.currency].join('\0');
}

/** Exact: numbers while they stay below 2^53. */
function sumInto(sums: Map<string, bigint>, block: NativeBlock, charge: string, currency: string): void {
  if (block.rows === 0) return;
  const charges = block.column(charge).integers();
  const { dictionary, indexes } = block.column(currency).lowCardinality();
  const pending = new Float64Array(dictionary.length);
  const settle = (index: number): void => {
    const name = dictionary[index]!;
    sums.set(name, (sums.get(name) ?? 0n) + BigInt(pending[index]!));
    pending[index] = 0;
  };
  for (let row = 0; row < charges.length; row++) {
    const index = indexes[row]!;
    if (charges[row]! > Number.MAX_SAFE_INTEGER - pending[index]!) settle(index);
    pending[index]! += charges[row]!;
  }
  for (let index = 0; index < dictionary.length; index++) if (pending[index] !== 0) settle(index);
}
