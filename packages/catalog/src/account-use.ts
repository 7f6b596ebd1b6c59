/** What accounts use of the catalog, gathered one account after the other. */
import type { Account, OwnRules, Plan, Pool } from './model.ts';

/** Of the accounts of a plan. */
export interface PlanUse {
  readonly accounts: number;
  /** Those that own rules name. */
  readonly pools: ReadonlySet<Pool>;
  /** The most devices of a kind that one account has; '' = of any kind. */
  readonly devicesMax: ReadonlyMap<string, number>;
}

const UNUSED: PlanUse = { accounts: 0, pools: new Set(), devicesMax: new Map() };

export class AccountUse {
  /** Ids of those that own rules name. */
  readonly tariffs = new Set<string>();
  readonly #plans = new Map<Plan, { accounts: number; pools: Set<Pool>; devicesMax: Map<string, number> }>();
  readonly #counts = new Map<string, number>();

  add({ plan, rules, billingGroups = [], devices, numbers }: Account): void {
    let use = this.#plans.get(plan);
    if (use === undefined) {
      use = { accounts: 0, pools: new Set(), devicesMax: new Map() };
      this.#plans.set(plan, use);
    }
    use.accounts++;
    this.#addRules(rules, use.pools);
    for (const each of billingGroups) this.#addRules(each.rules, use.pools);
    for (const each of devices) this.#addRules(each.rules, use.pools);
    for (const each of numbers) this.#addRules(each.rules, use.pools);
    const counts = this.#counts;
    counts.clear();
    if (devices.length > 0) counts.set('', devices.length);
    for (const { kind } of devices) if (kind !== '') counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const [kind, count] of counts)
      use.devicesMax.set(kind, Math.max(use.devicesMax.get(kind) ?? 0, count));
  }

  of(plan: Plan): PlanUse {
    return this.#plans.get(plan) ?? UNUSED;
  }

  #addRules(rules: OwnRules | undefined, pools: Set<Pool>): void {
    if (rules === undefined) return;
    for (const rule of Object.values(rules)) {
      if (rule.kind !== 'tariff') continue;
      this.tariffs.add(rule.tariff.id);
      for (const pool of rule.pools) pools.add(pool);
    }
  }
}
