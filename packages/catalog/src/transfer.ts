/**
 * A whole catalog in a form that another thread gets without copying or reading it: the rows, their indexes and the accounts are shared
 * buffers, and the rest is a small object that can be cloned.
 */
import { type AccountColumns, accountColumns, storedAccounts } from './account-columns.ts';
import type { CallTypeName, Catalog, ChargeRule, OriginIndex, Plan, RateOrigin, Tariff } from './model.ts';
import { Origins } from './origin-index.ts';
import { type PrefixNodes, PrefixTrie } from './prefix-index.ts';
import { type RateColumns, RateList } from './rate-list.ts';
import { type PackedSpecials, SpecialList } from './special-list.ts';

/** Can be posted to another thread; what it is made of is not for others to look at. */
export interface TransferredCatalog {
  readonly head: Pick<
    Catalog,
    'version' | 'fingerprint' | 'contentFingerprint' | 'name' | 'destinationSets' | 'billing'
  > & {
    readonly defaultPlan: string | null;
  };
  readonly tariffs: readonly TransferredTariff[];
  readonly plans: readonly TransferredPlan[];
  readonly accounts: AccountColumns;
}

type TransferredTariff = Omit<Tariff, 'rates' | 'index' | 'originIndex'> & {
  readonly columns: Omit<RateColumns, 'special'> & { readonly special: PackedSpecials };
  readonly nodes: PrefixNodes;
  readonly origins: readonly { readonly origin: RateOrigin; readonly nodes: PrefixNodes }[] | null;
};

type TransferredRule =
  | Exclude<ChargeRule, { readonly kind: 'tariff' }>
  | (Omit<Extract<ChargeRule, { readonly kind: 'tariff' }>, 'tariff'> & { readonly tariff: string });

type TransferredPlan = Omit<Plan, 'rules'> & {
  readonly rules: Readonly<Record<CallTypeName, TransferredRule>>;
};

/** @param catalog as it was built, read or received */
export function transferCatalog(catalog: Catalog): TransferredCatalog {
  const {
    version,
    fingerprint,
    contentFingerprint,
    name,
    destinationSets,
    billing,
    defaultPlan,
    tariffs,
    plans,
    accounts,
  } = catalog;
  return {
    head: {
      version,
      fingerprint,
      contentFingerprint,
      name,
      destinationSets,
      ...(billing === undefined ? {} : { billing }),
      defaultPlan: defaultPlan === null ? null : defaultPlan.id,
    },
    tariffs: Array.from(tariffs.values(), ({ rates, index, originIndex, ...tariff }) => ({
      ...tariff,
      columns: { ...rates.columns, special: rates.columns.special.pack() },
      nodes: nodesOf(index),
      origins: partsOf(originIndex),
    })),
    plans: Array.from(plans.values(), ({ rules, ...plan }) => ({
      ...plan,
      rules: mapRules(rules, (rule) => (rule.kind === 'tariff' ? { ...rule, tariff: rule.tariff.id } : rule)),
    })),
    accounts: accountColumns(accounts),
  };
}

/** The catalog that another thread has transferred. Takes a moment, whatever its size. */
export function receiveCatalog(transferred: TransferredCatalog): Catalog {
  const { defaultPlan, ...head } = transferred.head;
  const tariffs = new Map<string, Tariff>();
  for (const { columns: packed, nodes, origins, ...tariff } of transferred.tariffs) {
    const columns = { ...packed, special: SpecialList.unpack(packed.special) };
    const rates = new RateList(columns);
    const index = new PrefixTrie(columns, nodes);
    const parts = origins?.map(({ origin, nodes: own }) => ({ origin, index: new PrefixTrie(columns, own) }));
    const originIndex = parts === undefined ? null : new Origins(rates, parts, index);
    tariffs.set(tariff.id, { ...tariff, rates, index, originIndex });
  }
  const plans = new Map<string, Plan>();
  for (const { rules, ...plan } of transferred.plans) {
    const received = mapRules(rules, (rule): ChargeRule =>
      rule.kind === 'tariff' ? { ...rule, tariff: tariffs.get(rule.tariff)! } : rule,
    );
    plans.set(plan.id, { ...plan, rules: received });
  }
  return {
    ...head,
    tariffs,
    plans,
    ...storedAccounts(transferred.accounts, { plans, tariffs }),
    defaultPlan: defaultPlan === null ? null : plans.get(defaultPlan)!,
  };
}

function mapRules<From, To>(
  rules: Readonly<Record<CallTypeName, From>>,
  change: (rule: From) => To,
): Record<CallTypeName, To> {
  const entries = Object.entries(rules) as [CallTypeName, From][];
  return Object.fromEntries(entries.map(([type, rule]) => [type, change(rule)])) as Record<CallTypeName, To>;
}

function nodesOf(index: Tariff['index']): PrefixNodes {
  if (!(index instanceof PrefixTrie))
    throw new TypeError('only a catalog with built indexes can be transferred');
  return index.index;
}

function partsOf(index: OriginIndex | null): TransferredTariff['origins'] {
  if (index === null) return null;
  if (!(index instanceof Origins))
    throw new TypeError('only a catalog with built indexes can be transferred');
  return index.parts.map(({ origin, index: own }) => ({ origin, nodes: nodesOf(own) }));
}
