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
export { readLateAdjustments, readLateCalls, readSettledUsage } from './settled-usage.ts';
export type { LateAdjustment, SettledUsage } from './settled-usage.ts';
