import { PRICE_COLUMNS, assembleNativeBlock, readNativeBlock } from '@tollstream/contracts';
import type { NativeBlock, SuspendCode } from '@tollstream/contracts';
import { AccountAllowance, CallRows, emptyCall, priceCall, pushPrice } from '@tollstream/rating-engine';
import type { Priced, RatedAccount, RateTable } from '@tollstream/rating-engine';
import { CanonicalOrder } from './canonical-order.ts';
import { changedRows } from './changed-rows.ts';
import { SettlementError } from './errors.ts';
import { NewPriceWriter } from './new-price-columns.ts';

/** A call that has no price any more, or one of another month. */
export interface Unpriced {
  readonly accountId: string;
  readonly callId: string;
  readonly code: SuspendCode | 'catalog_missing' | 'month_moved' | 'currency_changed';
  readonly detail: string;
}

/** What an account's calls of the month came to. */
export interface AccountTotals {
  readonly accountId: string;
  /** By currency; charges scaled. */
  readonly sums: Map<string, { calls: number; charge: number }>;
}

export interface ReplayedBlock {
  /** Rows of the block that have a price, ascending: row i of `prices` is that of row `priced[i]`. */
  readonly priced: Uint32Array;
  /** Price columns under their new names, with the next revision. */
  readonly prices: NativeBlock;
  /** Rows of `prices` that are not what the block says, ascending. */
  readonly changed: Uint32Array;
  readonly unpriced: readonly Unpriced[];
}

/** An account while its calls come by. */
interface OpenAccount {
  readonly totals: AccountTotals;
  readonly allowance: AccountAllowance;
  /** By the table that prices. */
  readonly rated: Map<RateTable, RatedAccount | null>;
}

/**
 * Prices the calls of a month again, account by account, each account's in canonical order: answer time (start, when nobody answered),
 * call id, switch, leg. Every account begins with an unused allowance; so what comes out depends on the set of calls and the catalog
 * alone. An allowance is counted by the id of its pool, over whatever catalog versions price the calls.
 */
export class MonthReplay {
  readonly #tableFor: (ratedVersion: number) => RateTable | null;
  readonly #usesRoutingNumbers: boolean;
  readonly #prices = new NewPriceWriter();
  readonly #call = emptyCall();
  readonly #order = new CanonicalOrder();
  #account: OpenAccount | null = null;
  #finished: AccountTotals[] = [];

  /**
   * @param options.tableFor the table that prices what was rated with a catalog version; null = none is at hand
   * @param options.usesRoutingNumbers whether any of these tables does
   */
  constructor(options: {
    readonly tableFor: (ratedVersion: number) => RateTable | null;
    readonly usesRoutingNumbers: boolean;
  }) {
    this.#tableFor = options.tableFor;
    this.#usesRoutingNumbers = options.usesRoutingNumbers;
  }

  /**
   * The next rows, with all columns of `usage`.
   * @throws SettlementError TOLL_SETTLEMENT_ORDER when they are not in canonical order, each call once
   */
  block(block: NativeBlock): ReplayedBlock {
    const rows = new CallRows(block, { usesRoutingNumbers: this.#usesRoutingNumbers });
    const accountIds = block.column('account_id').lowCardinality();
    const versions = block.column('catalog_version').uint32s();
    const months = block.column('billing_month').uint32s();
    const charges = block.column('charge').integers();
    const currencies = block.column('currency').lowCardinality();
    const revisions = block.column('revision').uint32s();
    const unpriced: Unpriced[] = [];
    const priced = new Uint32Array(block.rows);
    let count = 0;
    this.#prices.writer.reset();
    this.#order.open(block);
    for (let row = 0; row < block.rows; row++) {
      const open = this.#accountOf(accountIds.dictionary[accountIds.indexes[row]!]!);
      this.#order.next(row);
      const outcome = this.#price(open, rows, row, {
        catalogVersion: versions[row]!,
        month: months[row]!,
        // A call that cost nothing can change its currency.
        currency: charges[row] === 0 ? null : currencies.dictionary[currencies.indexes[row]!]!,
      });
      if ('code' in outcome) {
        unpriced.push({
          ...outcome,
          accountId: open.totals.accountId,
          callId: block.column('call_id').string(row),
        });
        continue;
      }
      priced[count++] = row;
      const { account, table, price } = outcome;
      pushPrice(this.#prices.columns, price, account, {
        catalogVersion: table.catalog.version,
        revision: revisions[row]! + 1,
      });
      open.allowance.take(this.#call, price);
      addTo(open.totals, price);
    }
    const prices = readNativeBlock(this.#prices.writer.toBuffer());
    const kept = priced.subarray(0, count);
    const changed = new Uint8Array(count);
    changedRows(count === block.rows ? block : pricesOf(block, kept), prices, changed);
    return { priced: kept, prices, changed: markedRows(changed), unpriced };
  }

  /** All rows have come: the last account is complete, too. */
  end(): void {
    if (this.#account !== null) this.#finish(this.#account);
    this.#account = null;
  }

  /** Totals of the accounts that were completed since this was last asked. */
  takeFinished(): AccountTotals[] {
    const finished = this.#finished;
    this.#finished = [];
    return finished;
  }

  #price(
    open: OpenAccount,
    rows: CallRows,
    row: number,
    before: { catalogVersion: number; month: number; currency: string | null },
  ):
    | { readonly account: RatedAccount; readonly table: RateTable; readonly price: Priced }
    | Pick<Unpriced, 'code' | 'detail'> {
    const table = this.#tableFor(before.catalogVersion);
    if (table === null) {
      return {
        code: 'catalog_missing',
        detail: `It was rated with catalog version ${before.catalogVersion}, which is not at hand.`,
      };
    }
    const account = accountIn(table, open);
    if (account === null) {
      const detail = `Catalog version ${table.catalog.version} knows no account '${open.totals.accountId}'.`;
      return { code: 'account_unknown', detail };
    }
    rows.fill(this.#call, row, account);
    const price = priceCall(this.#call, account, open.allowance);
    if (price.kind === 'unpriceable') return price;
    const { version } = table.catalog;
    if (price.billingMonth !== before.month) {
      const detail = `It is billed in ${before.month}; catalog version ${version} puts it into ${price.billingMonth}.`;
      return { code: 'month_moved', detail };
    }
    if (before.currency !== null && price.currency !== before.currency) {
      const detail = `It is charged in ${before.currency}; catalog version ${version} charges in ${price.currency}.`;
      return { code: 'currency_changed', detail };
    }
    return { account, table, price };
  }

  #accountOf(accountId: string): OpenAccount {
    const open = this.#account;
    if (open !== null && open.totals.accountId === accountId) return open;
    if (open !== null) this.#finish(open);
    this.#order.newAccount();
    this.#account = {
      totals: { accountId, sums: new Map() },
      allowance: new AccountAllowance(),
      rated: new Map(),
    };
    return this.#account;
  }

  #finish({ totals }: OpenAccount): void {
    for (const { charge } of totals.sums.values()) {
      if (Number.isSafeInteger(charge)) continue;
      throw new SettlementError(
        'TOLL_SETTLEMENT_SUM_TOO_LARGE',
        `The charges of account ${totals.accountId} add up to more than can be counted exactly.`,
      );
    }
    this.#finished.push(totals);
  }
}

function addTo({ sums }: AccountTotals, { currency, charge }: Priced): void {
  const sum = sums.get(currency);
  if (sum === undefined) sums.set(currency, { calls: 1, charge });
  else {
    sum.calls += 1;
    sum.charge += charge;
  }
}

function accountIn(table: RateTable, { rated, totals }: OpenAccount): RatedAccount | null {
  let account = rated.get(table);
  if (account === undefined) {
    account = table.account(totals.accountId);
    rated.set(table, account);
  }
  return account;
}

/** The price columns of some rows. */
function pricesOf(block: NativeBlock, rows: Uint32Array): NativeBlock {
  const parts = assembleNativeBlock({
    columnCount: PRICE_COLUMNS.length,
    rowCount: rows.length,
    columnParts: PRICE_COLUMNS.flatMap(([name]) => block.filterColumn(name, rows)),
  });
  return readNativeBlock(Buffer.concat(parts));
}

function markedRows(marks: Uint8Array): Uint32Array {
  const rows = new Uint32Array(marks.length);
  let count = 0;
  for (let row = 0; row < marks.length; row++) if (marks[row] === 1) rows[count++] = row;
  return rows.slice(0, count);
}
