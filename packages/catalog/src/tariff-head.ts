/** What a tariff says above its rows, for programs that write the rows. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { readDefaults } from './build.ts';
import { FieldReader, yamlFields } from './fields.ts';
import type { DurationRounding } from './model.ts';
import { type CatalogProblem, ProblemList, wholeFile } from './problems.ts';
import { type YamlFile, readYaml } from './read-yaml.ts';
import { CHARGE_SCALE } from './scales.ts';
import { checkStructure } from './structure.ts';

export interface TariffHead {
  /** Path in the catalog directory, with '/'. */
  readonly file: string;
  /** CSV file of its rows, likewise; null when they stand in the YAML file. It need not exist yet. */
  readonly ratesFile: string | null;
  readonly currency: string;
  /** What rows have that leave the field empty. */
  readonly defaults: TariffRowDefaults;
}

export interface TariffRowDefaults {
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly rounding: DurationRounding;
  /** Scaled by 10^CHARGE_SCALE. */
  readonly connectFee: number;
  /** Half-open, ms since epoch UTC; infinite when nothing is said. */
  readonly effectiveFrom: number;
  readonly effectiveTo: number;
}

export type TariffHeadResult =
  | {
      readonly ok: true;
      /** Null when no file of the catalog is this tariff. */
      readonly head: TariffHead | null;
      /** Of a tariff that says nothing itself. */
      readonly defaults: TariffRowDefaults;
    }
  | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/** Finds the tariff by its id. Reads no rows, and does not mind what is wrong elsewhere in the catalog. */
export async function readTariffHead(directory: string, id: string): Promise<TariffHeadResult> {
  const problems = new ProblemList();
  const root = await yamlAt(directory, 'catalog.yaml', problems);
  if (root === null && problems.count === 0) {
    problems.add('TOLL_CATALOG_FILE_MISSING', wholeFile('catalog.yaml'), 'The catalog has no catalog.yaml');
  }
  const { tariff } = readDefaults(root, problems);
  const defaults: TariffRowDefaults = {
    initialSeconds: tariff.initialSeconds,
    stepSeconds: tariff.stepSeconds,
    rounding: tariff.durationRounding,
    connectFee: 0,
    effectiveFrom: -Infinity,
    effectiveTo: Infinity,
  };
  let head: TariffHead | null = null;
  for (const name of await yamlNames(path.join(directory, 'tariffs'))) {
    const file = `tariffs/${name}`;
    const own = new ProblemList();
    const yaml = await yamlAt(directory, file, own);
    if (yaml === null || yamlFields(yaml, []).text('id') !== id) continue;
    checkStructure(yaml, 'tariff', problems);
    head = headOf(yaml, file, defaults, problems);
    break;
  }
  return problems.count > 0 ? { ok: false, problems: problems.list() } : { ok: true, head, defaults };
}

function headOf(yaml: YamlFile, file: string, above: TariffRowDefaults, problems: ProblemList): TariffHead {
  const reader = new FieldReader(problems);
  const own = yamlFields(yaml, ['defaults']);
  const rates = (yaml.value as { rates?: unknown }).rates;
  return {
    file,
    ratesFile: typeof rates === 'string' ? `tariffs/${rates}` : null,
    currency: reader.currency(yamlFields(yaml, []), 'currency', ''),
    defaults: {
      initialSeconds: reader.increment(own, 'initial', above.initialSeconds),
      stepSeconds: reader.increment(own, 'step', above.stepSeconds),
      rounding: (yamlFields(yaml, ['rounding']).text('duration') as DurationRounding) ?? above.rounding,
      connectFee: reader.decimal(own, 'connect_fee', CHARGE_SCALE, above.connectFee),
      effectiveFrom: reader.instant(own, 'effective_from', above.effectiveFrom),
      effectiveTo: reader.instant(own, 'effective_to', above.effectiveTo),
    },
  };
}

async function yamlAt(directory: string, file: string, problems: ProblemList): Promise<YamlFile | null> {
  try {
    return readYaml(file, await readFile(path.join(directory, file), 'utf8'), problems);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return null;
  }
}

async function yamlNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
  } catch {
    return [];
  }
}
