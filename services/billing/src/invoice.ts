/** An invoice as it is written to JSON: keys in this order, money as decimal text, dates in the account's time zone. */
import type { CallType, RateType } from '@tollstream/contracts';

export interface Invoice {
  readonly schema: 'tollstream.invoice/1';
  /** `preview`: made from usage as it stands; nothing was issued. */
  readonly status: 'preview';
  /** Month it is issued in; recurring charges are for this month. */
  readonly month: string;
  /** Month before, whose usage it carries. */
  readonly usage_month: string;
  readonly issue_date: string;
  readonly due_date: string;
  readonly account: InvoiceAccount;
  readonly currency: string;
  readonly catalog_version: number;
  readonly recurring: readonly RecurringLine[];
  readonly usage: readonly UsageLine[];
  readonly totals: InvoiceTotals;
  /** What a complete invoice has and this one does not. */
  readonly not_included: readonly string[];
}

export interface InvoiceAccount {
  readonly id: string;
  readonly name: string;
  readonly address: readonly string[];
  readonly plan_id: string;
  readonly plan_name: string;
  /** The catalog does not know the account; it was rated on the default plan. */
  readonly plan_is_default: boolean;
  readonly time_zone: string;
}

export interface RecurringLine {
  readonly id: string;
  readonly description: string;
  readonly period_from: string;
  /** Last day, inclusive. */
  readonly period_to: string;
  readonly quantity: number;
  readonly unit: 'account' | 'device' | 'did' | 'toll_free_did';
  readonly unit_price: string;
  /** Rounded once to the currency's minor unit. */
  readonly amount: string;
}

export interface UsageLine {
  readonly call_type: CallType;
  readonly rate_type: RateType;
  readonly description: string;
  readonly calls: number;
  readonly billable_minutes: string;
  readonly included_minutes: string;
  readonly charged_minutes: string;
  /** Sum of the calls' charges, to the last digit. */
  readonly exact_amount: string;
  /** The same, rounded once to the currency's minor unit. */
  readonly amount: string;
}

export interface InvoiceTotals {
  readonly calls: number;
  readonly billable_minutes: string;
  /** Sum of all calls' charges: what the month's call details add up to. */
  readonly exact_usage: string;
  readonly recurring: string;
  readonly usage: string;
  /** Sum of the lines' amounts. */
  readonly total: string;
}
