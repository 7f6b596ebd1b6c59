/** One tariff of a catalog directory, for those who need no plans and accounts: what carriers charge is a tariff, too. */
import { decodeText, readDefaults } from './build.ts';
import { yamlFields } from './fields.ts';
import { readCatalogDirectory } from './load.ts';
import type { Tariff } from './model.ts';
import { type CatalogProblem, ProblemList, wholeFile } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import { type FileKind, checkStructure } from './structure.ts';
import { readTariff } from './tariffs.ts';

export type TariffResult =
  | { readonly ok: true; readonly tariff: Tariff }
  | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/** Does not mind what is wrong elsewhere in the catalog, nor that it has no plan. */
export async function loadTariff(directory: string, id: string): Promise<TariffResult> {
  const problems = new ProblemList();
  const files = await readCatalogDirectory(directory, problems);
  const textOf = (file: string, into = problems): string | null => {
    const bytes = files.get(file);
    return bytes === undefined ? null : decodeText(file, bytes, into);
  };
  const yamlAt = (file: string, kind: FileKind) => {
    const text = textOf(file);
    const yaml = text === null ? null : readYaml(file, text, problems);
    if (yaml !== null) checkStructure(yaml, kind, problems);
    return yaml;
  };
  const head = yamlAt('catalog.yaml', 'catalog');
  const defaults = readDefaults(head, problems);
  const file = [...files.keys()].sort().find((each) => {
    if (!/^tariffs\/.*\.ya?ml$/.test(each)) return false;
    const ofOthers = new ProblemList();
    const yaml = readYaml(each, textOf(each, ofOthers)!, ofOthers);
    return yaml !== null && yamlFields(yaml, []).text('id') === id;
  });
  if (file === undefined) {
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', wholeFile('tariffs/', id), 'There is no such tariff');
    return { ok: false, problems: problems.list() };
  }
  const yaml = yamlAt(file, 'tariff');
  const tariff =
    yaml === null ? null : readTariff(yaml, textOf, defaults.tariff, problems, new ProblemList());
  return tariff === null || problems.count > 0
    ? { ok: false, problems: problems.list() }
    : { ok: true, tariff };
}
