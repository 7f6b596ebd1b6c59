export type * from './model.ts';
export { CHARGE_SECTIONS, LANGUAGES, NO_BILLING, PERCENT_SCALE } from './billing-model.ts';
export type * from './billing-model.ts';
export { monthsLater } from './account-billing.ts';
export { accountFor } from './account-for.ts';
export { buildCatalog, type CatalogOptions, type CatalogResult } from './build.ts';
export { catalogJson } from './describe.ts';
export {
  diffCatalogs,
  type CatalogDiff,
  type EntityDiff,
  type FieldChange,
  type RateChange,
  type TariffDiff,
} from './diff-catalogs.ts';
export { fingerprintOf } from './fingerprint.ts';
export { loadCatalog, readCatalogDirectory } from './load.ts';
export { loadTariff, type TariffResult } from './load-tariff.ts';
export { describeOrigin, isCallerOf } from './origins.ts';
export { buildPrefixIndex } from './prefix-index.ts';
export {
  CATALOG_PROBLEMS,
  type CatalogProblem,
  type CatalogProblemCode,
  ProblemList,
  renderProblems,
} from './problems.ts';
export { RateList, type RateTerms, emptyTerms, rateListOf } from './rate-list.ts';
export { CatalogInvalidError, catalogInvalid, requireCatalog } from './require-catalog.ts';
export { spendLimitsOf } from './spend-limits.ts';
export { type TransferredCatalog, receiveCatalog, transferCatalog } from './transfer.ts';
export { readTariffHead, type TariffHead, type TariffRowDefaults } from './tariff-head.ts';
