/** Allowances of a plan. */
import type { PlanUse } from './account-use.ts';
import { namedSet } from './destination-sets.ts';
import { FieldReader, isObject, sequenceLength, yamlFields } from './fields.ts';
import type { Fields } from './fields.ts';
import type { DestinationSet, Plan, Pool } from './model.ts';
import type { ProblemList } from './problems.ts';
import type { YamlFile } from './read-yaml.ts';
import { CHARGE_SCALE } from './scales.ts';

const SIZES = ['minutes_per_month', 'calls_per_month', 'amount_per_month'] as const;

export function readPools(
  yaml: YamlFile,
  value: unknown,
  sets: ReadonlyMap<string, DestinationSet>,
  problems: ProblemList,
): Map<string, Pool> {
  const reader = new FieldReader(problems);
  const pools = new Map<string, Pool>();
  for (let i = 0; i < sequenceLength(value); i++) {
    const fields = yamlFields(yaml, ['pools', i]);
    const id = fields.text('id');
    if (id === undefined) continue;
    if (pools.has(id))
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), 'The plan has this pool twice');
    const scope = (fields.text('scope') ?? 'account') as Pool['scope'];
    checkDevices(fields, scope, problems);
    pools.set(id, {
      id,
      ...sizeOf(fields, reader, problems),
      scope,
      deviceKind: fields.text('device_kind') ?? '',
      devicesMin: Number(fields.text('devices_min') ?? 1),
      destinations: namedSet(fields, sets, problems),
      proration: (fields.text('first_month')?.replace('prorated_', '') ?? 'none').replace(
        'whole',
        'none',
      ) as Pool['proration'],
    });
  }
  return pools;
}

function sizeOf(fields: Fields, reader: FieldReader, problems: ProblemList): Pick<Pool, 'unit' | 'perMonth'> {
  const [size, ...others] = SIZES.filter((name) => fields.text(name) !== undefined);
  if (size === undefined || others.length > 0) {
    const message =
      size === undefined
        ? 'The pool has no size'
        : `The pool has more than one size: ${size}, ${others.join(', ')}`;
    problems.add('TOLL_CATALOG_POOL_SIZE_INVALID', fields.place(others[0] ?? 'id'), message);
  }
  switch (size) {
    case 'calls_per_month':
      return { unit: 'calls', perMonth: Number(fields.text(size)) };
    case 'amount_per_month':
      return { unit: 'money', perMonth: reader.decimal(fields, size, CHARGE_SCALE, 0) };
    default:
      return { unit: 'seconds', perMonth: Number(fields.text('minutes_per_month') ?? 0) * 60 };
  }
}

function checkDevices(fields: Fields, scope: Pool['scope'], problems: ProblemList): void {
  for (const [name, scopes] of [
    ['device_kind', ['device', 'devices']],
    ['devices_min', ['devices']],
  ] as const) {
    if (fields.text(name) === undefined || (scopes as readonly string[]).includes(scope)) continue;
    const message = `The key ${name} has a meaning for pools of scope ${scopes.join(' or ')} only`;
    problems.add('TOLL_CATALOG_POOL_SCOPE_INVALID', fields.place(name), message);
  }
}

/** The pools that a rule names, in its order: `pool` for one, `pools` for several. */
export function namedPools(
  yaml: YamlFile,
  path: readonly (string | number)[],
  rule: Record<string, unknown>,
  pools: ReadonlyMap<string, Pool>,
  problems: ProblemList,
): Pool[] {
  const several = Array.isArray(rule['pools']) ? rule['pools'] : [];
  if (rule['pool'] !== undefined && rule['pools'] !== undefined) {
    problems.add(
      'TOLL_CATALOG_POOL_ORDER_INVALID',
      yaml.place([...path, 'pools']),
      'The rule has both pool and pools, so that no order holds',
    );
  }
  const named: Pool[] = [];
  const places = [
    ...(rule['pool'] === undefined ? [] : [{ id: rule['pool'], at: [...path, 'pool'] }]),
    ...several.map((id, i) => ({ id, at: [...path, 'pools', i] })),
  ];
  for (const { id, at } of places) {
    const pool = pools.get(String(id));
    if (pool === undefined) {
      problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', yaml.place(at), 'The plan has no such pool');
      continue;
    }
    if (named.includes(pool)) {
      const message = 'The rule names this pool twice, so that its place in the order is not clear';
      problems.add('TOLL_CATALOG_POOL_ORDER_INVALID', yaml.place(at), message);
    } else if (pool.unit !== 'money' && named.some(({ unit }) => unit === 'money')) {
      const message = `Pool ${pool.id} in ${pool.unit} stands behind one in money, which pays what the others leave`;
      problems.add('TOLL_CATALOG_POOL_ORDER_INVALID', yaml.place(at), message);
    }
    named.push(pool);
  }
  return named;
}

/** Warns of pools that no call can use. */
export function warnOfPools(plan: Plan, yaml: YamlFile, use: PlanUse, warnings: ProblemList): void {
  const value = isObject(yaml.value) ? yaml.value['pools'] : null;
  for (let i = 0; i < sequenceLength(value); i++) {
    const fields = yamlFields(yaml, ['pools', i]);
    const pool = plan.pools.find(({ id }) => id === fields.text('id'));
    const why = pool === undefined ? null : whyUnreachable(pool, plan, use);
    if (why !== null)
      warnings.add('TOLL_CATALOG_POOL_UNREACHABLE', fields.place('id'), `No call uses this pool: ${why}`);
  }
}

function whyUnreachable(pool: Pool, plan: Plan, use: PlanUse): string | null {
  if (pool.perMonth === 0) return 'it holds nothing';
  const callTypes = Object.entries(plan.rules)
    .filter(([, rule]) => rule.kind === 'tariff' && rule.pools.includes(pool))
    .map(([callType]) => callType);
  // Whose rules those are, and for which calls, is not looked into.
  if (use.pools.has(pool)) return null;
  if (callTypes.length === 0) return 'no rule names it';
  if (!plan.internalUsesAllowance && callTypes.every((callType) => callType === 'internal'))
    return 'only the rule of internal calls names it, which do not use allowances in this plan';
  const types = pool.destinations?.callTypes ?? null;
  if (types !== null && !callTypes.some((callType) => (types as ReadonlySet<string>).has(callType)))
    return `the rules that name it are of call types that set ${pool.destinations!.id} does not hold`;
  const hasDevices = (use.devicesMax.get(pool.deviceKind) ?? 0) >= pool.devicesMin;
  const needsDevices = pool.scope === 'devices' || pool.deviceKind !== '';
  if (needsDevices && use.accounts > 0 && !hasDevices)
    return `no account of the plan has ${pool.devicesMin} devices of kind ${pool.deviceKind || 'any'}`;
  return null;
}
