/** Files to a catalog: pure, and every problem at once. */
import { AccountColumnsBuilder, storedAccounts } from './account-columns.ts';
import { AccountNumbers } from './account-numbers.ts';
import { AccountUse } from './account-use.ts';
import { readAccounts } from './accounts.ts';
import { CatalogFiles } from './catalog-files.ts';
import { readBillingTerms } from './billing-terms.ts';
import { readDestinationSets } from './destination-sets.ts';
import { FieldReader, yamlFields } from './fields.ts';
import { fingerprintsOf } from './fingerprint.ts';
import type { Catalog, ChargeRounding, DurationRounding, Plan, Tariff } from './model.ts';
import { readOriginGroups } from './origins.ts';
import { readPlan } from './plans.ts';
import { warnOfPools } from './pools.ts';
import { type CatalogProblem, ProblemList, wholeFile } from './problems.ts';
import type { YamlFile } from './read-yaml.ts';
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
  const catalogFiles = new CatalogFiles(files, problems);
  const { paths, textOf, bytesOf } = catalogFiles;

  // 1. The head, and what else there is. Ids are known before references are followed.
  const head = catalogFiles.yamlOf('catalog.yaml', 'catalog');
  if (!catalogFiles.has('catalog.yaml')) {
    problems.add('TOLL_CATALOG_FILE_MISSING', wholeFile('catalog.yaml'), 'The catalog has no catalog.yaml');
  }
  const defaults = readDefaults(head, problems);
  const tariffFiles = catalogFiles.yamlsIn('tariffs', 'tariff');
  const planFiles = catalogFiles.yamlsIn('plans', 'plan');
  // A file that could not be read at all may hold any id: then a reference to an unknown one is no finding.
  const brokenFolder = (folder: string, read: readonly YamlFile[]) =>
    read.length < catalogFiles.yamlPathsIn(folder).length;
  const tariffIds = idsOf(tariffFiles);
  const planIds = idsOf(planFiles);
  const tariffsBroken = brokenFolder('tariffs', tariffFiles);
  const plansBroken = brokenFolder('plans', planFiles);

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
  const billingFile = catalogFiles.yamlOf('billing.yaml', 'billing');
  const terms =
    billingFile === null ? null : readBillingTerms(billingFile, { textOf, bytesOf }, problems, warnings);
  // Read one file of accounts after the other, each forgotten before the next: there may be a million accounts.
  const numbers = AccountNumbers.read('numbers.csv', textOf('numbers.csv'), problems);
  const accountRows = new AccountColumnsBuilder();
  const use = new AccountUse();
  /** Of accounts that cannot be made of what is written: numbers that name them are no second problem. */
  const otherIds = new Set<string>();
  let accountsBroken = false;
  const atRoot = catalogFiles.has('accounts.yaml') ? ['accounts.yaml'] : [];
  for (const path of [...atRoot, ...catalogFiles.yamlPathsIn('accounts')]) {
    const yaml = catalogFiles.yamlOf(path, 'accounts');
    if (yaml === null) {
      accountsBroken = true;
      continue;
    }
    for (const { id, index, account } of readAccounts(
      yaml,
      plans,
      (plan) => plansBroken || planIds.has(plan),
      numbers.of,
      { tariffs, tariffExists: (tariff) => tariffsBroken || tariffIds.has(tariff) },
      destinationSets,
      { timeZone: defaults.timeZone, terms },
      problems,
    )) {
      if (account === null) otherIds.add(id);
      else if (accountRows.add(account)) use.add(account);
      else {
        const place = yaml.place(['accounts', index, 'id']);
        problems.add('TOLL_CATALOG_ID_DUPLICATE', place, 'There already is an account with this id');
      }
    }
  }
  numbers.checkAccounts((id) => accountsBroken || accountRows.has(id) || otherIds.has(id));

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

  for (const path of catalogFiles.unused) {
    warnings.add('TOLL_CATALOG_FILE_UNUSED', wholeFile(path), 'Nothing refers to this file');
  }
  warnOfUnusedTariffs(tariffFiles, plans, use, warnings);
  for (const yaml of planFiles) {
    const plan = plans.get(yamlFields(yaml, []).text('id') ?? '');
    if (plan === undefined) continue;
    warnOfPools(plan, yaml, use.of(plan), warnings);
  }
  const { accounts, accountByNumber } = storedAccounts(accountRows.finish(), { plans, tariffs });
  const content = {
    version: options.version ?? Number(yamlFields(head!, []).text('version')),
    name: yamlFields(head!, []).text('name')!,
    plans,
    tariffs,
    accounts,
    ...(terms === null ? {} : { billing: terms }),
    destinationSets,
  };
  const [fingerprint, contentFingerprint] = fingerprintsOf(content, [content.version, 0]);
  const catalog: Catalog = {
    ...content,
    fingerprint: fingerprint!,
    contentFingerprint: contentFingerprint!,
    accountByNumber,
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

function idsOf(files: readonly YamlFile[]): Set<string> {
  return new Set(files.map((yaml) => yamlFields(yaml, []).text('id') ?? ''));
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
  { tariffs }: AccountUse,
  warnings: ProblemList,
): void {
  const used = new Set(tariffs);
  for (const plan of plans.values()) {
    for (const rule of Object.values(plan.rules)) if (rule.kind === 'tariff') used.add(rule.tariff.id);
  }
  for (const yaml of files) {
    if (used.has(yamlFields(yaml, []).text('id')!)) continue;
    warnings.add('TOLL_CATALOG_TARIFF_UNUSED', yaml.place(['id']), 'No plan and no account uses this tariff');
  }
}
