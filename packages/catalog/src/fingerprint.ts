/** What a catalog means, as one hash: the same whatever the order of files and rows, the comments and the notation of numbers. */
import { createHash } from 'node:crypto';
import type {
  Account,
  Catalog,
  ChargeRule,
  Plan,
  PriceList,
  SpecialTerms,
  Tariff,
  TimeWindows,
} from './model.ts';

type Content = Pick<Catalog, 'version' | 'name' | 'plans' | 'tariffs' | 'accounts'>;

/** SHA-256 in hex. The default plan is the run's, not the catalog's, and does not count. */
export function fingerprintOf(content: Content): string {
  const hash = createHash('sha256');
  const write = (value: unknown) => hash.update(`${JSON.stringify(value)}\n`);
  write(['catalog', content.version, content.name]);
  for (const tariff of byId(content.tariffs)) writeTariff(tariff, write);
  for (const plan of byId(content.plans)) write(planContent(plan));
  for (const account of byId(content.accounts)) write(accountContent(account));
  return hash.digest('hex');
}

function writeTariff(tariff: Tariff, write: (value: unknown) => void): void {
  const { id, name, currency, durationRounding, chargeRounding } = tariff;
  const windows = tariff.windows === null ? [] : [windowsContent(tariff.windows)];
  write(['tariff', id, name, currency, durationRounding, chargeRounding, ...windows]);
  if (tariff.byRoutingNumber) write(['by_routing_number']);
  const rates = tariff.rates.toSorted((a, b) => {
    if (a.prefix !== b.prefix) return a.prefix < b.prefix ? -1 : 1;
    if (a.effectiveFrom !== b.effectiveFrom) return a.effectiveFrom < b.effectiveFrom ? -1 : 1;
    return callersText(a) < callersText(b) ? -1 : 1;
  });
  for (const rate of rates) {
    write([
      rate.prefix,
      rate.description,
      rate.country,
      // Infinity is null in JSON and has no other meaning here.
      rate.effectiveFrom,
      rate.effectiveTo,
      rate.initialRatePerMinute,
      rate.ratePerMinute,
      rate.connectFee,
      rate.initialSeconds,
      rate.stepSeconds,
      rate.durationRounding,
      rate.blocked,
      // Absent where a row has none, so that a catalog without them keeps the fingerprint it had before there were any.
      ...(rate.special === null ? [] : [specialContent(rate.special)]),
    ]);
  }
}

function callersText({ special }: Tariff['rates'][number]): string {
  const origin = special === null ? null : special.origin;
  return origin === null ? '' : `${origin.text} ${origin.numberClass}`;
}

function specialContent(terms: SpecialTerms): unknown {
  const { minimumCharge, maximumCharge, attemptFee, freeSeconds, priceLists } = terms;
  const lists = priceLists === null ? [] : [[priceLists.base, priceLists.byWindow].flat().map(listContent)];
  const { origin, jurisdictionRates: by } = terms;
  const callers =
    origin === null ? [] : [['origin', origin.text, origin.members.toSorted(), origin.numberClass]];
  const rates =
    by === null ? [] : [['jurisdiction', by.interstate, by.intrastate, by.indeterminate, by.other]];
  return [minimumCharge, maximumCharge, attemptFee, freeSeconds, ...lists, ...callers, ...rates];
}

function listContent(list: PriceList | null): unknown {
  if (list === null) return null;
  return [
    list.initialRatePerMinute,
    list.tiers.map(({ fromSeconds, ratePerMinute }) => [fromSeconds, ratePerMinute]),
  ];
}

function windowsContent({ timeZone, windows }: TimeWindows): unknown {
  return [
    timeZone,
    windows.map(({ id, everyDay, days, dates, fromMinute, toMinute }) => [
      id,
      everyDay,
      [...days].sort((a, b) => a - b),
      [...dates].sort((a, b) => a - b),
      fromMinute,
      toMinute,
    ]),
  ];
}

function planContent(plan: Plan): unknown {
  return [
    'plan',
    plan.id,
    plan.name,
    plan.currency,
    plan.country,
    [...plan.domesticCountries].sort(),
    plan.premiumPrefixes.toSorted(),
    Object.keys(plan.rules)
      .sort()
      .map((type) => [type, ruleContent(plan.rules[type as keyof Plan['rules']])]),
    plan.internalUsesAllowance,
    plan.pools.map(({ id, secondsPerMonth, scope }) => [id, secondsPerMonth, scope]),
    plan.recurring.map(({ id, name, per, amount }) => [id, name, per, amount]),
    ...(plan.billsZeroLength ? ['bills_zero_length'] : []),
  ];
}

function ruleContent(rule: ChargeRule): unknown {
  return rule.kind === 'tariff' ? ['tariff', rule.tariff.id, rule.pool?.id ?? null] : rule.kind;
}

function accountContent(account: Account): unknown {
  const { id, name, plan, timeZone, dialPlan, status, billingStart, address, devices, numbers } = account;
  return [
    'account',
    id,
    name,
    plan.id,
    timeZone,
    dialPlan.country,
    dialPlan.areaCode,
    status,
    billingStart,
    address,
    devices.map((device) => [device.id, device.kind, device.extension]),
    numbers
      .map(({ number, kind, extension }) => [number, kind, extension])
      .sort((a, b) => Number(a[0]) - Number(b[0])),
  ];
}

function byId<Entity extends { readonly id: string }>(entities: ReadonlyMap<string, Entity>): Entity[] {
  return [...entities.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
