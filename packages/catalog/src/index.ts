export type * from './model.ts';
export { accountFor } from './account-for.ts';
export { buildCatalog, type CatalogOptions, type CatalogResult } from './build.ts';
export { describeCatalog } from './describe.ts';
export { loadCatalog } from './load.ts';
export { buildPrefixIndex, type PrefixRow } from './prefix-index.ts';
export {
  CATALOG_PROBLEMS,
  type CatalogProblem,
  type CatalogProblemCode,
  renderProblems,
} from './problems.ts';
export { CatalogInvalidError, requireCatalog } from './require-catalog.ts';
export { readTariffHead, type TariffHead, type TariffRowDefaults } from './tariff-head.ts';
