/** Which catalog a run begins with: the published one of its data directory, or a directory, which is published then. */
import { ProblemList, buildCatalog, catalogInvalid, readCatalogDirectory } from '@tollstream/catalog';
import type { CatalogProblem } from '@tollstream/catalog';
import {
  catalogHistory,
  compileVersion,
  publishLoaded,
  readCatalogFiles,
  versionInForce,
} from '@tollstream/catalog-versions';
import type { CatalogVersion, LoadedVersion } from '@tollstream/catalog-versions';
import type { EventLog } from '@tollstream/event-log';
import { SAMPLE_CATALOG } from '../paths.ts';
import { publisherName } from '../publisher.ts';
import { say } from '../terminal.ts';

/** @throws {CatalogInvalidError} with every problem of the files */
export async function loadDirectory(
  directory: string,
  defaultPlan: string | undefined,
): Promise<LoadedVersion & { readonly warnings: readonly CatalogProblem[] }> {
  const problems = new ProblemList();
  const files = await readCatalogDirectory(directory, problems);
  const built =
    files.size === 0 && problems.count > 0
      ? ({ ok: false, problems: problems.list() } as const)
      : buildCatalog(files, { defaultPlan }, problems);
  if (!built.ok) throw catalogInvalid(directory, built.problems);
  return { files, catalog: built.catalog, warnings: built.warnings };
}

/**
 * @param named the catalog that the run was told to use; null = none
 * @throws {CatalogVersionError} when what is named stands against what is published
 */
export async function catalogOfRun(
  log: EventLog,
  named: LoadedVersion | null,
  defaultPlan: string | undefined,
): Promise<LoadedVersion> {
  const inForce = versionInForce(await catalogHistory(log), Date.now());
  if (inForce !== undefined && (named === null || (await isPublished(log, named))))
    return readVersion(log, inForce, named, defaultPlan);
  const loaded = named ?? (await loadDirectory(SAMPLE_CATALOG, defaultPlan));
  await publishLoaded(log, loaded, { publishedBy: publisherName(), message: 'Given to the run' });
  return loaded;
}

async function isPublished(log: EventLog, { catalog }: LoadedVersion): Promise<boolean> {
  return (await catalogHistory(log)).some(
    ({ version, contentFingerprint }) =>
      version === catalog.version && contentFingerprint === catalog.contentFingerprint,
  );
}

async function readVersion(
  log: EventLog,
  version: CatalogVersion,
  named: LoadedVersion | null,
  defaultPlan: string | undefined,
): Promise<LoadedVersion> {
  if (named?.catalog.version === version.version) return named;
  if (named !== null) {
    say(`Version ${named.catalog.version} was published before; version ${version.version} is in use.`);
  }
  const files = await readCatalogFiles(log, version);
  return { files, catalog: compileVersion(version, files, { defaultPlan }) };
}
