/** Which plan an account was on, on which day. */
import type { Account, Catalog, Plan } from '@tollstream/catalog';
import { accountMoved, planUnknown } from './errors.ts';
import { dateText, daysIn, monthBefore } from './month.ts';
import type { Month } from './month.ts';

/** Former plans by their last day, in order, and the present one. */
export interface PlanHistory {
  readonly former: readonly { readonly plan: Plan; readonly until: string }[];
  readonly present: Plan;
}

/** @throws TollError TOLL_BILLING_ACCOUNT_MOVED when a plan of the invoice's months is of another country or currency */
export function planHistoryOf(account: Account, catalog: Pick<Catalog, 'plans'>, month: Month): PlanHistory {
  const former = (account.billing?.formerPlans ?? [])
    .map(({ planId, until }) => {
      const plan = catalog.plans.get(planId);
      if (plan === undefined) throw planUnknown(account.id, planId);
      return { plan, until };
    })
    .toSorted((a, b) => (a.until < b.until ? -1 : 1));
  const first = dateText(monthBefore(month));
  for (const { plan, until } of former) {
    if (until < first) continue;
    if (plan.country !== account.plan.country || plan.currency !== account.currency) {
      throw accountMoved(account.id, plan, account.plan, until);
    }
  }
  return { former, present: account.plan };
}

export function planOn({ former, present }: PlanHistory, day: string): Plan {
  return former.find(({ until }) => until >= day)?.plan ?? present;
}

/** Changes after a day of the month before that was not its last. */
export function planChangesIn(
  history: PlanHistory,
  month: Month,
): { readonly before: Plan; readonly after: Plan; readonly until: string }[] {
  const before = monthBefore(month);
  const [first, last] = [dateText(before), dateText(before, daysIn(before) - 1)];
  return history.former
    .filter(({ until }) => until >= first && until < last)
    .map(({ plan, until }) => ({
      before: plan,
      until,
      after: planOn(history, new Date(Date.parse(until) + 86_400_000).toISOString().slice(0, 10)),
    }));
}
