import { accountFor } from '@tollstream/catalog';
import type {
  Account,
  Catalog,
  ChargeRule,
  OwnRules,
  Plan,
  Pool,
  PrefixIndex,
  Tariff,
} from '@tollstream/catalog';
import { CALL_TYPES } from '@tollstream/contracts';
import type { CallType } from '@tollstream/contracts';
import { billingMonths } from './billing-month.ts';
import type { BillingMonths } from './billing-month.ts';
import type { CompiledWindows } from './charged-parts.ts';
import { OwnNumbers } from './own-numbers.ts';
import { compileOwnRules } from './own-rules.ts';
import type { CompiledOwnRules, RuleOwner } from './own-rules.ts';
import { planDestinations } from './plan-destinations.ts';
import type { PlanDestination } from './plan-destinations.ts';
import { compilePool, holdingsOf, isPlainPool } from './pools.ts';
import type { CompiledPool, Holdings } from './pools.ts';
import { PrefixSet } from './prefix-set.ts';
import { windowCalendar } from './window-calendar.ts';

/** One catalog version, prepared for pricing: what a call would otherwise look up or parse is looked up once. */
export interface RateTable {
  readonly catalog: Catalog;
  /** Whether any tariff rates by it; otherwise callers need not read it. */
  readonly usesRoutingNumbers: boolean;
  /**
   * The account as calls are priced for it. One that the catalog does not know stands on the default plan, where there
   * is one (`account.isDefault`), in UTC and without a billing start.
   */
  account(accountId: string): RatedAccount | null;
}

export interface RatedAccount {
  readonly account: Account;
  readonly plan: CompiledPlan;
  readonly months: BillingMonths;
  readonly numbers: OwnNumbers;
  /** Null when all its calls go by the plan. */
  readonly ownRules: CompiledOwnRules | null;
  /** Null where the plan has no pool, or one plain one. */
  readonly holdings: Holdings | null;
}

interface CompiledPlan {
  readonly plan: Plan;
  readonly destinations: readonly PlanDestination[];
  /** Premium whatever their country. */
  readonly premium: PrefixSet;
  readonly rules: Readonly<Record<CallType, CompiledRule>>;
  /** Of the largest tariff of its rules; null where that is small enough to lie in a processor's caches anyway. */
  readonly largeIndex: PrefixIndex | null;
}

/** Some 4 MB with its index, what a core has for itself. */
const LARGE_TARIFF_ROWS_MIN = 50_000;

export type CompiledRule =
  | { readonly kind: 'free' }
  | { readonly kind: 'blocked' }
  | {
      readonly kind: 'tariff';
      readonly tariff: CompiledTariff;
      /** The only pool, a plain one. */
      readonly pool: Pool | null;
      /** Any other pools, in order; otherwise null, so that a plain pool costs no detour. */
      readonly pools: readonly CompiledPool[] | null;
    };

export interface CompiledTariff {
  readonly tariff: Tariff;
  readonly windows: CompiledWindows | null;
  /** Whether any row charges calls that nobody answered. */
  readonly hasAttemptFees: boolean;
}

export function compileRateTable(catalog: Catalog): RateTable {
  const tariffs = new Map<Tariff, CompiledTariff>();
  const plans = new Map<Plan, CompiledPlan>();
  const accounts = new Map<string, RatedAccount>();

  function compileTariff(tariff: Tariff): CompiledTariff {
    let compiled = tariffs.get(tariff);
    if (compiled === undefined) {
      compiled = {
        tariff,
        windows:
          tariff.windows === null ? null : { ...tariff.windows, calendar: windowCalendar(tariff.windows) },
        hasAttemptFees: tariff.rates.hasAttemptFees,
      };
      tariffs.set(tariff, compiled);
    }
    return compiled;
  }

  function compileRule(rule: ChargeRule): CompiledRule {
    return rule.kind === 'tariff'
      ? { kind: 'tariff', tariff: compileTariff(rule.tariff), ...compilePools(rule.pools) }
      : rule;
  }

  function compileOwn(rules: OwnRules): RuleOwner['rules'] {
    return Object.fromEntries(Object.entries(rules).map(([type, rule]) => [type, compileRule(rule)]));
  }

  function compilePools(pools: readonly Pool[]): {
    readonly pool: Pool | null;
    readonly pools: readonly CompiledPool[] | null;
  } {
    const [first] = pools;
    if (first === undefined) return { pool: null, pools: null };
    return pools.length === 1 && isPlainPool(first)
      ? { pool: first, pools: null }
      : { pool: null, pools: pools.map(compilePool) };
  }

  function compilePlan(plan: Plan): CompiledPlan {
    let compiled = plans.get(plan);
    if (compiled === undefined) {
      const rules = Object.fromEntries(
        CALL_TYPES.map((callType) => [callType, compileRule(plan.rules[callType])]),
      ) as Record<CallType, CompiledRule>;
      compiled = {
        plan,
        destinations: planDestinations(plan),
        premium: new PrefixSet(plan.premiumPrefixes),
        rules,
        largeIndex: largeIndexOf(plan),
      };
      plans.set(plan, compiled);
    }
    return compiled;
  }

  function compileAccount(account: Account): RatedAccount {
    const months = billingMonths(account.timeZone);
    const plan = compilePlan(account.plan);
    return {
      account,
      plan,
      months,
      numbers: new OwnNumbers(account.numbers),
      ownRules: compileOwnRules(account, compileOwn),
      holdings: hasOnePlainPool(account.plan) ? null : holdingsOf(account, (atMs) => months.of(atMs)),
    };
  }

  // Plans at once, and with them tariffs and their windows: they are few. Accounts when their first call comes: they may be many,
  // and a swap to a new version must delay no batch.
  for (const plan of catalog.plans.values()) compilePlan(plan);

  return {
    catalog,
    usesRoutingNumbers: [...catalog.tariffs.values()].some(({ byRoutingNumber }) => byRoutingNumber),
    account(accountId) {
      const known = accounts.get(accountId);
      if (known !== undefined) return known;
      // Those of the default plan are compiled anew each time: there may be any number of unknown ids.
      const account = accountFor(catalog, accountId);
      if (account === null) return null;
      const compiled = compileAccount(account);
      if (!account.isDefault) accounts.set(accountId, compiled);
      return compiled;
    },
  };
}

function largeIndexOf({ rules }: Plan): PrefixIndex | null {
  let largest: Tariff | null = null;
  for (const rule of Object.values(rules)) {
    if (rule.kind === 'tariff' && rule.tariff.rates.length > (largest?.rates.length ?? 0))
      largest = rule.tariff;
  }
  return largest === null || largest.rates.length < LARGE_TARIFF_ROWS_MIN ? null : largest.index;
}

function hasOnePlainPool({ pools }: Plan): boolean {
  return pools.length < 2 && pools.every(isPlainPool);
}
