/**
 * What invoices need besides prices of calls: who sells, on which terms, which fees and taxes hold when, and what an account has agreed.
 * Dates are calendar days, `2020-02-01`; periods end on the day that is no longer in them ('' = open), but for services, devices and
 * numbers, whose `to` is their last day. Percents are scaled by 10^PERCENT_SCALE.
 */

export const PERCENT_SCALE = 6;

/** Sections of an invoice, in the order in which it shows them. Everything before the fees is what was sold. */
export const CHARGE_SECTIONS = [
  'service_fee',
  'did',
  'included_minutes',
  'premium',
  'overage',
  'toll_free_inbound',
  'international',
  'other_usage',
  'contact_centre',
  'rental',
  'one_time',
  'credit',
] as const;
export type ChargeSection = (typeof CHARGE_SECTIONS)[number];

export const LANGUAGES = ['en', 'es', 'pt', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];

export const NUMBER_KINDS = ['did', 'toll_free', 'inbound_only', 'international'] as const;
export type NumberKind = (typeof NUMBER_KINDS)[number];

export interface BillingTerms {
  readonly seller: Seller;
  readonly remittances: readonly Remittance[];
  readonly invoicePrefix: string;
  readonly creditNotePrefix: string;
  /** Days from issue to payment. */
  readonly paymentDays: number;
  /** Days from issue in which disputes are taken. */
  readonly disputeDays: number;
  /** Days before the end of a month until which a cancellation holds for it. */
  readonly cancellationDays: number;
  /** Day of the month on which autopay collects. */
  readonly autopayDay: number;
  readonly oneTimeCharges: readonly OneTimePrice[];
  readonly fees: readonly FeeDefinition[];
  readonly feeRates: readonly DatedRate[];
  readonly taxRates: readonly DatedRate[];
  /** By quarter, `2020Q1`. */
  readonly contributionFactors: ReadonlyMap<string, { readonly percent: number; readonly source: string }>;
}

/** An image, ready for documents. */
export interface Logo {
  readonly mediaType: 'image/png' | 'image/jpeg';
  /** Base64. */
  readonly data: string;
}

export interface Seller {
  readonly name: string;
  readonly address: readonly string[];
  readonly country: string;
  readonly taxId: string;
  readonly email: string;
  readonly phone: string;
  readonly website: string;
  /** Absent: documents have the first letter of the name. */
  readonly logo?: Logo;
}

/** How an invoice of a country and currency is paid: lines of a label and a value. */
export interface Remittance {
  readonly country: string;
  readonly currency: string;
  readonly lines: readonly { readonly label: string; readonly value: string }[];
}

export interface OneTimePrice {
  readonly id: string;
  readonly name: string;
  /** By currency, scaled by CHARGE_SCALE. */
  readonly amounts: ReadonlyMap<string, number>;
}

/**
 * A regulatory fee. `percent`: of the lines of its base. `per_unit`: for each device or number. `contribution`: the quarter's factor
 * on the interstate and international share of its base.
 */
export interface FeeDefinition {
  readonly id: string;
  readonly name: string;
  readonly kind: 'percent' | 'per_unit' | 'contribution';
  readonly countries: readonly string[];
  readonly base: readonly ChargeSection[];
  readonly per: 'device' | 'did';
  /** Of contributions: which share of the base is interstate and international. */
  readonly share: 'safe_harbour' | 'actual';
  readonly safeHarbourPercent: number;
}

/** A row of `fees.csv` or `taxes.csv`. */
export interface DatedRate {
  /** The fee or tax. */
  readonly id: string;
  readonly name: string;
  readonly country: string;
  /** '' = the whole country. */
  readonly state: string;
  readonly from: string;
  readonly to: string;
  readonly percent: number;
  /** Per unit, scaled by CHARGE_SCALE. */
  readonly amount: number;
  readonly source: string;
}

export interface AccountBilling {
  /** Country and state of the billing address; '' = not said. */
  readonly country: string;
  readonly state: string;
  readonly language: Language;
  readonly email: string;
  readonly taxId: string;
  readonly autopay: boolean;
  /** Instead of what the plan says. */
  readonly creditsCorrections?: boolean;
  readonly contract: Contract | null;
  readonly exemptions: readonly TaxExemption[];
  readonly services: readonly SubscribedService[];
  readonly oneTime: readonly AccountCharge[];
  readonly credits: readonly AccountCharge[];
  readonly formerPlans: readonly { readonly planId: string; readonly until: string }[];
}

export interface Contract {
  readonly signedOn: string;
  readonly freeMonths: number;
  readonly termMonths: number;
  /** How many devices may be billed as low-usage ones. */
  readonly lowUsageDevices: number;
}

export interface TaxExemption {
  readonly certificate: string;
  readonly from: string;
  readonly to: string;
  /** Ids of taxes and fees; none = every tax. */
  readonly covers: readonly string[];
}

/** In service from the day after `from` on ('' = always), until its last day ('' = still). */
export interface InService {
  readonly from: string;
  readonly to: string;
}

export interface SubscribedService extends InService {
  readonly id: string;
  readonly name: string;
  readonly section: 'contact_centre' | 'rental';
  readonly billingGroup: string;
  readonly quantity: number;
  readonly amount: number;
}

export interface AccountCharge {
  readonly id: string;
  readonly date: string;
  readonly name: string;
  readonly amount: number;
  readonly billingGroup: string;
}

/** What an account has whose files say nothing of its billing. */
export const NO_BILLING: AccountBilling = {
  country: '',
  state: '',
  language: 'en',
  email: '',
  taxId: '',
  autopay: false,
  contract: null,
  exemptions: [],
  services: [],
  oneTime: [],
  credits: [],
  formerPlans: [],
};
