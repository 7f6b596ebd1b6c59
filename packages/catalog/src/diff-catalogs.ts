/** What differs between two catalogs, in terms of money: pure, and in the order in which people ask. */
import { formatScaled } from '@tollstream/money';
import { describeAccount, describePlan, describeTariff } from './describe.ts';
import type { Catalog, Rate, Tariff } from './model.ts';
import { describeOrigin } from './origins.ts';
import { CHARGE_SCALE, RATE_SCALE } from './scales.ts';

export type ChangeKind = 'added' | 'removed' | 'changed';

/** Anything but a rate: `recurring.phone.amount`, `19.95` → `21.95`; null = it is not there. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What a prefix costs otherwise, and when. */
export interface RateChange {
  readonly prefix: string;
  /** Callers that the rate is for; '' = all. */
  readonly callers: string;
  readonly description: string;
  readonly kind: 'dearer' | 'cheaper' | 'new' | 'ended' | 'terms';
  /** Per minute, decimals. */
  readonly before: string | null;
  readonly after: string | null;
  /** Of the rate per minute, two decimals; null when there was none, or it was 0. */
  readonly percent: string | null;
  /** Half-open, ISO 8601; null = always, open end. */
  readonly from: string | null;
  readonly to: string | null;
  /** Connect fee, increments and so on, where they differ too. */
  readonly terms: readonly FieldChange[];
}

export interface EntityDiff {
  readonly id: string;
  readonly kind: ChangeKind;
  readonly fields: readonly FieldChange[];
}

export interface TariffDiff extends EntityDiff {
  readonly currency: string;
  /** None for a tariff that came or went as a whole. */
  readonly rates: readonly RateChange[];
}

export interface CatalogDiff {
  readonly tariffs: readonly TariffDiff[];
  readonly plans: readonly EntityDiff[];
  readonly accounts: readonly EntityDiff[];
}

export function diffCatalogs(before: Catalog, after: Catalog): CatalogDiff {
  const plansOf = (catalog: Catalog) => described(catalog.plans, (plan) => limitsInWords(describePlan(plan)));
  const accountsOf = (catalog: Catalog) =>
    described(catalog.accounts, (account) => limitsInWords(describeAccount(account)));
  return {
    tariffs: diffTariffs(before, after),
    plans: diffEntities(plansOf(before), plansOf(after)),
    accounts: diffEntities(accountsOf(before), accountsOf(after)),
  };

  function diffTariffs(from: Catalog, to: Catalog): TariffDiff[] {
    const headsOf = (catalog: Catalog) =>
      described(catalog.tariffs, (tariff) => head(describeTariff(tariff)));
    const heads = new Map(diffEntities(headsOf(from), headsOf(to)).map((each) => [each.id, each]));
    const ids = [...new Set([...from.tariffs.keys(), ...to.tariffs.keys()])].sort();
    return ids.flatMap((id) => {
      const [old, now] = [from.tariffs.get(id), to.tariffs.get(id)];
      const rates = old === undefined || now === undefined ? [] : diffRates(old, now);
      const changed = heads.get(id);
      if (changed === undefined && rates.length === 0) return [];
      const { currency } = (now ?? old)!;
      return [{ ...(changed ?? { id, kind: 'changed' as const, fields: [] }), currency, rates }];
    });
  }
}

/** Without what is told of by its rows. */
function head({ rates: _rates, ...rest }: ReturnType<typeof describeTariff>) {
  return rest;
}

type Described = ReturnType<typeof describePlan> | ReturnType<typeof describeAccount>;

/** A spend limit is read as a whole: `spend_limits.fraud`: `50 USD a day on premium calls, alert at 100 %`. */
function limitsInWords({ spend_limits: limits = [], ...rest }: Described) {
  const words = limits.map((limit) => [limit.id, limitInWords(limit, rest.currency)]);
  return words.length === 0 ? rest : { ...rest, spend_limits: Object.fromEntries(words) as object };
}

function limitInWords(limit: NonNullable<Described['spend_limits']>[number], currency: string): string {
  const { amount, window, thresholds, call_types: types, destinations } = limit;
  const counted = [
    ...(types === null ? [] : [`${types.join(', ')} calls`]),
    ...(destinations.length === 0 ? [] : [`calls of ${destinations.join(', ')}`]),
  ];
  const period = { hour: 'an hour', day: 'a day', month: 'a month' }[window];
  const at = thresholds.map((percent) => `${percent} %`).join(', ');
  return `${amount} ${currency} ${period} on ${counted.join(' and ') || 'all calls'}, alert at ${at}`;
}

interface Entity {
  readonly id: string;
}

/** One after the other, so that a million accounts are not all there as objects. */
function* described<Item, Described extends Entity>(
  items: ReadonlyMap<string, Item>,
  describe: (item: Item) => Described,
): Generator<Described, undefined> {
  for (const item of items.values()) yield describe(item);
}

function diffEntities(
  before: Iterator<Entity, undefined>,
  after: Iterator<Entity, undefined>,
): readonly EntityDiff[] {
  const diffs: EntityDiff[] = [];
  for (const [a, b] of pairsOf(before, after)) {
    if (a === undefined) diffs.push({ id: b!.id, kind: 'added', fields: [] });
    else if (b === undefined) diffs.push({ id: a.id, kind: 'removed', fields: [] });
    // Nearly all are the same, which their JSON tells sooner than their fields one by one.
    else if (JSON.stringify(a) !== JSON.stringify(b)) {
      const fields = diffFields(flatten(a), flatten(b));
      if (fields.length > 0) diffs.push({ id: a.id, kind: 'changed', fields });
    }
  }
  return diffs.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Those of one id. Where both come in nearly the same order, few wait for the other one. */
function* pairsOf(
  before: Iterator<Entity, undefined>,
  after: Iterator<Entity, undefined>,
): Generator<readonly [before: Entity | undefined, after: Entity | undefined]> {
  const [old, now] = [new Map<string, Entity>(), new Map<string, Entity>()];
  for (;;) {
    const [a, b] = [before.next().value, after.next().value];
    if (a === undefined && b === undefined) break;
    if (a !== undefined) old.set(a.id, a);
    if (b !== undefined) now.set(b.id, b);
    for (const id of new Set([a?.id, b?.id])) {
      if (id === undefined || !old.has(id) || !now.has(id)) continue;
      yield [old.get(id), now.get(id)];
      old.delete(id);
      now.delete(id);
    }
  }
  for (const a of old.values()) yield [a, undefined];
  for (const b of now.values()) yield [undefined, b];
}

function diffFields(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FieldChange[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => before.get(field) !== after.get(field))
    .map((field) => ({ field, before: before.get(field) ?? null, after: after.get(field) ?? null }));
}

/** Paths to texts; members of lists are named by their own id, so that their order does not count. */
function flatten(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  const under = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (Array.isArray(value)) {
    if (value.every((member) => typeof member !== 'object')) into.set(path, value.join(', '));
    else value.forEach((member, i) => flatten(member, under(nameOf(member) ?? String(i)), into));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) flatten(member, under(name), into);
  } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    into.set(path, String(value));
  }
  return into;
}

function nameOf(member: unknown): string | null {
  const { id, number } = member as { id?: unknown; number?: unknown };
  return typeof id === 'string' ? id : typeof number === 'string' ? number : null;
}

function diffRates(before: Tariff, after: Tariff): RateChange[] {
  const [old, now] = [byCode(before), byCode(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .flatMap((code) => diffCode(old.get(code) ?? [], now.get(code) ?? []));
}

/** Rows of one prefix and the same callers: of these one holds at a time. */
function byCode(tariff: Tariff): Map<string, Rate[]> {
  const rows = new Map<string, Rate[]>();
  for (const rate of tariff.rates) {
    const code = `${rate.prefix} ${callersOf(rate)}`;
    const same = rows.get(code);
    if (same === undefined) rows.set(code, [rate]);
    else same.push(rate);
  }
  return rows;
}

/**
 * Compares two timelines: between two instants at which a row begins or ends on either side, each side has one row or none.
 * Neighbouring times with the same change are one change.
 */
function diffCode(old: readonly Rate[], now: readonly Rate[]): RateChange[] {
  const borders = new Set([-Infinity, Infinity]);
  for (const { effectiveFrom, effectiveTo } of [...old, ...now]) borders.add(effectiveFrom).add(effectiveTo);
  const instants = [...borders].sort((a, b) => (a < b ? -1 : 1));
  const changes: TimedChange[] = [];
  for (let i = 0; i + 1 < instants.length; i++) {
    const [fromMs, toMs] = [instants[i]!, instants[i + 1]!];
    const change = changeOf(rowAt(old, fromMs), rowAt(now, fromMs));
    if (change === null) continue;
    const last = changes.at(-1);
    if (last?.toMs === fromMs && JSON.stringify(last.change) === JSON.stringify(change)) last.toMs = toMs;
    else changes.push({ change, fromMs, toMs });
  }
  return changes.map(({ change, fromMs, toMs }) => ({ ...change, from: iso(fromMs), to: iso(toMs) }));
}

interface TimedChange {
  readonly change: Omit<RateChange, 'from' | 'to'>;
  readonly fromMs: number;
  toMs: number;
}

function rowAt(rows: readonly Rate[], atMs: number): Rate | null {
  return rows.find(({ effectiveFrom, effectiveTo }) => effectiveFrom <= atMs && atMs < effectiveTo) ?? null;
}

function changeOf(old: Rate | null, now: Rate | null): TimedChange['change'] | null {
  const terms = diffFields(termsOf(old), termsOf(now));
  const [before, after] = [old?.ratePerMinute ?? null, now?.ratePerMinute ?? null];
  if (before === after && terms.length === 0) return null;
  const shown = (now ?? old)!;
  const { prefix, description } = shown;
  return {
    prefix,
    callers: callersOf(shown),
    description,
    kind: kindOf(before, after),
    before: before === null ? null : formatScaled(before, RATE_SCALE, { trim: true }),
    after: after === null ? null : formatScaled(after, RATE_SCALE, { trim: true }),
    percent:
      before === null || after === null || before === 0 || before === after ? null : percentOf(before, after),
    terms: old === null || now === null ? [] : terms,
  };
}

function callersOf({ special }: Rate): string {
  return special === null || special.origin === null ? '' : describeOrigin(special.origin);
}

function kindOf(before: number | null, after: number | null): RateChange['kind'] {
  if (before === null) return 'new';
  if (after === null) return 'ended';
  if (before === after) return 'terms';
  return after > before ? 'dearer' : 'cheaper';
}

/** Rounded half away from zero to two decimals, exactly. */
function percentOf(before: number, after: number): string {
  const difference = BigInt(after) - BigInt(before);
  const magnitude = difference < 0n ? -difference : difference;
  const hundredths = (magnitude * 10_000n * 2n + BigInt(before)) / (2n * BigInt(before));
  return `${difference < 0n ? '-' : '+'}${formatScaled(hundredths, 2)}`;
}

/** All that a row says but its rate per minute, as texts. */
function termsOf(rate: Rate | null): Map<string, string> {
  if (rate === null) return new Map();
  const charge = (amount: number): string => formatScaled(amount, CHARGE_SCALE, { trim: true });
  const terms = new Map([
    ['increments', `${rate.initialSeconds}/${rate.stepSeconds} ${rate.durationRounding}`],
    ['connect_fee', charge(rate.connectFee)],
    ['blocked', String(rate.blocked)],
  ]);
  if (rate.initialRatePerMinute !== rate.ratePerMinute)
    terms.set('initial_rate', formatScaled(rate.initialRatePerMinute, RATE_SCALE, { trim: true }));
  const { special } = rate;
  if (special === null) return terms;
  terms.set('minimum_charge', charge(special.minimumCharge));
  if (Number.isFinite(special.maximumCharge)) terms.set('maximum_charge', charge(special.maximumCharge));
  terms.set('attempt_fee', charge(special.attemptFee));
  terms.set('free_seconds', String(special.freeSeconds));
  if (special.priceLists !== null) terms.set('tiers_and_windows', JSON.stringify(special.priceLists));
  for (const [where, amount] of Object.entries(special.jurisdictionRates ?? {})) {
    if (amount !== null)
      terms.set(`${where}_rate`, formatScaled(amount as number, RATE_SCALE, { trim: true }));
  }
  return terms;
}

function iso(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
