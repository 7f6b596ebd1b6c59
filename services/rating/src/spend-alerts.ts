/** The alerts of one block, and the limits that begin to count with it. */
import { createHash } from 'node:crypto';
import {
  ALERT_COLUMNS,
  ALERT_WINDOWS,
  CHARGE_SCALE,
  NativeBlockWriter,
  assembleNativeBlock,
} from '@tollstream/contracts';
import type { LimitStart, NativeBlock } from '@tollstream/contracts';
import type { Account } from '@tollstream/catalog';
import { formatScaled } from '@tollstream/money';
import type { Destination, Priced, RatingCall } from '@tollstream/rating-engine';
import type { BlockParts } from './block-parts.ts';
import { RatingStateError } from './errors.ts';
import { countedLimitsOf } from './spend-limits.ts';
import type { CountedLimit, CountedThreshold } from './spend-limits.ts';
import type { SpendTable, Sum } from './spend-table.ts';

/** What of an account limits are counted by; null in its place where there is nothing to count. */
export interface Spender {
  readonly account: string;
  readonly limits: readonly CountedLimit[];
  readonly table: SpendTable;
  /** One for each limit; null: limits came, went or changed their form since the account was charged last. */
  counters: readonly number[] | null;
}

/** @returns null for an account that has no limits and had none: its calls pay nothing for what it does not have */
export function spenderOf(account: Account, table: SpendTable): Spender | null {
  const { id } = account;
  const limits = countedLimitsOf(account);
  const held = table.countersOf(id);
  if (limits.length === 0 && held.length === 0) return null;
  const counters: number[] = [];
  for (const { limit, form } of limits) {
    const counter = table.find(id, limit.id);
    if (counter < 0 || table.formOf(counter) !== form) continue;
    if (!table.isWhole(counter)) throw unknownForm(id, limit.id);
    counters.push(counter);
  }
  const isSame = counters.length === limits.length && counters.length === held.length;
  return { account: id, limits, table, counters: isSame ? counters : null };
}

function unknownForm(account: string, limit: string): RatingStateError {
  return new RatingStateError(
    'TOLL_RATING_LIMIT_UNKNOWN',
    `The state was restored under a catalog without the present form of limit ${limit} of account ${account}.`,
  );
}

/** An alert, for logs and metrics; amounts are scaled integers. */
export interface SpendAlert {
  readonly alertId: string;
  readonly account: string;
  readonly limit: string;
  readonly window: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly thresholdPercent: number;
  readonly limitAmount: number;
  readonly spent: Sum;
  readonly currency: string;
  readonly callId: string;
}

/** An alert as a line of a log says it: amounts as decimals, times as ISO 8601. */
export function alertFields(alert: SpendAlert): Record<string, string | number> {
  return {
    ...alert,
    windowStart: new Date(alert.windowStart).toISOString(),
    windowEnd: new Date(alert.windowEnd).toISOString(),
    limitAmount: formatScaled(alert.limitAmount, CHARGE_SCALE),
    spent: formatScaled(alert.spent, CHARGE_SCALE),
  };
}

const columns = new NativeBlockWriter(ALERT_COLUMNS);
// Filled anew by every call.
const destination: { -readonly [Field in keyof Destination]: Destination[Field] } = {
  callType: 'local',
  country: '',
  number: 0,
};

/** Where the rows of a block come from. */
interface Origin {
  /** Offset of the accepted block. */
  readonly offset: number;
  readonly catalogVersion: number;
}

export class BlockAlerts {
  readonly list: SpendAlert[] = [];
  readonly starts: LimitStart[] = [];
  readonly #block: NativeBlock;
  readonly #origin: Origin;

  constructor(block: NativeBlock, origin: Origin) {
    this.#block = block;
    this.#origin = origin;
    columns.reset();
  }

  /** Counts a rated call that costs something, and says which thresholds it reaches. */
  spend(spender: Spender, call: RatingCall, priced: Priced, row: number): void {
    const { callType, country, charge } = priced;
    destination.callType = callType;
    destination.country = country;
    destination.number = call.destinationNumber;
    const { account, limits, table } = spender;
    const counters = (spender.counters ??= this.#begin(spender));
    for (let i = 0; i < limits.length; i++) {
      const limit = limits[i]!;
      const counter = counters[i]!;
      if (!limit.counts(destination)) continue;
      const window = table.count(counter, call.startedAt, charge, limit.periods, limit.lateMsMax);
      if (window < 0) continue;
      const sum = table.sumOf(window);
      for (const threshold of limit.thresholds) {
        if (sum < threshold.atLeast) break;
        if (table.alertedOf(window).includes(threshold.key)) continue;
        table.alert(window, threshold.key);
        const at = { startMs: table.startOf(window), endMs: table.endOf(window), sum };
        this.#push(account, limit, threshold, { ...at, since: table.sinceOf(counter) }, call, priced, row);
      }
    }
  }

  /** The rows of `usage.alerts`; valid until the next block is rated. */
  parts(): BlockParts {
    const rows = this.list.length;
    if (rows === 0) return { rows, native: [] };
    const { columnCount } = columns;
    return {
      rows,
      native: assembleNativeBlock({ columnCount, rowCount: rows, columnParts: columns.columnParts() }),
    };
  }

  /** Limits of a new form begin to count, and those that are gone end: should one come back, calls in between do not count. */
  #begin({ account, limits, table }: Spender): number[] {
    for (const id of table.countersOf(account).map((counter) => table.limitOf(counter))) {
      if (limits.some(({ limit }) => limit.id === id)) continue;
      table.end(account, id);
      this.starts.push({ account, limit: id, form: '' });
    }
    return limits.map(({ limit: { id }, form }) => {
      const counter = table.find(account, id);
      if (counter >= 0 && table.formOf(counter) === form) return counter;
      this.starts.push({ account, limit: id, form });
      return table.begin(account, id, form, this.#origin.offset);
    });
  }

  #push(
    account: string,
    { limit }: CountedLimit,
    { percent }: CountedThreshold,
    window: { readonly startMs: number; readonly endMs: number; readonly sum: Sum; readonly since: number },
    call: RatingCall,
    { currency, charge }: Priced,
    row: number,
  ): void {
    const { startMs, endMs, sum, since } = window;
    const alertId = idOf([account, limit.id, since, startMs, percent, limit.amount]);
    const block = this.#block;
    const callId = block.column('call_id').string(row);
    const to = columns.columns;
    to.alert_id.push(alertId);
    to.account_id.push(account);
    to.limit_id.push(limit.id);
    to.window.push(ALERT_WINDOWS.indexOf(limit.window) + 1);
    to.window_start.push(startMs);
    to.window_end.push(endMs);
    to.threshold_percent.push(percent);
    to.limit_amount.push(limit.amount);
    to.spent.pushExact(sum);
    to.currency.push(currency);
    to.call_id.push(callId);
    to.switch_id.push(block.column('switch_id').string(row));
    to.leg.push(block.column('leg').number(row));
    to.started_at.push(call.startedAt);
    to.charge.push(charge);
    to.source_topic.push(block.column('source_topic').string(row));
    to.source_partition.push(block.column('source_partition').number(row));
    to.source_offset.push(block.column('source_offset').number(row));
    to.counted_from.push(since);
    to.catalog_version.push(this.#origin.catalogVersion);
    this.list.push({
      alertId,
      account,
      limit: limit.id,
      window: limit.window,
      windowStart: startMs,
      windowEnd: endMs,
      thresholdPercent: percent,
      limitAmount: limit.amount,
      spent: sum,
      currency,
      callId,
    });
  }
}

function idOf(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}
