/** Catalogs by directory, or by the number of a published version. */
import type { Catalog } from '@tollstream/catalog';
import { CatalogVersionError, readCatalogVersion } from '@tollstream/catalog-versions';
import { withCatalogLog } from '../catalog-versions/open-log.ts';
import type { DataSettings } from '../embedded/settings.ts';
import { catalogAt } from './open.ts';

export interface CatalogPlace {
  readonly defaultPlan?: string | undefined;
  readonly data?: string | undefined;
  readonly settings: DataSettings | null;
}

/** `--catalog V|DIR`. */
export async function pricingCatalog(text: string, place: CatalogPlace): Promise<Catalog> {
  return /^\d+$/.test(text) ? publishedCatalog(Number(text), place) : catalogAt(text, place);
}

/** Those of the versions that were published; the others are left out. */
export async function publishedCatalogs(
  versions: readonly number[],
  place: CatalogPlace,
): Promise<Catalog[]> {
  const found: Catalog[] = [];
  for (const version of versions) {
    try {
      found.push(await publishedCatalog(version, place));
    } catch (error) {
      const isUnknown = error instanceof CatalogVersionError && /_VERSION_(UNKNOWN|NONE)$/.test(error.code);
      if (!isUnknown) throw error;
    }
  }
  return found;
}

function publishedCatalog(version: number, { data, defaultPlan, settings }: CatalogPlace): Promise<Catalog> {
  return withCatalogLog({ data, access: 'read' }, ({ log, topic }) =>
    readCatalogVersion(log, version, {
      topic,
      defaultPlan: defaultPlan ?? settings?.defaultPlan ?? undefined,
    }),
  );
}
