export { pricedAsRated, pricedBy } from './catalogs.ts';
export type { PricingCatalogs } from './catalogs.ts';
export { closingRun, readRuns, totalsOfRun } from './runs.ts';
export type { Run, RunKind, RunTotals } from './runs.ts';
export { SETTLEMENT_LIMITS, applyMonth, previewMonth, ratedVersions } from './settle.ts';
export type {
  AppliedMonth,
  ApplyRequest,
  MonthPreview,
  MonthRequest,
  SettlementLimits,
  SettlementProgress,
} from './settle.ts';
export { readLateCalls, usageAsSettled, usageForPreview } from './settled-usage.ts';
