import type { CatalogOptions } from './build.ts';
import { loadCatalog } from './load.ts';
import type { Catalog } from './model.ts';
import { type CatalogProblem, renderProblems } from './problems.ts';

/** The catalog cannot be used; the message lists every problem with its place. */
export class CatalogInvalidError extends Error {
  override readonly name = 'CatalogInvalidError';
  readonly code = 'TOLL_CATALOG_INVALID';
  readonly remedy = 'Mend what is listed; `tollstream catalog check` shows it again.';
}

/**
 * Loads a catalog directory for those who cannot go on without it.
 * @param onWarning told what is legal and probably wrong, as text of several lines
 * @throws {CatalogInvalidError} TOLL_CATALOG_INVALID
 */
export async function requireCatalog(
  directory: string,
  options: CatalogOptions = {},
  onWarning: (text: string) => void = () => undefined,
): Promise<Catalog> {
  const loaded = await loadCatalog(directory, options);
  if (loaded.ok) {
    if (loaded.warnings.length > 0) onWarning(renderProblems(loaded.warnings));
    return loaded.catalog;
  }
  throw catalogInvalid(directory, loaded.problems);
}

/** @param name of the catalog, as it was asked for: a directory, or a version */
export function catalogInvalid(name: string, problems: readonly CatalogProblem[]): CatalogInvalidError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new CatalogInvalidError(`The catalog ${name} has ${count}:
${renderProblems(problems)}`);
}
