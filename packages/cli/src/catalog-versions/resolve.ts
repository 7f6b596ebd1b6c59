/** A catalog named on the command line: a directory, or the number of a published version. */
import type { Catalog } from '@tollstream/catalog';
import { readCatalogVersion } from '@tollstream/catalog-versions';
import { loadDirectory } from '../embedded/run-catalog.ts';
import { withCatalogLog } from './open-log.ts';

const VERSION = /^\d+$/;

/** @param name `7`, `newest` or a directory; a directory that is named like a number is given as `./7` */
export async function resolveCatalog(
  name: string,
  { data, defaultPlan }: { readonly data?: string | undefined; readonly defaultPlan?: string | undefined },
): Promise<Catalog> {
  if (!VERSION.test(name) && name !== 'newest') return (await loadDirectory(name, defaultPlan)).catalog;
  return withCatalogLog({ data, access: 'read' }, ({ log, topic }) =>
    readCatalogVersion(log, name === 'newest' ? 'newest' : Number(name), { topic, defaultPlan }),
  );
}
