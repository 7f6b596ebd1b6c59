/** The calls of a month as the store holds them: each once, at its highest revision, account by account in canonical order. */
import { readNativeStream } from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';
import { USAGE_TABLES } from '@tollstream/usage-store';
import type { UsageStore } from '@tollstream/usage-store';

/** Accounts from `first` to `last`, both included, in the order of their bytes. */
export interface AccountRange {
  readonly first: string;
  readonly last: string;
}

export const USAGE_COLUMNS = USAGE_TABLES.usage.columns;
/** What tells a call from every other of its account's month. */
export const CALL_KEY = 'sipHash64(toUnixTimestamp64Milli(started_at), call_id, leg, switch_id)';
const CANONICAL_ORDER =
  "account_id, if(disposition = 'answered', answered_at, started_at), call_id, switch_id, leg";

/** An account with more calls than fit is sorted on disk. */
const SORT_BYTES_MAX = 128 * 1024 * 1024;
const BLOCK_ROWS = 16_384;

export const WITHIN =
  'billing_month = {month:UInt32} AND account_id >= {first:String} AND account_id <= {last:String}';

/**
 * @param options.run its number goes with each row as `run_number`, beside `call_key` and `is_settled`
 * @param options.readsSettled whether to tell apart which calls were settled before; otherwise `is_settled` is 0
 */
export async function* readMonth(
  store: UsageStore,
  {
    month,
    range,
    run,
    readsSettled,
  }: { month: number; range: AccountRange; run: number; readsSettled: boolean },
): AsyncGenerator<NativeBlock> {
  const { database } = store;
  const settled = `(account_id, ${CALL_KEY}) IN (
      SELECT account_id, call_key FROM ${database}.settled_calls WHERE ${WITHIN}
      UNION ALL
      SELECT account_id, ${CALL_KEY} FROM ${database}.usage_adjustments WHERE ${WITHIN} AND reason = 'late_call')`;
  const stream = await store.queryStream(
    `SELECT ${USAGE_COLUMNS.join(', ')}, ${CALL_KEY} AS call_key, {run:UInt32} AS run_number,
            ${readsSettled ? `toUInt8(${settled})` : 'toUInt8(0)'} AS is_settled
     FROM ${database}.usage FINAL WHERE ${WITHIN} ORDER BY ${CANONICAL_ORDER}
     SETTINGS max_bytes_before_external_sort = ${SORT_BYTES_MAX}, max_block_size = ${BLOCK_ROWS}, max_threads = 1`,
    'Native',
    { month, run, ...range },
  );
  yield* readNativeStream(stream as AsyncIterable<Uint8Array>);
}
