/** What a catalog means, as one hash: the same whatever the order of files and rows, the comments and the notation of numbers. */
import { createHash } from 'node:crypto';
import { AccountTable } from './account-columns.ts';
import { AccountLines } from './account-lines.ts';
import type { BillingTerms } from './billing-model.ts';
import type {
  Account,
  Catalog,
  ChargeRule,
  DestinationSet,
  OwnRules,
  Plan,
  Pool,
  PriceList,
  SpecialTerms,
  SpendLimit,
  Tariff,
  TimeWindows,
} from './model.ts';
import { type RateList, type RateTerms, emptyTerms } from './rate-list.ts';
import { orderByText } from './rate-order.ts';

type Content = Pick<
  Catalog,
  'version' | 'name' | 'plans' | 'tariffs' | 'accounts' | 'billing' | 'destinationSets'
>;

/** SHA-256 in hex. The default plan is the run's, not the catalog's, and does not count. */
export function fingerprintOf(content: Content): string {
  return fingerprintsOf(content, [content.version])[0]!;
}

/** The fingerprints that the same content has under several versions; going through it once is what takes long. */
export function fingerprintsOf(content: Omit<Content, 'version'>, versions: readonly number[]): string[] {
  const hashes = versions.map((version) =>
    createHash('sha256').update(`${JSON.stringify(['catalog', version, content.name])}\n`),
  );
  let piece = '';
  const flush = (): void => {
    for (const hash of hashes) hash.update(piece);
    piece = '';
  };
  const writeText = (text: string): void => {
    piece += text;
    if (piece.length >= PIECE_CHARACTERS) flush();
  };
  const writeBytes = (bytes: Uint8Array): void => {
    flush();
    for (const hash of hashes) hash.update(bytes);
  };
  const write = (value: unknown): void => writeText(`${JSON.stringify(value)}\n`);
  for (const tariff of byId(content.tariffs)) writeTariff(tariff, write, writeText);
  for (const set of byId(content.destinationSets)) write(['destination_set', setContent(set)]);
  for (const plan of byId(content.plans)) write(planContent(plan));
  const { accounts } = content;
  if (accounts instanceof AccountTable) writeTable(accounts, write, writeBytes);
  else for (const account of byId(accounts)) write(accountContent(account));
  if (content.billing !== undefined) write(billingContent(content.billing));
  flush();
  return hashes.map((hash) => hash.digest('hex'));
}

/** Text is hashed in pieces of about this length. */
const PIECE_CHARACTERS = 65_536;

function writeTariff(
  tariff: Tariff,
  write: (value: unknown) => void,
  writeText: (text: string) => void,
): void {
  const { id, name, currency, durationRounding, chargeRounding } = tariff;
  const windows = tariff.windows === null ? [] : [windowsContent(tariff.windows)];
  write(['tariff', id, name, currency, durationRounding, chargeRounding, ...windows]);
  if (tariff.byRoutingNumber) write(['by_routing_number']);
  for (const text of rateLines(tariff.rates)) writeText(text);
}

/** JSON of each row, in the order of prefixes and times, in pieces of some size. */
function* rateLines(rates: RateList): Generator<string> {
  const tails = new Map<number, string>();
  let before = -1;
  let afterPrefix = '';
  let piece = '';
  for (const row of orderByText(rates)) {
    // The codes of a destination stand below each other.
    if (before < 0 || !saysTheSame(rates, before, row)) afterPrefix = textAfterPrefix(row);
    before = row;
    piece += `["${rates.prefixAt(row)}${afterPrefix}`;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield piece;

  function textAfterPrefix(row: number): string {
    const termsId = rates.termsIdAt(row);
    let tail = tails.get(termsId);
    if (tail === undefined) {
      tail = termsText(rates.readTerms(row, emptyTerms()));
      tails.set(termsId, tail);
    }
    const description = JSON.stringify(rates.descriptionAt(row));
    const from = timeText(rates.effectiveFromAt(row));
    const to = timeText(rates.effectiveToAt(row));
    const initialRate = rates.initialRatePerMinuteAt(row);
    return `",${description},"${rates.countryAt(row)}",${from},${to},${initialRate},${rates.ratePerMinuteAt(row)},${tail}]\n`;
  }
}

function saysTheSame(rates: RateList, a: number, b: number): boolean {
  return (
    rates.termsIdAt(a) === rates.termsIdAt(b) &&
    rates.ratePerMinuteAt(a) === rates.ratePerMinuteAt(b) &&
    rates.descriptionIdAt(a) === rates.descriptionIdAt(b) &&
    rates.countryIdAt(a) === rates.countryIdAt(b) &&
    rates.effectiveFromAt(a) === rates.effectiveFromAt(b) &&
    rates.effectiveToAt(a) === rates.effectiveToAt(b)
  );
}

function termsText(terms: RateTerms): string {
  const { connectFee, initialSeconds, stepSeconds, durationRounding, blocked, special } = terms;
  // Absent where a row has none, so that a catalog without them keeps the fingerprint it had before there were any.
  const more = special === null ? [] : [specialContent(special)];
  return JSON.stringify([connectFee, initialSeconds, stepSeconds, durationRounding, blocked, ...more]).slice(
    1,
    -1,
  );
}

/** As JSON: an infinity is null there and has no other meaning here. */
function timeText(at: number): string {
  return Number.isFinite(at) ? String(at) : 'null';
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
    plan.pools.map(poolContent),
    plan.recurring.map(({ id, name, per, amount, kinds, lowUsage }) => [
      id,
      name,
      per,
      amount,
      ...(kinds === undefined && lowUsage === undefined ? [] : [kinds ?? null, lowUsage ?? null]),
    ]),
    ...(plan.billsZeroLength ? ['bills_zero_length'] : []),
    ...(plan.creditsRemovals === true ? ['credits_removals'] : []),
    ...(plan.creditsCorrections === true ? ['credits_corrections'] : []),
    ...limitsContent(plan.spendLimits),
  ];
}

/** What a pool had when pools were minutes only comes first, and what is as it was then is left out: old catalogs keep their fingerprints. */
function poolContent(pool: Pool): unknown {
  const { id, unit, perMonth, scope, deviceKind, devicesMin, destinations, proration } = pool;
  const isMinutes = unit === 'seconds' && deviceKind === '' && devicesMin === 1;
  const further =
    isMinutes && destinations === null && proration === 'none'
      ? []
      : [unit, deviceKind, devicesMin, destinations === null ? null : setContent(destinations), proration];
  return [id, perMonth, scope, ...further];
}

function setContent({ id, callTypes, countries, prefixes }: DestinationSet): unknown {
  return [id, callTypes === null ? null : [...callTypes].sort(), [...countries].sort(), prefixes.toSorted()];
}

function poolIds(pools: readonly Pool[]): unknown[] {
  return pools.length === 0 ? [null] : pools.map(({ id }) => id);
}

function ruleContent(rule: ChargeRule): unknown {
  return rule.kind === 'tariff' ? ['tariff', rule.tariff.id, ...poolIds(rule.pools)] : rule.kind;
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
    devices.map((device) => [
      device.id,
      device.kind,
      device.extension,
      ...ownContent(device),
      ...(device.service === undefined ? [] : [device.service]),
      ...(device.isLowUsage === true ? ['low_usage'] : []),
    ]),
    numbers
      .map((each) => [
        each.number,
        each.kind,
        each.extension,
        ...ownContent(each),
        ...(each.service === undefined ? [] : [each.service]),
      ])
      .sort((a, b) => Number(a[0]) - Number(b[0])),
    // Absent where there are none, so that such accounts keep the fingerprint they had before there were any.
    ...ownContent(account),
    ...(account.billing === undefined ? [] : [account.billing]),
    ...limitsContent(account.spendLimits),
    ...(account.billingGroups ?? []).map((group) => ['group', group.id, group.name, ...ownContent(group)]),
  ];
}

function limitsContent(limits: readonly SpendLimit[] = []): unknown[] {
  return limits.map(({ id, amount, window, thresholds, callTypes, destinations }) => [
    'spend_limit',
    id,
    amount,
    window,
    thresholds,
    callTypes === null ? null : [...callTypes].sort(),
    destinations.map(setContent),
  ]);
}

function ownContent({
  rules,
  billingGroup,
}: {
  rules?: OwnRules | undefined;
  billingGroup?: string;
}): unknown[] {
  const own = Object.entries(rules ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, rule]) => [type, ruleContent(rule)]);
  return [
    ...(billingGroup === undefined ? [] : ['group', billingGroup]),
    ...(rules === undefined ? [] : ['rules', own]),
  ];
}

function billingContent(terms: BillingTerms): unknown {
  const { oneTimeCharges, contributionFactors, ...rest } = terms;
  const table = (rates: BillingTerms['feeRates']): unknown[] =>
    rates.map((rate) => JSON.stringify(rate)).toSorted((a, b) => (a < b ? -1 : 1));
  return [
    'billing',
    { ...rest, feeRates: table(rest.feeRates), taxRates: table(rest.taxRates) },
    oneTimeCharges.map(({ id, name, amounts }) => [
      id,
      name,
      [...amounts].sort(([a], [b]) => (a < b ? -1 : 1)),
    ]),
    [...contributionFactors].sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
}

function byId<Entity extends { readonly id: string }>(entities: ReadonlyMap<string, Entity>): Entity[] {
  return [...entities.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The same as for each account by itself; those that have only what every account has are never made objects. */
function writeTable(
  accounts: AccountTable,
  write: (value: unknown) => void,
  writeBytes: (bytes: Uint8Array) => void,
): void {
  const lines = new AccountLines(accounts.columns);
  for (const index of placesById(accounts)) {
    const isLine = lines.add(accounts.beginOf(index));
    if (!isLine || lines.length >= PIECE_CHARACTERS) writeBytes(lines.take());
    if (!isLine) write(accountContent(accounts.passing(index)));
  }
  writeBytes(lines.take());
}

function placesById(accounts: AccountTable): Uint32Array {
  const ids = [...accounts.keys()];
  const order = Uint32Array.from(ids, (_, index) => index);
  if (ids.some((id, index) => index > 0 && id < ids[index - 1]!))
    order.sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
  return order;
}
