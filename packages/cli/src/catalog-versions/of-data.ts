/**
 * The catalog by which a command works on a data directory: what it is told, else the published version in force, as the
 * next run would use. The directory that a run was given says nothing of that: its files may have changed since, and the sample
 * stands there where none was given.
 */
import type { Catalog } from '@tollstream/catalog';
import {
  catalogHistory,
  compileVersion,
  readCatalogFiles,
  versionInForce,
} from '@tollstream/catalog-versions';
import { loadDirectory } from '../embedded/run-catalog.ts';
import type { DataSettings } from '../embedded/settings.ts';
import { withCatalogLog } from './open-log.ts';
import { resolveCatalog } from './resolve.ts';

export async function catalogOfData(
  data: string,
  settings: DataSettings,
  named: string | undefined,
): Promise<Catalog> {
  const defaultPlan = settings.defaultPlan ?? undefined;
  if (named !== undefined) return resolveCatalog(named, { data, defaultPlan });
  const published = await withCatalogLog({ data, access: 'read' }, async ({ log, topic }) => {
    const version = versionInForce(await catalogHistory(log, { topic }), Date.now());
    if (version === undefined) return null;
    return compileVersion(version, await readCatalogFiles(log, version, { topic }), { defaultPlan });
  });
  // A directory of before there were versions holds none.
  return published ?? (await loadDirectory(settings.catalog, defaultPlan)).catalog;
}
