import type { RunningTotals } from '@tollstream/contracts';
import { Allowances } from '@tollstream/rating-engine';
import { DedupeWindow } from './dedupe-window.ts';
import { OpenParts } from './open-parts.ts';
import type { DedupeLimits } from './dedupe-window.ts';
import { Payers } from './payer.ts';
import { SpendTable } from './spend-table.ts';

/** What rating remembers of one partition: a fold over its own output. */
export interface RatingState {
  readonly window: DedupeWindow;
  readonly allowances: Allowances;
  /** Parts of calls that are not whole yet. */
  readonly parts: OpenParts;
  /** What counts towards spend limits. */
  readonly spend: SpendTable;
  /** Who pays, as found under the present rate table: for speed alone. */
  readonly payers: Payers;
  totals: RunningTotals;
  /** Calls that a snapshot holds already. */
  snapshotCalls: number;
}

export function emptyState(limits: DedupeLimits, totals: RunningTotals): RatingState {
  return {
    window: new DedupeWindow(limits),
    allowances: new Allowances(),
    parts: new OpenParts(),
    spend: new SpendTable(),
    payers: new Payers(),
    totals,
    snapshotCalls: 0,
  };
}
