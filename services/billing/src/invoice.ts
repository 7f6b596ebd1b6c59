/**
 * An invoice as it is written to JSON (schemas/invoice.schema.json): keys in this order, money as decimal text, days as `2020-02-01` in
 * the account's time zone. Documents are made from it alone. Every text stands as a key with its values, and ready in the invoice's language.
 */
import type { ChargeSection, Language, RecurringUnit } from '@tollstream/catalog';
import type { CallType, Jurisdiction, RateType } from '@tollstream/contracts';
import type { AdjustmentReason } from './settlement/adjustments.ts';
import type { TextKey } from './texts/texts.ts';

export interface Invoice {
  readonly schema: 'tollstream.invoice/2';
  /** `preview`: made from usage as it stands; nothing was issued. */
  readonly status: 'preview' | 'issued';
  /** Null on a preview. */
  readonly number: string | null;
  /** Month it is issued in; recurring charges are for this month. */
  readonly month: string;
  /** Month before, whose usage it carries. */
  readonly usage_month: string;
  readonly issue_date: string;
  readonly due_date: string;
  readonly currency: string;
  readonly language: Language;
  readonly catalog_version: number;
  /** The catalog's content; '' where it is not known. */
  readonly catalog_fingerprint: string;
  /** Null when the catalog has no billing.yaml. */
  readonly seller: InvoiceSeller | null;
  /** Null when none is known for country and currency. */
  readonly remittance: InvoiceRemittance | null;
  readonly account: InvoiceAccount;
  /** In the order of sections, each by billing group. */
  readonly lines: readonly InvoiceLine[];
  /** What was sold, before fees and taxes, by billing group; '' = none. */
  readonly billing_groups: readonly { readonly billing_group: string; readonly amount: string }[];
  readonly fees: readonly InvoiceFee[];
  readonly taxes: readonly InvoiceTax[];
  readonly totals: InvoiceTotals;
  readonly usage_summary: UsageSummary;
  /** Runs that found or changed calls of months that were settled before, and that are billed here. */
  readonly adjustments: readonly { readonly month: string; readonly run: number }[];
  readonly notes: readonly InvoiceText[];
  /** What a complete invoice has and this one does not. */
  readonly not_included: readonly ('fees' | 'taxes')[];
  /** Why it cannot be issued; empty when it can. */
  readonly hindrances: readonly Hindrance[];
}

export interface InvoiceText {
  readonly key: TextKey;
  readonly values: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface InvoiceSeller {
  readonly name: string;
  readonly address: readonly string[];
  readonly country: string;
  readonly tax_id: string;
  readonly email: string;
  readonly phone: string;
  readonly website: string;
  /** Absent: the first letter of the name stands in its place. */
  readonly logo?: { readonly media_type: 'image/png' | 'image/jpeg'; readonly data: string };
}

export interface InvoiceRemittance {
  readonly country: string;
  readonly currency: string;
  readonly lines: readonly { readonly label: string; readonly value: string }[];
}

export interface InvoiceAccount {
  readonly id: string;
  readonly name: string;
  readonly address: readonly string[];
  readonly country: string;
  readonly state: string;
  readonly email: string;
  readonly tax_id: string;
  readonly autopay: boolean;
  readonly plan_id: string;
  readonly plan_name: string;
  /** The catalog does not know the account; it was rated on the default plan. */
  readonly plan_is_default: boolean;
  readonly time_zone: string;
}

export interface InvoiceLine {
  readonly section: ChargeSection;
  /** Of the catalog, the call type, or the event. */
  readonly id: string;
  readonly billing_group: string;
  readonly description: InvoiceText;
  /** First and last day; null for what has none. */
  readonly period: { readonly from: string; readonly to: string } | null;
  readonly quantity: string;
  readonly unit: RecurringUnit | 'minute' | 'service' | 'once';
  readonly unit_price: string | null;
  /** Rounded once to the currency's minor unit. */
  readonly amount: string;
  /** Null unless the line is about calls. */
  readonly usage: LineUsage | null;
}

export interface LineUsage {
  /** Month of the calls. */
  readonly month: string;
  /** Null where they are billed for the first time with their month: what a later run found or changed. */
  readonly adjustment: { readonly run: number; readonly reason: AdjustmentReason } | null;
  readonly calls: number;
  readonly billable_minutes: string;
  readonly included_minutes: string;
  readonly charged_minutes: string;
  /** Sum of the calls' charges, to the last digit; of an adjustment what they cost more, or less. */
  readonly exact_amount: string;
  /** Whose costs in the call details add up to `exact_amount`. */
  readonly call_details: readonly { readonly call_type: CallType; readonly rate_type: RateType }[];
}

export interface InvoiceFee {
  readonly id: string;
  readonly name: string;
  readonly kind: 'percent' | 'per_unit' | 'contribution';
  /** Amount or number of units that the fee is of. */
  readonly base: string;
  /** Of contributions: the interstate and international share of the base, and how it was found. */
  readonly share_percent: string | null;
  readonly share_source: 'safe_harbour' | 'actual' | null;
  /** Of an actual share the billable seconds that it was worked out from, which the percentage above is cut from. */
  readonly share_seconds?: { readonly part: string; readonly of: string } | null;
  readonly percent: string | null;
  readonly unit_price: string | null;
  /** Of contributions: whose factor it is. */
  readonly quarter: string | null;
  readonly amount: string;
  readonly exemption: string | null;
  readonly source: string;
}

export interface InvoiceTax {
  readonly id: string;
  readonly name: string;
  readonly country: string;
  readonly state: string;
  readonly base: string;
  readonly percent: string;
  readonly amount: string;
  /** Certificate of the exemption; null when taxed. */
  readonly exemption: string | null;
  readonly source: string;
}

export interface InvoiceTotals {
  readonly calls: number;
  readonly billable_minutes: string;
  /** Sum of all calls' charges: what the month's call details add up to. */
  readonly exact_usage: string;
  /** Sum of what calls of this month and earlier ones cost more, or less, than they were billed with. */
  readonly exact_adjustments: string;
  readonly recurring: string;
  readonly usage: string;
  readonly adjustments: string;
  readonly one_time: string;
  readonly credits: string;
  /** Sum of the lines' amounts. */
  readonly charges: string;
  readonly fees: string;
  /** Charges and fees: what is taxed. */
  readonly subtotal: string;
  readonly taxes: string;
  readonly total: string;
}

export interface UsageSummary {
  readonly by_call_type: readonly {
    readonly call_type: CallType;
    readonly rate_type: RateType;
    readonly description: InvoiceText;
    readonly calls: number;
    readonly billable_minutes: string;
    readonly exact_amount: string;
  }[];
  readonly by_day: readonly {
    readonly day: string;
    readonly calls: number;
    readonly billable_minutes: string;
    readonly exact_amount: string;
  }[];
  /** Billable minutes by where both ends of the calls stand; '' = of no meaning. */
  readonly by_jurisdiction: readonly {
    readonly jurisdiction: Jurisdiction;
    readonly billable_minutes: string;
  }[];
}

export interface Hindrance {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}
