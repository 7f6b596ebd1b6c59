/** Spend limits of plans and accounts. */
import { FieldReader, isObject, sequenceLength, yamlFields } from './fields.ts';
import type { CallTypeName, DestinationSet, SpendLimit, SpendWindow } from './model.ts';
import type { ProblemList } from './problems.ts';
import type { Path, YamlFile } from './read-yaml.ts';
import { CHARGE_SCALE } from './scales.ts';

const THRESHOLDS_DEFAULT = [100];

/**
 * @param path of the list: that of a plan, or of one account of the file
 * @param owner whose list it is, for messages
 */
export function readSpendLimits(
  yaml: YamlFile,
  path: Path,
  owner: 'plan' | 'account',
  sets: ReadonlyMap<string, DestinationSet>,
  problems: ProblemList,
): SpendLimit[] {
  const reader = new FieldReader(problems);
  const limits: SpendLimit[] = [];
  const list = valueAt(yaml, path);
  for (let i = 0; i < sequenceLength(list); i++) {
    const at = [...path, i];
    const fields = yamlFields(yaml, at);
    const id = fields.text('id');
    if (id === undefined) continue;
    if (limits.some((limit) => limit.id === id)) {
      const message = `The ${owner} has this spend limit twice`;
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), message);
    }
    const thresholds = listAt(yaml, [...at, 'thresholds']).map(({ text }) => Number(text));
    limits.push({
      id,
      amount: reader.decimal(fields, 'amount', CHARGE_SCALE, 0),
      window: (fields.text('window') as SpendWindow | undefined) ?? 'day',
      thresholds: [...new Set(thresholds.length === 0 ? THRESHOLDS_DEFAULT : thresholds)].sort(
        (a, b) => a - b,
      ),
      ...countedBy(yaml, at, sets, problems),
    });
  }
  return limits;
}

function countedBy(
  yaml: YamlFile,
  at: Path,
  sets: ReadonlyMap<string, DestinationSet>,
  problems: ProblemList,
): Pick<SpendLimit, 'callTypes' | 'destinations'> {
  const types = listAt(yaml, [...at, 'call_types']).map(({ text }) => text);
  const destinations: DestinationSet[] = [];
  for (const { text, path } of listAt(yaml, [...at, 'destinations'])) {
    const set = sets.get(text);
    if (set !== undefined) destinations.push(set);
    else {
      const message = 'The catalog has no such destination set';
      problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', yaml.place(path), message);
    }
  }
  const isEveryCall = types.includes('all');
  return {
    callTypes: types.length === 0 || isEveryCall ? null : new Set(types as CallTypeName[]),
    destinations: isEveryCall ? [] : destinations,
  };
}

/** The texts of a list, or of a text that stands for a list of one. */
function listAt(yaml: YamlFile, path: Path): { readonly text: string; readonly path: Path }[] {
  const value = valueAt(yaml, path);
  if (typeof value === 'string') return [{ text: value, path }];
  return Array.from({ length: sequenceLength(value) }, (_, i) => ({
    text: String((value as unknown[])[i]),
    path: [...path, i],
  }));
}

function valueAt(yaml: YamlFile, path: Path): unknown {
  let value: unknown = yaml.value;
  for (const key of path) value = isObject(value) || Array.isArray(value) ? (value as never)[key] : undefined;
  return value;
}

/** The limits that hold for an account: its own, and those of its plan that it does not replace. */
export function spendLimitsOf(account: {
  readonly spendLimits?: readonly SpendLimit[] | undefined;
  readonly plan: { readonly spendLimits?: readonly SpendLimit[] };
}): readonly SpendLimit[] {
  const { spendLimits: own = NONE, plan } = account;
  const { spendLimits: ofPlan = NONE } = plan;
  if (own.length === 0) return ofPlan;
  return [...ofPlan.filter(({ id }) => !own.some((limit) => limit.id === id)), ...own];
}

const NONE: readonly SpendLimit[] = [];
