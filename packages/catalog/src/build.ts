/** Files to a catalog: pure, and every problem at once. */
import { readAccounts, readNumbers } from './accounts.ts';
import { readBillingTerms } from './billing-terms.ts';
import { readDestinationSets } from './destination-sets.ts';
import { FieldReader, yamlFields } from './fields.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Account, Catalog, ChargeRounding, DurationRounding, OwnRules, Plan, Tariff } from './model.ts';
import { readOriginGroups } from './origins.ts';
import { readPlan } from './plans.ts';
import { warnOfPools } from './pools.ts';
import { type CatalogProblem, ProblemList, wholeFile } from './problems.ts';
import { type YamlFile, readYaml } from './read-yaml.ts';
import { type FileKind, checkStructure } from './structure.ts';
import { type TariffDefaults, readTariff } from './tariffs.ts';
import { readHolidays } from './windows.ts';

export interface CatalogOptions {
  /** Plan of accounts that the catalog does not know. Without it their calls are suspended. */
  readonly defaultPlan?: string | undefined;
  /** Number of the version, whatever catalog.yaml says: a version may bring back the files of another. */
  readonly version?: number | undefined;
}

export type CatalogResult =
  | { readonly ok: true; readonly catalog: Catalog; readonly warnings: readonly CatalogProblem[] }
  | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/**
 * @param files path in the catalog directory with '/' (`plans/standard.yaml`) → bytes
 * @param problems those found while the files were read from disk
 */
export function buildCatalog(
  files: ReadonlyMap<string, Uint8Array>,
  options: CatalogOptions = {},
  problems: ProblemList = new ProblemList(),
): CatalogResult {
  const warnings = new ProblemList();
  const used = new Set<string>();
  const paths = [...files.keys()].sort();

  function textOf(path: string): string | null {
    const bytes = files.get(path);
    if (bytes === undefined) return null;
    used.add(path);
    return decodeText(path, bytes, problems);
  }
  function bytesOf(path: string): Uint8Array | null {
    used.add(path);
    return files.get(path) ?? null;
  }
  function yamlOf(path: string, kind: FileKind): YamlFile | null {
    const text = textOf(path);
    if (text === null) return null;
    const yaml = readYaml(path, text, problems);
    if (yaml !== null) checkStructure(yaml, kind, problems);
    return yaml;
  }
  function yamlsIn(folder: string, kind: FileKind): YamlFile[] {
    return paths
      .filter((path) => path.startsWith(`${folder}/`) && /\.ya?ml$/.test(path))
      .map((path) => yamlOf(path, kind))
      .filter((yaml) => yaml !== null);
  }

  // 1. The head, and what else there is. Ids are known before references are followed.
  const head = yamlOf('catalog.yaml', 'catalog');
  if (!files.has('catalog.yaml')) {
    problems.add('TOLL_CATALOG_FILE_MISSING', wholeFile('catalog.yaml'), 'The catalog has no catalog.yaml');
  }
  const defaults = readDefaults(head, problems);
  const tariffFiles = yamlsIn('tariffs', 'tariff');
  const planFiles = yamlsIn('plans', 'plan');
  const accountsAtRoot = yamlOf('accounts.yaml', 'accounts');
  const accountFiles = [
    ...(accountsAtRoot === null ? [] : [accountsAtRoot]),
    ...yamlsIn('accounts', 'accounts'),
  ];
  // A file that could not be read at all may hold any id: then a reference to an unknown one is no finding.
  const brokenFolder = (folder: string, read: readonly YamlFile[]) =>
    read.length < paths.filter((path) => path.startsWith(`${folder}/`) && /\.ya?ml$/.test(path)).length;
  const tariffIds = idsOf(tariffFiles);
  const planIds = idsOf(planFiles);
  const tariffsBroken = brokenFolder('tariffs', tariffFiles);
  const plansBroken = brokenFolder('plans', planFiles);
  const accountsBroken =
    brokenFolder('accounts', accountFiles) || (files.has('accounts.yaml') && accountsAtRoot === null);

  // 2. Tariffs, then plans that refer to them, then accounts that refer to plans.
  const tariffs = new Map<string, Tariff>();
  for (const yaml of tariffFiles) {
    const tariff = readTariff(yaml, textOf, defaults.tariff, problems, warnings);
    keepUnique(tariffs, tariff, yaml, problems);
  }
  const destinationSets = readDestinationSets(head, problems, warnings);
  const plans = new Map<string, Plan>();
  for (const yaml of planFiles) {
    const plan = readPlan(
      yaml,
      tariffs,
      (id) => tariffsBroken || tariffIds.has(id),
      destinationSets,
      problems,
    );
    keepUnique(plans, plan, yaml, problems);
    warnOfPremiumWithoutRate(plan, yaml, warnings);
  }
  if (paths.length > 0 && planFiles.length === 0 && !plansBroken) {
    problems.add('TOLL_CATALOG_EMPTY', wholeFile('plans/'), 'The catalog has no plan');
  }
  const billingFile = yamlOf('billing.yaml', 'billing');
  const terms =
    billingFile === null ? null : readBillingTerms(billingFile, { textOf, bytesOf }, problems, warnings);
  const accountIds = new Set(accountFiles.flatMap(accountIdsOf));
  const numbersText = textOf('numbers.csv');
  const numbers =
    numbersText === null
      ? new Map()
      : readNumbers('numbers.csv', numbersText, (id) => accountsBroken || accountIds.has(id), problems);
  const accounts = new Map<string, Account>();
  for (const yaml of accountFiles) {
    const planExists = (id: string) => plansBroken || planIds.has(id);
    for (const { account, index } of readAccounts(
      yaml,
      plans,
      planExists,
      numbers,
      { tariffs, tariffExists: (id) => tariffsBroken || tariffIds.has(id) },
      destinationSets,
      { timeZone: defaults.timeZone, terms },
      problems,
    )) {
      if (accounts.has(account.id)) {
        const place = yaml.place(['accounts', index, 'id']);
        problems.add('TOLL_CATALOG_ID_DUPLICATE', place, 'There already is an account with this id');
      }
      accounts.set(account.id, account);
    }
  }

  // 3. What the run asks for.
  const defaultPlan = options.defaultPlan === undefined ? null : (plans.get(options.defaultPlan) ?? null);
  if (options.defaultPlan !== undefined && defaultPlan === null && !plansBroken) {
    const known = [...plans.keys()].join(', ');
    problems.add(
      'TOLL_CATALOG_DEFAULT_PLAN_UNKNOWN',
      wholeFile('plans/', options.defaultPlan),
      'The default plan is not in the catalog',
      `Name one of its plans: ${known}.`,
    );
  }
  if (problems.count > 0) return { ok: false, problems: problems.list() };

  for (const path of paths) {
    if (used.has(path)) continue;
    warnings.add('TOLL_CATALOG_FILE_UNUSED', wholeFile(path), 'Nothing refers to this file');
  }
  warnOfUnusedTariffs(tariffFiles, plans, accounts, warnings);
  for (const yaml of planFiles) {
    const plan = plans.get(yamlFields(yaml, []).text('id') ?? '');
    if (plan === undefined) continue;
    warnOfPools(
      plan,
      yaml,
      [...accounts.values()].filter((account) => account.plan === plan),
      warnings,
    );
  }
  const content = {
    version: options.version ?? Number(yamlFields(head!, []).text('version')),
    name: yamlFields(head!, []).text('name')!,
    plans,
    tariffs,
    accounts,
    ...(terms === null ? {} : { billing: terms }),
    destinationSets,
  };
  const catalog: Catalog = {
    ...content,
    fingerprint: fingerprintOf(content),
    accountByNumber: new Map(
      [...accounts.values()].flatMap((account) => account.numbers.map(({ number }) => [number, account])),
    ),
    defaultPlan,
  };
  return { ok: true, catalog, warnings: warnings.list() };
}

interface CatalogDefaults {
  readonly tariff: TariffDefaults;
  readonly timeZone: string;
}

export function readDefaults(head: YamlFile | null, problems: ProblemList): CatalogDefaults {
  const none: CatalogDefaults = {
    tariff: {
      durationRounding: 'up',
      chargeRounding: 'half_up',
      initialSeconds: 60,
      stepSeconds: 60,
      timeZone: 'UTC',
      holidays: new Map(),
      originGroups: new Map(),
    },
    timeZone: 'UTC',
  };
  if (head === null) return none;
  const reader = new FieldReader(problems);
  const fields = yamlFields(head, ['defaults']);
  const rounding = yamlFields(head, ['defaults', 'rounding']);
  const timeZone = reader.timeZone(fields, 'time_zone', none.timeZone);
  return {
    tariff: {
      durationRounding: (rounding.text('duration') as DurationRounding) ?? none.tariff.durationRounding,
      chargeRounding: (rounding.text('charge') as ChargeRounding) ?? none.tariff.chargeRounding,
      initialSeconds: reader.increment(fields, 'initial', none.tariff.initialSeconds),
      stepSeconds: reader.increment(fields, 'step', none.tariff.stepSeconds),
      timeZone,
      holidays: readHolidays(head, problems),
      originGroups: readOriginGroups(head, problems),
    },
    timeZone,
  };
}

export function decodeText(path: string, bytes: Uint8Array, problems: ProblemList): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const lenient = new TextDecoder('utf-8').decode(bytes);
    const lines = lenient.split('\n');
    const line = lines.findIndex((text) => text.includes('\uFFFD'));
    const text = lines[line] ?? '';
    const place = { file: path, line: line + 1, column: text.indexOf('\uFFFD') + 1, text };
    problems.add('TOLL_CATALOG_ENCODING_INVALID', place, 'These bytes are no UTF-8');
    // Goes on with the replaced text, so that the other problems of the file are found too.
    return lenient;
  }
}

function idsOf(files: readonly YamlFile[]): Set<string> {
  return new Set(files.map((yaml) => yamlFields(yaml, []).text('id') ?? ''));
}

function accountIdsOf(yaml: YamlFile): string[] {
  const list = (yaml.value as { accounts?: unknown } | null)?.accounts;
  return Array.isArray(list)
    ? list.map((_, index) => yamlFields(yaml, ['accounts', index]).text('id') ?? '')
    : [];
}

function keepUnique<Entity extends { readonly id: string }>(
  entities: Map<string, Entity>,
  entity: Entity,
  yaml: YamlFile,
  problems: ProblemList,
): void {
  if (entity.id === '') return;
  if (entities.has(entity.id)) {
    problems.add('TOLL_CATALOG_ID_DUPLICATE', yaml.place(['id']), 'Another file already has this id');
  }
  entities.set(entity.id, entity);
}

function warnOfPremiumWithoutRate(plan: Plan, yaml: YamlFile, warnings: ProblemList): void {
  const rule = plan.rules.premium;
  if (rule.kind !== 'tariff') return;
  plan.premiumPrefixes.forEach((prefix, i) => {
    if (rule.tariff.rates.touches(prefix)) return;
    const message = `Tariff ${rule.tariff.id} has no rate for this premium prefix`;
    warnings.add('TOLL_CATALOG_PREMIUM_WITHOUT_RATE', yaml.place(['premium_prefixes', i]), message);
  });
}

function warnOfUnusedTariffs(
  files: readonly YamlFile[],
  plans: ReadonlyMap<string, Plan>,
  accounts: ReadonlyMap<string, Account>,
  warnings: ProblemList,
): void {
  const used = new Set<string>();
  const use = (rules: OwnRules | undefined): void => {
    for (const rule of Object.values(rules ?? {})) if (rule.kind === 'tariff') used.add(rule.tariff.id);
  };
  for (const plan of plans.values()) use(plan.rules);
  for (const { rules, billingGroups = [], devices, numbers } of accounts.values()) {
    use(rules);
    for (const each of [...billingGroups, ...devices, ...numbers]) use(each.rules);
  }
  for (const yaml of files) {
    if (used.has(yamlFields(yaml, []).text('id')!)) continue;
    warnings.add('TOLL_CATALOG_TARIFF_UNUSED', yaml.place(['id']), 'No plan and no account uses this tariff');
  }
}
