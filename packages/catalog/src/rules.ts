/** How a call type is charged: rules of plans, and those that accounts, billing groups, devices and numbers have instead. */
import { isObject, yamlFields } from './fields.ts';
import type { CallTypeName, ChargeRule, OwnRules, Pool, Tariff } from './model.ts';
import { namedPools } from './pools.ts';
import type { Place, ProblemList } from './problems.ts';
import type { Path, YamlFile } from './read-yaml.ts';

export const FREE: ChargeRule = { kind: 'free' };
const BLOCKED: ChargeRule = { kind: 'blocked' };

export interface RuleContext {
  /** Those that could be read. */
  readonly tariffs: ReadonlyMap<string, Tariff>;
  /** Also of tariffs whose own file is broken: a reference to them is not a second problem. */
  readonly tariffExists: (id: string) => boolean;
  readonly pools: ReadonlyMap<string, Pool>;
  /** That all tariffs must be in; '' when it could not be read. */
  readonly currency: string;
  readonly owner: 'plan' | 'account';
}

/** @returns null when nothing is written there */
export function readRule(
  yaml: YamlFile,
  path: Path,
  { tariffs, tariffExists, pools, currency, owner }: RuleContext,
  problems: ProblemList,
): ChargeRule | null {
  const written = valueAt(yaml, path);
  if (written === 'blocked') return BLOCKED;
  if (written === 'free') return FREE;
  if (!isObject(written)) return null;
  const fields = yamlFields(yaml, path);
  const tariffId = fields.text('tariff');
  const tariff = tariffId === undefined ? undefined : tariffs.get(tariffId);
  if (tariffId !== undefined && !tariffExists(tariffId)) {
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('tariff'), 'There is no such tariff');
  }
  if (tariff !== undefined && tariff.currency !== '' && currency !== '' && tariff.currency !== currency) {
    problems.add(
      'TOLL_CATALOG_CURRENCY_MISMATCH',
      fields.place('tariff'),
      `The tariff is in ${tariff.currency} and the ${owner} in ${currency}`,
    );
  }
  const named = namedPools(yaml, path, written, pools, problems);
  return tariff === undefined ? BLOCKED : { kind: 'tariff', tariff, pools: named };
}

/**
 * Rules that someone has instead of the plan's: written out, or the name of one of the account's sets.
 * @returns undefined when there are none
 */
export function readOwnRules(
  yaml: YamlFile,
  path: Path,
  ruleSets: ReadonlyMap<string, OwnRules>,
  context: RuleContext,
  problems: ProblemList,
): OwnRules | undefined {
  const written = valueAt(yaml, path);
  if (typeof written === 'string') return ruleSetOf(written, ruleSets, yaml.place(path), problems);
  if (!isObject(written)) return undefined;
  const rules: Partial<Record<CallTypeName, ChargeRule>> = {};
  for (const type of Object.keys(written) as CallTypeName[]) {
    const rule = readRule(yaml, [...path, type], context, problems);
    if (rule !== null) rules[type] = rule;
  }
  return rules;
}

export function ruleSetOf(
  name: string,
  ruleSets: ReadonlyMap<string, OwnRules>,
  place: Place,
  problems: ProblemList,
): OwnRules | undefined {
  const rules = ruleSets.get(name);
  if (rules === undefined)
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', place, 'The account has no such rule set');
  return rules;
}

function valueAt(yaml: YamlFile, path: Path): unknown {
  let value: unknown = yaml.value;
  for (const key of path) value = isObject(value) || Array.isArray(value) ? (value as never)[key] : undefined;
  return value;
}
