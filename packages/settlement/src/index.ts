export { changedRows } from './changed-rows.ts';
export { DifferenceReport } from './difference-report.ts';
export type { PriceDifference, ReportTotals } from './difference-report.ts';
export { NEW_PRICE_COLUMNS, NEW_PREFIX } from './new-price-columns.ts';
export { MonthReplay } from './month-replay.ts';
export type { AccountTotals, ReplayedBlock, Unpriced } from './month-replay.ts';
