/**
 * A catalog as the services hold it: immutable, of one numbered version. Made by `loadCatalog` from files.
 * Money is scaled integers (number, bound below 2^53 asserted): charges `CHARGE_SCALE` = 6 digits, rates `RATE_SCALE` = 8 digits per minute.
 */
import type { NumberClass } from '@tollstream/numbering';

import type { RateList } from './rate-list.ts';

import type { AccountBilling, BillingTerms, InService, NumberKind } from './billing-model.ts';

export type CallTypeName =
  | 'internal'
  | 'local'
  | 'long_distance'
  | 'premium'
  | 'toll_free_outbound'
  | 'toll_free_inbound'
  | 'inbound'
  | 'international'
  | 'emergency'
  | 'service_code';

export type DurationRounding = 'up' | 'nearest';
export type ChargeRounding = 'half_up' | 'up' | 'down' | 'half_even';

/** What few rows have. Charges scaled by 10^CHARGE_SCALE. */
export interface SpecialTerms {
  /** Of a call with charged seconds; 0 = none. */
  readonly minimumCharge: number;
  /** `Infinity` = none. */
  readonly maximumCharge: number;
  /** Of a call that nobody answered; 0 = none. */
  readonly attemptFee: number;
  /** Taken off the beginning of the call before its duration is rounded. */
  readonly freeSeconds: number;
  /** Null: one rate from beginning to end, whatever the time, and the row says it. */
  readonly priceLists: PriceLists | null;
  /** Which callers the row is for; null = all. */
  readonly origin: RateOrigin | null;
  /** Null: the same rate in every jurisdiction. */
  readonly jurisdictionRates: JurisdictionRates | null;
}

/** The callers that a row is for. Rows with the same ones share the object. */
export interface RateOrigin {
  /** As written: digits, a country, a group, `unknown`; '' = any number of the class. */
  readonly text: string;
  /** What it stands for: digits that caller's numbers begin with, countries, `unknown`; empty = any. */
  readonly members: readonly string[];
  /** '' = whatever kind of number. */
  readonly numberClass: NumberClass | '';
}

/** Rates per minute of the whole call by its jurisdiction; scaled by 10^RATE_SCALE. Null = no rate there. */
export interface JurisdictionRates {
  readonly interstate: number | null;
  readonly intrastate: number | null;
  readonly indeterminate: number | null;
  /** Abroad, and where calls are not told apart by state: the rate of the row. */
  readonly other: number | null;
}

/** Rates of a row that depend on when an increment starts. */
export interface PriceLists {
  /** Outside of windows, and in those that have no list; null = no rate there. */
  readonly base: PriceList | null;
  /** One for each window of the tariff. */
  readonly byWindow: readonly (PriceList | null)[];
}

export interface PriceList {
  /** Of the initial interval. Scaled by 10^RATE_SCALE, as all rates. */
  readonly initialRatePerMinute: number;
  /** Of the steps after it; ascending, the first from 0. */
  readonly tiers: readonly RateTier[];
}

/** What a step costs that starts at so many billable seconds, or later. */
export interface RateTier {
  readonly fromSeconds: number;
  readonly ratePerMinute: number;
}

/** Where several windows hold, the first one does. */
export interface TimeWindows {
  /** IANA zone of all its times. */
  readonly timeZone: string;
  readonly windows: readonly TimeWindow[];
}

/** On some days, from a time to a time. A window over midnight belongs to the day on which it begins. */
export interface TimeWindow {
  readonly id: string;
  /** Holds on every day; otherwise on these weekdays (0 = Sunday) and these days (counted from 1970-01-01). */
  readonly everyDay: boolean;
  readonly days: ReadonlySet<number>;
  readonly dates: ReadonlySet<number>;
  /** Minutes from midnight on the clock of the wall, half-open; `to` not after `from` = over midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** One effective-dated row of a tariff. */
export interface Rate {
  /** Position in `Tariff.rates`: what the index answers. */
  readonly index: number;
  /** E.164 digits without '+', e.g. '5511'. */
  readonly prefix: string;
  readonly description: string;
  /** ISO 3166 alpha-2, or '' when the deck does not say. */
  readonly country: string;
  /** Half-open, ms since epoch UTC; `Infinity` = open end, `-Infinity` = always. */
  readonly effectiveFrom: number;
  readonly effectiveTo: number;
  /** Scaled by 10^RATE_SCALE. The first interval and the steps after it may differ. */
  readonly initialRatePerMinute: number;
  readonly ratePerMinute: number;
  /** Scaled by 10^CHARGE_SCALE. */
  readonly connectFee: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  /** How a duration goes to the increments of this row; the tariff's unless the row says otherwise. */
  readonly durationRounding: DurationRounding;
  readonly blocked: boolean;
  /** Null for most rows, which so pay nothing for what they do not have. */
  readonly special: SpecialTerms | null;
}

export interface Tariff {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  /** What rows have that name none of their own; price with the row's. */
  readonly durationRounding: DurationRounding;
  readonly chargeRounding: ChargeRounding;
  /** A ported number is rated by the prefix of its routing number, where the call has one. */
  readonly byRoutingNumber: boolean;
  /** Null when it has none. */
  readonly windows: TimeWindows | null;
  readonly rates: RateList;
  /** Longest-prefix index over `rates`, evaluated as of an instant. */
  readonly index: PrefixIndex;
  /** Null where no row asks who calls; otherwise what takes the place of `index`, which then holds the rows for all callers. */
  readonly originIndex: OriginIndex | null;
}

/** Immutable, over the rows of a tariff of which some are for some callers alone. */
export interface OriginIndex {
  /**
   * Among the rows in force for this caller: the longest prefix, then the closest origin. -1 = none.
   * @param origin E.164 digits of the caller; 0 = not known
   */
  find(number: number, origin: number, atMs: number): number;
}

/** Immutable. */
export interface PrefixIndex {
  /**
   * The row whose prefix is the longest among those effective at `atMs`, or -1.
   * @param number E.164 digits as an exact integer (no leading zero, at most 15 digits)
   */
  find(number: number, atMs: number): number;
  /**
   * Reads what look-ups of `numbers` from `from` to before `to` will need, and nothing more: in a large index each is in places of its own, and read
   * side by side none waits for the one before. Few numbers at a time, so that nothing is forgotten until it is looked up.
   */
  approach(numbers: Float64Array, from: number, to: number): void;
}

/** How a plan charges one call type. */
export type ChargeRule =
  | { readonly kind: 'free' }
  | { readonly kind: 'blocked' }
  /** Priced by `tariff`; `pools` are used up first, in their order, and the rest is overage at the tariff's rate. */
  | { readonly kind: 'tariff'; readonly tariff: Tariff; readonly pools: readonly Pool[] };

/** Rules that take the place of the plan's, by call type; what is not named stays the plan's. */
export type OwnRules = Readonly<Partial<Record<CallTypeName, ChargeRule>>>;

/** Devices and numbers of an account that are billed together, a department for instance. */
export interface BillingGroup {
  readonly id: string;
  readonly name: string;
  readonly rules?: OwnRules;
}

export type PoolUnit = 'seconds' | 'calls' | 'money';

/** An allowance for each billing month. Its id is its identity: what was used of it stays used under a later catalog version. */
export interface Pool {
  readonly id: string;
  readonly unit: PoolUnit;
  /** For each holder: billable seconds, calls, or charges scaled by 10^CHARGE_SCALE. */
  readonly perMonth: number;
  /** Who holds one: the account, each of its numbers, each device, or (`devices`) all devices of a kind together, each adding `perMonth`. */
  readonly scope: 'account' | 'number' | 'device' | 'devices';
  /** Only calls of devices of this kind use it; '' = of any device, and of none. */
  readonly deviceKind: string;
  /** With fewer devices of that kind there is no such pool. */
  readonly devicesMin: number;
  /** Only calls of this set use it; null = all calls of the rules that name it. */
  readonly destinations: DestinationSet | null;
  /** How the part of the month in which billing began is rounded to whole units; 'none' = that month has the whole pool. */
  readonly proration: 'none' | 'up' | 'down' | 'nearest';
}

/** A named part of all calls: of one of the call types, and to one of the countries or prefixes. */
export interface DestinationSet {
  readonly id: string;
  /** Null = of any type. */
  readonly callTypes: ReadonlySet<CallTypeName> | null;
  /** Both empty = to anywhere. */
  readonly countries: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

/** The window in which a spend limit is counted, by the account's clock. */
export type SpendWindow = 'hour' | 'day' | 'month';

/** An amount that, when the calls of an account have cost so much in a window, somebody is to hear of. No call is held back. */
export interface SpendLimit {
  readonly id: string;
  /** In the account's currency, scaled by 10^CHARGE_SCALE. */
  readonly amount: number;
  readonly window: SpendWindow;
  /** Percent of the amount at which there is an alert; ascending. */
  readonly thresholds: readonly number[];
  /** What counts: calls of these types, and those of the sets. Null and no set = every call. */
  readonly callTypes: ReadonlySet<CallTypeName> | null;
  readonly destinations: readonly DestinationSet[];
}

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  /** Country of the billing address the plan is sold in, ISO alpha-2. */
  readonly country: string;
  /** Countries whose geographic numbers are local / long distance rather than international. */
  readonly domesticCountries: ReadonlySet<string>;
  /** E.164 digit prefixes that are premium under this plan whatever their country, longest match, e.g. '1787555'. */
  readonly premiumPrefixes: readonly string[];
  readonly rules: Readonly<Record<CallTypeName, ChargeRule>>;
  /** Inbound calls cost the owner of a toll-free number; other inbound calls follow `rules.inbound`. */
  readonly internalUsesAllowance: boolean;
  /** An answered call of no length costs its initial interval; otherwise nothing. */
  readonly billsZeroLength: boolean;
  readonly pools: readonly Pool[];
  /** Absent: none. */
  readonly spendLimits?: readonly SpendLimit[];
  /** Monthly charges, in advance: what, per what, how much (scaled by CHARGE_SCALE). */
  readonly recurring: readonly RecurringCharge[];
  /** Days after a removal in mid-month are given back on the next invoice; otherwise the month is paid for. */
  readonly creditsRemovals?: boolean;
  /** What is found to have cost less after its invoice was issued is credited at once; otherwise on the next invoice. */
  readonly creditsCorrections?: boolean;
}

export interface RecurringCharge {
  readonly id: string;
  readonly name: string;
  readonly per: RecurringUnit;
  readonly amount: number;
  /** Of `device` and `extension`: the kinds of device that count; absent = all. */
  readonly kinds?: readonly string[];
  /** What a low-usage device costs instead, from so many phones on and within the account's quota. */
  readonly lowUsage?: { readonly amount: number; readonly minimumPhones: number };
}

export const RECURRING_UNITS = [
  'account',
  'device',
  'extension',
  'did',
  'toll_free_did',
  'inbound_only_did',
  'international_did',
] as const;
export type RecurringUnit = (typeof RECURRING_UNITS)[number];

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  /** IANA zone: billing months and days. */
  readonly timeZone: string;
  readonly dialPlan: DialPlanRef;
  readonly currency: string;
  readonly status: 'active' | 'suspended' | 'closed';
  /** Ms since epoch; usage before it is recorded at zero. */
  readonly billingStart: number;
  readonly address: readonly string[];
  /** Absent: those of the plan hold. Rules of a device go before those of a number, of its billing group, and of the account. */
  readonly rules?: OwnRules | undefined;
  readonly billingGroups?: readonly BillingGroup[] | undefined;
  /** Absent: those of the plan hold. One takes the place of the plan's limit of the same id. */
  readonly spendLimits?: readonly SpendLimit[] | undefined;
  readonly devices: readonly Device[];
  /** E.164 digits as exact integers. */
  readonly numbers: readonly {
    readonly number: number;
    readonly kind: NumberKind;
    readonly extension: string;
    readonly billingGroup?: string;
    readonly rules?: OwnRules;
    /** Absent: in service as long as the account. */
    readonly service?: InService;
  }[];
  /** Absent where the files say nothing of it. */
  readonly billing?: AccountBilling | undefined;
  /** True when made on the fly from `--default-plan`. */
  readonly isDefault: boolean;
}

export interface Device {
  readonly id: string;
  readonly kind: string;
  readonly extension: string;
  /** Id; absent = none. */
  readonly billingGroup?: string;
  readonly rules?: OwnRules;
  /** Absent: in service as long as the account. */
  readonly service?: InService;
  readonly isLowUsage?: boolean;
}

/** How the account's users dial: see the numbering package. */
export interface DialPlanRef {
  readonly country: string;
  /** Area code added to local 7/8-digit numbers; '' when none. */
  readonly areaCode: string;
}

export interface Catalog {
  /** Positive integer; every rated row names it. */
  readonly version: number;
  /** SHA-256 over the canonical content, hex. */
  readonly fingerprint: string;
  /** The same without the version: equal for equal content. */
  readonly contentFingerprint: string;
  readonly name: string;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly tariffs: ReadonlyMap<string, Tariff>;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly destinationSets: ReadonlyMap<string, DestinationSet>;
  /** E.164 digits → account. */
  readonly accountByNumber: ReadonlyMap<number, Account>;
  /** Plan of accounts the catalog does not know, when the operator asked for it. */
  readonly defaultPlan: Plan | null;
  /** Absent: the catalog has no billing.yaml, and nothing can be issued. */
  readonly billing?: BillingTerms;
}
