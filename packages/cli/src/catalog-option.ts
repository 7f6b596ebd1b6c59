/** Loads the catalog a command was given, or says everything that is wrong with it. */
import { requireCatalog } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { SAMPLE_CATALOG } from './paths.ts';

export function catalogOf(options: {
  catalog?: string | undefined;
  defaultPlan?: string | undefined;
}): Promise<Catalog> {
  const { defaultPlan } = options;
  return requireCatalog(options.catalog ?? SAMPLE_CATALOG, defaultPlan === undefined ? {} : { defaultPlan });
}
