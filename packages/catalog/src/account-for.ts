/** Accounts by id, those of the default plan made when they are first met. */
import type { Account, Catalog, Plan } from './model.ts';

/** Accounts made on the fly are remembered up to this many per catalog; past it they are made again each time. */
const DEFAULT_ACCOUNTS_KEPT_MAX = 100_000;
const made = new WeakMap<Catalog, Map<string, Account>>();

/**
 * The account, or one on the catalog's default plan when the catalog does not know it, or null.
 * Two calls with the same id answer the same object.
 */
export function accountFor(catalog: Catalog, accountId: string): Account | null {
  const known = catalog.accounts.get(accountId);
  if (known !== undefined) return known;
  if (catalog.defaultPlan === null) return null;
  let defaults = made.get(catalog);
  if (defaults === undefined) {
    defaults = new Map();
    made.set(catalog, defaults);
  }
  let account = defaults.get(accountId);
  if (account === undefined) {
    account = defaultAccount(accountId, catalog.defaultPlan);
    if (defaults.size < DEFAULT_ACCOUNTS_KEPT_MAX) defaults.set(accountId, account);
  }
  return account;
}

function defaultAccount(id: string, plan: Plan): Account {
  return {
    id,
    name: id === '' ? '(no account)' : id,
    plan,
    timeZone: 'UTC',
    dialPlan: { country: plan.country, areaCode: '' },
    currency: plan.currency,
    status: 'active',
    billingStart: -Infinity,
    address: [],
    devices: [],
    numbers: [],
    isDefault: true,
  };
}
