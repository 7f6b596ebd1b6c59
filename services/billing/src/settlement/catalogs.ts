/** Which catalog prices which call again. */
import type { Catalog } from '@tollstream/catalog';
import { compileRateTable } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';

export interface PricingCatalogs {
  /** Its version where one catalog prices all calls; 0 = each call with the version it was rated with. */
  readonly version: number;
  readonly catalogs: readonly Catalog[];
  readonly usesRoutingNumbers: boolean;
  /** Null when the catalog that rated a call is not at hand. */
  tableFor(ratedVersion: number): RateTable | null;
}

/** All calls with one catalog. */
export function pricedBy(catalog: Catalog): PricingCatalogs {
  const table = compileRateTable(catalog);
  return {
    version: catalog.version,
    catalogs: [catalog],
    usesRoutingNumbers: table.usesRoutingNumbers,
    tableFor: () => table,
  };
}

/** Each call with the version that it was rated with. */
export function pricedAsRated(catalogs: readonly Catalog[]): PricingCatalogs {
  const tables = new Map(catalogs.map((catalog) => [catalog.version, compileRateTable(catalog)]));
  return {
    version: 0,
    catalogs,
    usesRoutingNumbers: [...tables.values()].some((table) => table.usesRoutingNumbers),
    tableFor: (ratedVersion) => tables.get(ratedVersion) ?? null,
  };
}
