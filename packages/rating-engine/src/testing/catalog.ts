/** Small catalogs for tests: every part has a default, so that a test names only what it is about. */
import { rateListOf } from '@tollstream/catalog';
import type {
  Account,
  Catalog,
  ChargeRule,
  DurationRounding,
  Plan,
  Pool,
  PrefixIndex,
  PriceLists,
  OriginIndex,
  Rate,
  RateOrigin,
  SpecialTerms,
  Tariff,
} from '@tollstream/catalog';
import { callingCodeOf, classify } from '@tollstream/numbering';

type Part<T> = Partial<T>;

/** Amounts as decimal text, as in files. */
export interface RateText {
  readonly prefix: string;
  readonly perMinute?: string;
  readonly initialPerMinute?: string;
  readonly connectFee?: string;
  /** `30/6` */
  readonly increments?: string;
  /** That of the tariff by default. */
  readonly durationRounding?: DurationRounding;
  readonly effectiveFrom?: number;
  readonly effectiveTo?: number;
  readonly blocked?: boolean;
  readonly minimumCharge?: string;
  readonly maximumCharge?: string;
  readonly attemptFee?: string;
  readonly freeSeconds?: number;
  /** Scaled, as in the model. */
  readonly priceLists?: PriceLists | null;
  /** Digits, countries or 'unknown'; one is enough. */
  readonly origin?: readonly string[];
  readonly originClass?: RateOrigin['numberClass'];
  /** Rates per minute; one left out is `perMinute`, null is none. */
  readonly byJurisdiction?: {
    readonly interstate?: string | null;
    readonly intrastate?: string | null;
    readonly indeterminate?: string | null;
    readonly other?: null;
  };
}

/** '0.02' at scale 8 → 2000000. */
export function scaled(text: string, scale: number): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(whole + fraction.padEnd(scale, '0'));
}

export function makeTariff(id: string, rates: readonly RateText[], part: Part<Tariff> = {}): Tariff {
  const durationRounding = part.durationRounding ?? 'up';
  const rows = rates.map((rate, index) => makeRate(rate, index, durationRounding));
  const asksWhoCalls = rates.some(
    ({ origin, originClass }) => origin !== undefined || originClass !== undefined,
  );
  return {
    id,
    name: id,
    currency: 'USD',
    durationRounding,
    chargeRounding: 'half_up',
    byRoutingNumber: false,
    windows: null,
    rates: rateListOf(rows),
    index: plainIndex(rows.filter(({ special }) => (special?.origin ?? null) === null)),
    originIndex: asksWhoCalls ? plainOriginIndex(rows) : null,
    ...part,
  };
}

function makeRate(text: RateText, index: number, durationRounding: DurationRounding): Rate {
  const [initialSeconds = 60, stepSeconds = 60] = (text.increments ?? '60/60').split('/').map(Number);
  const perMinute = text.perMinute ?? '0.02';
  return {
    index,
    prefix: text.prefix,
    description: `to ${text.prefix}`,
    country: '',
    effectiveFrom: text.effectiveFrom ?? -Infinity,
    effectiveTo: text.effectiveTo ?? Infinity,
    initialRatePerMinute: scaled(text.initialPerMinute ?? perMinute, 8),
    ratePerMinute: scaled(perMinute, 8),
    connectFee: scaled(text.connectFee ?? '0', 6),
    initialSeconds,
    stepSeconds,
    durationRounding: text.durationRounding ?? durationRounding,
    blocked: text.blocked ?? false,
    special: specialOf(text),
  };
}

function specialOf(text: RateText): SpecialTerms | null {
  const { minimumCharge, maximumCharge, attemptFee, freeSeconds, priceLists = null } = text;
  const isPlain = [minimumCharge, maximumCharge, attemptFee, freeSeconds].every((term) => term === undefined);
  const { origin, originClass = '', byJurisdiction } = text;
  const asksWhoCalls = origin !== undefined || originClass !== '';
  if (isPlain && priceLists === null && !asksWhoCalls && byJurisdiction === undefined) return null;
  const rate = scaled(text.perMinute ?? '0.02', 8);
  const rateOf = (own: string | null | undefined): number | null =>
    own === undefined ? rate : own === null ? null : scaled(own, 8);
  return {
    minimumCharge: scaled(minimumCharge ?? '0', 6),
    maximumCharge: maximumCharge === undefined ? Infinity : scaled(maximumCharge, 6),
    attemptFee: scaled(attemptFee ?? '0', 6),
    freeSeconds: freeSeconds ?? 0,
    priceLists,
    origin: asksWhoCalls
      ? { text: (origin ?? []).join('/'), members: origin ?? [], numberClass: originClass }
      : null,
    jurisdictionRates:
      byJurisdiction === undefined
        ? null
        : {
            interstate: rateOf(byJurisdiction.interstate),
            intrastate: rateOf(byJurisdiction.intrastate),
            indeterminate: rateOf(byJurisdiction.indeterminate),
            other: rateOf(byJurisdiction.other),
          },
  };
}

/** The longest prefix in force by looking at every row: slow and obvious. */
function plainIndex(rates: readonly Rate[]): PrefixIndex {
  return {
    find(number, atMs) {
      let found = -1;
      for (const rate of rates) {
        const isInForce = rate.effectiveFrom <= atMs && atMs < rate.effectiveTo;
        if (!isInForce || !String(number).startsWith(rate.prefix)) continue;
        if (found < 0 || rate.prefix.length > rates[found]!.prefix.length) found = rate.index;
      }
      return found;
    },
    approach() {},
  };
}

/** The closest row for a caller by looking at every row: slow and obvious. */
function plainOriginIndex(rates: readonly Rate[]): OriginIndex {
  return {
    find(number, origin, atMs) {
      const suitable = rates
        .filter(({ effectiveFrom, effectiveTo }) => effectiveFrom <= atMs && atMs < effectiveTo)
        .filter(({ prefix }) => String(number).startsWith(prefix))
        .map((rate) => ({ rate, closeness: closenessOf(rate.special?.origin ?? null, origin) }))
        .filter(({ closeness }) => closeness >= 0)
        .sort((a, b) => b.rate.prefix.length - a.rate.prefix.length || b.closeness - a.closeness);
      return suitable[0]?.rate.index ?? -1;
    },
  };
}

/** How close a caller is to the callers a row is for; -1 = the row is not for it. */
function closenessOf(origin: RateOrigin | null, caller: number): number {
  if (origin === null) return 0;
  const { country, numberClass } = classify(caller, { country: '', numberClass: 'unknown' });
  if (origin.numberClass !== '' && (caller === 0 || origin.numberClass !== numberClass)) return -1;
  const forClass = origin.numberClass === '' ? 0 : 0.1;
  if (origin.members.length === 0) return caller === 0 ? -1 : forClass;
  const closeness = origin.members.map((member) => {
    if (member === 'unknown') return caller === 0 ? 1 : -1;
    if (caller === 0) return -1;
    if (/^\d+$/.test(member)) return String(caller).startsWith(member) ? member.length : -1;
    return member === country ? String(callingCodeOf(member)).length + 0.5 : -1;
  });
  const closest = Math.max(...closeness);
  return closest < 0 ? -1 : closest + forClass;
}

export function makePool(
  id: string,
  minutes: number,
  scope: Pool['scope'] = 'account',
  part: Part<Pool> = {},
): Pool {
  const open = { deviceKind: '', devicesMin: 1, destinations: null, proration: 'none' } as const;
  return { id, unit: 'seconds', perMonth: minutes * 60, scope, ...open, ...part };
}

export function byTariff(tariff: Tariff, ...pools: readonly (Pool | null)[]): ChargeRule {
  return { kind: 'tariff', tariff, pools: pools.filter((pool) => pool !== null) };
}

/** A US plan under which everything is free, but for the rules given. */
export function makePlan(id: string, rules: Partial<Plan['rules']> = {}, part: Part<Plan> = {}): Plan {
  const free: ChargeRule = { kind: 'free' };
  return {
    id,
    name: id,
    currency: 'USD',
    country: 'US',
    domesticCountries: new Set(['US', 'CA', 'PR']),
    premiumPrefixes: ['1787555'],
    rules: {
      internal: free,
      local: free,
      long_distance: free,
      premium: free,
      toll_free_outbound: free,
      toll_free_inbound: free,
      inbound: free,
      international: free,
      emergency: free,
      service_code: free,
      ...rules,
    },
    internalUsesAllowance: false,
    billsZeroLength: false,
    pools: poolsOf(rules),
    recurring: [],
    ...part,
  };
}

/** Those that the rules name. */
function poolsOf(rules: Partial<Plan['rules']>): Pool[] {
  return [...new Set(Object.values(rules).flatMap((rule) => (rule.kind === 'tariff' ? rule.pools : [])))];
}

export function makeAccount(id: string, plan: Plan, part: Part<Account> = {}): Account {
  return {
    id,
    name: `Account ${id}`,
    plan,
    timeZone: 'America/New_York',
    dialPlan: { country: 'US', areaCode: '212' },
    currency: 'USD',
    status: 'active',
    billingStart: -Infinity,
    address: [],
    devices: [],
    numbers: [{ number: 12125550100, kind: 'did', extension: '101' }],
    isDefault: false,
    ...part,
  };
}

export function makeCatalog(accounts: readonly Account[], part: Part<Catalog> = {}): Catalog {
  const plans = new Map(accounts.map(({ plan }) => [plan.id, plan]));
  const tariffs = new Map<string, Tariff>();
  for (const plan of plans.values())
    for (const rule of Object.values(plan.rules))
      if (rule.kind === 'tariff') tariffs.set(rule.tariff.id, rule.tariff);
  return {
    version: 1,
    fingerprint: '0'.repeat(64),
    contentFingerprint: '0'.repeat(64),
    name: 'test',
    plans,
    tariffs,
    accounts: new Map(accounts.map((account) => [account.id, account])),
    accountByNumber: new Map(
      accounts.flatMap((account) => account.numbers.map(({ number }) => [number, account])),
    ),
    destinationSets: new Map(),
    defaultPlan: null,
    ...part,
  };
}
