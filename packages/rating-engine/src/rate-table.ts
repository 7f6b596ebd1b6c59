import { accountFor } from '@tollstream/catalog';
import type { Account, Catalog, ChargeRule, OwnRules, Plan, Pool, Tariff } from '@tollstream/catalog';
import { CALL_TYPES } from '@tollstream/contracts';
import type { CallType } from '@tollstream/contracts';
import { billingMonths } from './billing-month.ts';
import type { BillingMonths } from './billing-month.ts';
import type { CompiledWindows } from './charged-parts.ts';
import { compileOwnRules } from './own-rules.ts';
import type { CompiledOwnRules, RuleOwner } from './own-rules.ts';
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
  /** Toll-free numbers that the catalog gives to the account. */
  readonly tollFreeNumbers: ReadonlySet<number>;
  /** Where the account's extensions stand in the numbering plan: its first number; 0 when it has none. */
  readonly mainNumber: number;
  /** Null when all its calls go by the plan. */
  readonly ownRules: CompiledOwnRules | null;
}

interface CompiledPlan {
  readonly plan: Plan;
  readonly premium: PremiumPrefixes;
  readonly rules: Readonly<Record<CallType, CompiledRule>>;
}

export type CompiledRule =
  | { readonly kind: 'free' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'tariff'; readonly tariff: CompiledTariff; readonly pool: Pool | null };

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
        hasAttemptFees: tariff.rates.someSpecial(({ attemptFee }) => attemptFee > 0),
      };
      tariffs.set(tariff, compiled);
    }
    return compiled;
  }

  function compileRule(rule: ChargeRule): CompiledRule {
    return rule.kind === 'tariff'
      ? { kind: 'tariff', tariff: compileTariff(rule.tariff), pool: rule.pool }
      : rule;
  }

  function compileOwn(rules: OwnRules): RuleOwner['rules'] {
    return Object.fromEntries(Object.entries(rules).map(([type, rule]) => [type, compileRule(rule)]));
  }

  function compilePlan(plan: Plan): CompiledPlan {
    let compiled = plans.get(plan);
    if (compiled === undefined) {
      const rules = Object.fromEntries(
        CALL_TYPES.map((callType) => [callType, compileRule(plan.rules[callType])]),
      ) as Record<CallType, CompiledRule>;
      compiled = { plan, premium: new PremiumPrefixes(plan.premiumPrefixes), rules };
      plans.set(plan, compiled);
    }
    return compiled;
  }

  function compileAccount(account: Account): RatedAccount {
    const tollFree = account.numbers.filter(({ kind }) => kind === 'toll_free');
    return {
      account,
      plan: compilePlan(account.plan),
      months: billingMonths(account.timeZone),
      tollFreeNumbers: new Set(tollFree.map(({ number }) => number)),
      mainNumber: account.numbers[0]?.number ?? 0,
      ownRules: compileOwnRules(account, compileOwn),
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

/** Digit prefixes that are premium under a plan whatever their country. */
class PremiumPrefixes {
  /** By number of digits; few lengths, few members. */
  readonly #byDigits: readonly (readonly [digits: number, prefixes: ReadonlySet<number>])[];

  constructor(prefixes: readonly string[]) {
    const byDigits = new Map<number, Set<number>>();
    for (const prefix of prefixes) {
      const sameLength = byDigits.get(prefix.length) ?? new Set<number>();
      byDigits.set(prefix.length, sameLength.add(Number(prefix)));
    }
    this.#byDigits = [...byDigits].sort(([a], [b]) => b - a);
  }

  /** @returns the longest premium prefix of the number, or 0 */
  match(number: number): number {
    if (this.#byDigits.length === 0) return 0;
    const digits = digitCount(number);
    for (const [length, prefixes] of this.#byDigits) {
      if (length > digits) continue;
      const head = Math.floor(number / 10 ** (digits - length));
      if (prefixes.has(head)) return head;
    }
    return 0;
  }
}

function digitCount(number: number): number {
  let digits = 1;
  for (let bound = 10; number >= bound; bound *= 10) digits += 1;
  return digits;
}
