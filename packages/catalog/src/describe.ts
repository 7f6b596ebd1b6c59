/** A catalog as JSON for people and scripts. */
import { formatScaled } from '@tollstream/money';
import type {
  Account,
  Catalog,
  ChargeRule,
  DestinationSet,
  OwnRules,
  Plan,
  Pool,
  SpendLimit,
  Tariff,
} from './model.ts';
import { CHARGE_SCALE } from './scales.ts';

/** What `catalog show` prints: accounts, plans and tariffs in file order, money as decimal strings, times as ISO 8601. */
export function describeCatalog(catalog: Catalog) {
  return {
    version: catalog.version,
    name: catalog.name,
    fingerprint: catalog.fingerprint,
    default_plan: catalog.defaultPlan?.id ?? null,
    accounts: Array.from(catalog.accounts.values(), describeAccount),
    plans: Array.from(catalog.plans.values(), describePlan),
    destination_sets: Array.from(catalog.destinationSets.values(), describeSet),
    tariffs: Array.from(catalog.tariffs.values(), describeTariff),
  };
}

/** The same as JSON, in pieces: a million accounts are nearly as long as one text can be. */
export function* catalogJson(catalog: Catalog): Generator<string> {
  const whole = JSON.stringify(describeCatalog({ ...catalog, accounts: new Map() }));
  // Within a text of JSON the quotes would be escaped.
  const accountsAt = whole.indexOf(ACCOUNTS_BEGIN) + ACCOUNTS_BEGIN.length;
  let piece = whole.slice(0, accountsAt);
  let separator = '';
  for (const account of catalog.accounts.values()) {
    piece += separator + JSON.stringify(describeAccount(account));
    separator = ',';
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield piece + whole.slice(accountsAt);
}

const ACCOUNTS_BEGIN = '"accounts":[';
const PIECE_CHARACTERS = 65_536;

export function describeAccount(account: Account) {
  return {
    id: account.id,
    name: account.name,
    plan: account.plan.id,
    status: account.status,
    currency: account.currency,
    country: account.dialPlan.country,
    area_code: account.dialPlan.areaCode,
    time_zone: account.timeZone,
    billing_start: Number.isFinite(account.billingStart)
      ? new Date(account.billingStart).toISOString()
      : null,
    address: account.address,
    ...describeOwn(account),
    billing_groups: (account.billingGroups ?? []).map((group) => ({
      id: group.id,
      name: group.name,
      ...describeOwn(group),
    })),
    ...describeLimits(account.spendLimits),
    devices: account.devices.map((device) => ({
      id: device.id,
      kind: device.kind,
      extension: device.extension,
      ...describeOwn(device),
    })),
    numbers: account.numbers.map((number) => ({
      number: `+${number.number}`,
      kind: number.kind,
      extension: number.extension,
      ...describeOwn(number),
    })),
  };
}

export function describePlan(plan: Plan) {
  return {
    id: plan.id,
    name: plan.name,
    currency: plan.currency,
    country: plan.country,
    domestic_countries: [...plan.domesticCountries],
    premium_prefixes: plan.premiumPrefixes,
    internal_uses_allowance: plan.internalUsesAllowance,
    zero_length_calls: plan.billsZeroLength ? 'initial_interval' : 'free',
    pools: plan.pools.map(describePool),
    ...describeLimits(plan.spendLimits),
    rules: Object.fromEntries(Object.entries(plan.rules).map(([type, rule]) => [type, describeRule(rule)])),
    recurring: plan.recurring.map(({ id, name, per, amount }) => ({
      id,
      name,
      per,
      amount: formatScaled(amount, CHARGE_SCALE, { trim: true }),
    })),
  };
}

/** What few have: the group they are billed in, and rules instead of the plan's. */
function describeOwn({ rules, billingGroup }: { rules?: OwnRules | undefined; billingGroup?: string }) {
  return {
    ...(billingGroup === undefined ? {} : { billing_group: billingGroup }),
    ...(rules === undefined
      ? {}
      : {
          rules: Object.fromEntries(Object.entries(rules).map(([type, rule]) => [type, describeRule(rule)])),
        }),
  };
}

function describePool(pool: Pool) {
  const { id, unit, perMonth, scope, deviceKind, devicesMin, destinations, proration } = pool;
  return {
    id,
    ...(unit === 'seconds' ? { minutes_per_month: perMonth / 60 } : {}),
    ...(unit === 'calls' ? { calls_per_month: perMonth } : {}),
    ...(unit === 'money' ? { amount_per_month: formatScaled(perMonth, CHARGE_SCALE, { trim: true }) } : {}),
    scope,
    ...(deviceKind === '' ? {} : { device_kind: deviceKind }),
    ...(scope === 'devices' ? { devices_min: devicesMin } : {}),
    destinations: destinations?.id ?? null,
    first_month: proration === 'none' ? 'whole' : `prorated_${proration}`,
  };
}

function describeLimits(limits: readonly SpendLimit[] = []) {
  if (limits.length === 0) return {};
  return {
    spend_limits: limits.map(({ id, amount, window, thresholds, callTypes, destinations }) => ({
      id,
      amount: formatScaled(amount, CHARGE_SCALE, { trim: true }),
      window,
      thresholds,
      call_types: callTypes === null ? null : [...callTypes],
      destinations: destinations.map((set) => set.id),
    })),
  };
}

function describeSet({ id, callTypes, countries, prefixes }: DestinationSet) {
  return { id, call_types: callTypes === null ? null : [...callTypes], countries: [...countries], prefixes };
}

function describeRule(rule: ChargeRule) {
  return rule.kind === 'tariff'
    ? { tariff: rule.tariff.id, pools: rule.pools.map(({ id }) => id) }
    : rule.kind;
}

export function describeTariff(tariff: Tariff) {
  return {
    id: tariff.id,
    name: tariff.name,
    currency: tariff.currency,
    duration_rounding: tariff.durationRounding,
    charge_rounding: tariff.chargeRounding,
    by_routing_number: tariff.byRoutingNumber,
    windows:
      tariff.windows === null
        ? null
        : { time_zone: tariff.windows.timeZone, ids: tariff.windows.windows.map(({ id }) => id) },
    rates: tariff.rates.length,
  };
}
