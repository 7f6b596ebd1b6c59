/** One tariff of a catalog directory, for those who need no plans and accounts: what carriers charge is a tariff, too. */
import { readDefaults } from './build.ts';
import { CatalogFiles } from './catalog-files.ts';
import { yamlFields } from './fields.ts';
import { readCatalogDirectory } from './load.ts';
import type { Tariff } from './model.ts';
import { type CatalogProblem, ProblemList, wholeFile } from './problems.ts';
import { readTariff } from './tariffs.ts';

export type TariffResult =
  | { readonly ok: true; readonly tariff: Tariff }
  | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/** Does not mind what is wrong elsewhere in the catalog, nor that it has no plan. */
export async function loadTariff(directory: string, id: string): Promise<TariffResult> {
  const problems = new ProblemList();
  const files = new CatalogFiles(await readCatalogDirectory(directory, problems), problems);
  const { tariff: defaults } = readDefaults(files.yamlOf('catalog.yaml', 'catalog'), problems);
  const yaml = files.findYaml('tariffs', 'tariff', (each) => yamlFields(each, []).text('id') === id);
  if (yaml === null) {
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', wholeFile('tariffs/', id), 'There is no such tariff');
    return { ok: false, problems: problems.list() };
  }
  const tariff = readTariff(yaml, files.textOf, defaults, problems, new ProblemList());
  return problems.count > 0 ? { ok: false, problems: problems.list() } : { ok: true, tariff };
}
