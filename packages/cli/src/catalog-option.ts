/** Loads the catalog a command was given, or says everything that is wrong with it. */
import { loadCatalog, renderProblems } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { UsageError } from './failure.ts';
import { SAMPLE_CATALOG } from './paths.ts';

export async function catalogOf(options: {
  catalog?: string | undefined;
  defaultPlan?: string | undefined;
}): Promise<Catalog> {
  const directory = options.catalog ?? SAMPLE_CATALOG;
  const loaded = await loadCatalog(
    directory,
    options.defaultPlan === undefined ? {} : { defaultPlan: options.defaultPlan },
  );
  if (loaded.ok) return loaded.catalog;
  throw new UsageError({
    code: 'TOLL_CATALOG_INVALID',
    message: `the catalog ${directory} has ${loaded.problems.length === 1 ? 'a problem' : `${loaded.problems.length} problems`}\n${renderProblems(loaded.problems)}`,
    remedy: 'Mend what is listed; `tollstream catalog check` shows it again.',
  });
}
