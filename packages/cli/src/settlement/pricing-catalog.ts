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

/**
 * Those of the versions that can be had: as they were published, else from the directory that the run was given. The published
 * ones come first, since files may have changed after they rated calls.
 */
export async function ratedCatalogs(versions: readonly number[], place: CatalogPlace): Promise<Catalog[]> {
  const found = await publishedCatalogs(versions, place);
  const missing = versions.filter((version) => !found.some((each) => each.version === version));
  if (missing.length === 0 || place.settings === null) return found;
  // Without the directory of the run its versions are missing, which whoever prices the calls says.
  const given = await catalogAt(place.settings.catalog, place).catch(() => null);
  return given !== null && missing.includes(given.version) ? [...found, given] : found;
}

/** Those of the versions that were published; the others are left out. */
async function publishedCatalogs(versions: readonly number[], place: CatalogPlace): Promise<Catalog[]> {
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
