/**
 * An account of a table as an object of four fields. A service keeps one for each account that calls, and V8 walks through all that it keeps again
 * and again: so what many accounts have in common stands once, and the rest stays bytes until somebody asks, which nobody does for each call.
 */
import type { Account } from './model.ts';

/** What accounts often have in common, and every call asks for. */
export type AccountTerms = Pick<
  Account,
  'plan' | 'timeZone' | 'dialPlan' | 'currency' | 'status' | 'isDefault' | 'billingStart'
>;

/** Where the rest comes from. */
export interface WholeAccounts {
  /** The account whose bytes begin there, with everything it has. */
  wholeAt(begin: number): Account;
}

export class AccountView implements Account {
  readonly id: string;
  readonly #terms: AccountTerms;
  readonly #begin: number;
  readonly #source: WholeAccounts;

  constructor(id: string, terms: AccountTerms, begin: number, source: WholeAccounts) {
    this.id = id;
    this.#terms = terms;
    this.#begin = begin;
    this.#source = source;
  }

  get plan(): Account['plan'] {
    return this.#terms.plan;
  }

  get timeZone(): string {
    return this.#terms.timeZone;
  }

  get dialPlan(): Account['dialPlan'] {
    return this.#terms.dialPlan;
  }

  get currency(): string {
    return this.#terms.currency;
  }

  get status(): Account['status'] {
    return this.#terms.status;
  }

  get isDefault(): boolean {
    return this.#terms.isDefault;
  }

  get billingStart(): number {
    return this.#terms.billingStart;
  }

  get name(): string {
    return this.whole().name;
  }

  get address(): Account['address'] {
    return this.whole().address;
  }

  get devices(): Account['devices'] {
    return this.whole().devices;
  }

  get numbers(): Account['numbers'] {
    return this.whole().numbers;
  }

  get rules(): Account['rules'] {
    return this.whole().rules;
  }

  get billingGroups(): Account['billingGroups'] {
    return this.whole().billingGroups;
  }

  get spendLimits(): Account['spendLimits'] {
    return this.whole().spendLimits;
  }

  get billing(): Account['billing'] {
    return this.whole().billing;
  }

  /** Everything as an object of its own. */
  whole(): Account {
    return this.#source.wholeAt(this.#begin);
  }
}

/** The account as an object that can be spread and compared: what a table gives has most of its fields only when they are asked for. */
export function wholeAccount(account: Account): Account {
  return account instanceof AccountView ? account.whole() : account;
}
