/** What each call must become, worked out once more from the raw record and the catalog's data, slowly and plainly. */
import type { Account, Catalog, Plan, Pool, Rate, Tariff } from '@tollstream/catalog';
import { oraclePooledPrice } from '@tollstream/rating-engine/testing';

/** A raw record as the auditor reads it. */
export type RawOutcome =
  | { readonly kind: 'call'; readonly call: AuditedCall }
  | { readonly kind: 'rejected'; readonly code: string };

export interface AuditedCall {
  readonly identity: string;
  readonly callId: string;
  readonly direction: string;
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  readonly answeredAt: number | null;
  readonly endedAt: number;
  readonly device: string;
  readonly account: string;
  /** Of a call that is reported in parts: which one it is. */
  readonly part: { readonly number: number; readonly isLast: boolean } | null;
}

export interface ExpectedRow {
  readonly callType: string;
  readonly rateType: string;
  readonly month: number;
  readonly tariff: string;
  readonly prefix: string;
  readonly pool: string;
  readonly billableSeconds: bigint;
  readonly includedSeconds: bigint;
  /** Of each pool that gave something; as the row says it. */
  readonly pools: string;
  readonly charge: bigint;
  readonly currency: string;
}

export type Expected =
  | { readonly kind: 'rated'; readonly row: ExpectedRow }
  | { readonly kind: 'suspended'; readonly code: string };

const FUTURE_SKEW_MS = 24 * 3_600_000;

export function readRaw(value: Buffer, receivedAt: number, catalog: Catalog): RawOutcome {
  if (value.includes(0xff)) return { kind: 'rejected', code: 'invalid_utf8' };
  let fields: Record<string, string | number | undefined>;
  try {
    fields = JSON.parse(value.toString()) as typeof fields;
  } catch {
    return { kind: 'rejected', code: 'unreadable' };
  }
  if (Array.isArray(fields)) return { kind: 'rejected', code: 'unreadable' };
  const text = (name: string): string => String(fields[name] ?? '');
  if (text('call_id') === '') return { kind: 'rejected', code: 'call_id_missing' };
  const startedAt = Number(fields['started_at']);
  const endedAt = Number(fields['ended_at']);
  if (endedAt < startedAt) return { kind: 'rejected', code: 'ends_before_start' };
  if (startedAt > receivedAt + FUTURE_SKEW_MS) return { kind: 'rejected', code: 'starts_in_future' };
  const own = text('direction') === 'inbound' ? text('to') : text('from');
  return {
    kind: 'call',
    call: {
      identity: `${text('switch_id')}\0${text('call_id')}\0${text('leg')}`,
      callId: text('call_id'),
      direction: text('direction'),
      from: text('from'),
      to: text('to'),
      startedAt,
      answeredAt: fields['answered_at'] === undefined ? null : Number(fields['answered_at']),
      endedAt,
      device: text('device'),
      account: text('account') || ownerOf(own, catalog),
      part:
        fields['partial_sequence'] === undefined
          ? null
          : { number: Number(fields['partial_sequence']), isLast: Boolean(fields['partial_last']) },
    },
  };
}

function ownerOf(number: string, catalog: Catalog): string {
  for (const account of catalog.accounts.values())
    for (const owned of account.numbers) if (String(owned.number) === digitsOf(number)) return account.id;
  return '';
}

interface UsePlace {
  readonly account: string;
  readonly month: number;
  readonly device: string;
  readonly number: string;
}

/** What was used of every pool, by account, pool, month and what its scope counts by. */
export class UsedPools {
  readonly #used = new Map<string, bigint>();

  of(pool: Pool, place: UsePlace): bigint {
    return this.#used.get(keyOf(pool, place)) ?? 0n;
  }

  /** The same, to be used of or to be forgotten. */
  copy(): UsedPools {
    const copy = new UsedPools();
    for (const [key, amount] of this.#used) copy.#used.set(key, amount);
    return copy;
  }

  add(pool: Pool, place: UsePlace, amount: bigint): void {
    this.#used.set(keyOf(pool, place), this.of(pool, place) + amount);
  }
}

function keyOf({ id, scope }: Pool, { account, month, device, number }: UsePlace): string {
  const holder = { account: '', devices: '', device, number }[scope];
  return JSON.stringify([account, id, month, holder]);
}

/** What the pool holds in a month; null where the call cannot use it. */
function poolSize(pool: Pool, call: AuditedCall, callType: string, account: Account): bigint | null {
  const { destinations, deviceKind, scope } = pool;
  if (destinations !== null) {
    const { callTypes, prefixes } = destinations;
    if (callTypes !== null && !([...callTypes] as string[]).includes(callType)) return null;
    const isThere = prefixes.some((prefix) => digitsOf(call.to).startsWith(prefix));
    if (prefixes.length > 0 && !isThere) return null;
  }
  const ofKind = account.devices.filter(({ kind }) => deviceKind === '' || kind === deviceKind);
  const needsDevice = deviceKind !== '' || scope === 'devices';
  if (needsDevice && !ofKind.some(({ id }) => id === call.device)) return null;
  if (scope !== 'devices') return BigInt(pool.perMonth);
  return ofKind.length < pool.devicesMin ? null : BigInt(pool.perMonth) * BigInt(ofKind.length);
}

/** Prices a call with the allowance as it stands, and takes from it what the call uses. */
export function expectRow(call: AuditedCall, catalog: Catalog, used: UsedPools): Expected {
  const account = catalog.accounts.get(call.account);
  if (account === undefined) return { kind: 'suspended', code: 'account_unknown' };
  if (account.status === 'closed') return { kind: 'suspended', code: 'account_inactive' };
  const callType = callTypeOf(call, account);
  const month = monthOf(call.answeredAt ?? call.startedAt, account.timeZone);
  if (call.answeredAt === null) return atNothing('unanswered', callType, month, account);
  const rule = account.plan.rules[callType];
  if (rule.kind === 'blocked') return { kind: 'suspended', code: 'destination_blocked' };
  if (rule.kind !== 'tariff' || callType === 'emergency') return atNothing('free', callType, month, account);
  const rate = longestInForce(rule.tariff, digitsOf(call.to), call.answeredAt);
  if (rate === null) return { kind: 'suspended', code: 'rate_missing' };
  const { tariff } = rule;
  const own = call.direction === 'inbound' ? call.to : call.from;
  const place = { account: account.id, month, device: call.device, number: digitsOf(own) };
  const pools = rule.pools.flatMap((pool) => {
    const size = poolSize(pool, call, callType, account);
    return size === null ? [] : [{ pool, unit: pool.unit, left: size - used.of(pool, place) }];
  });
  const price = oraclePooledPrice(
    call.endedAt - call.answeredAt,
    { ...rate, chargeRounding: tariff.chargeRounding },
    pools,
  );
  pools.forEach(({ pool }, i) => used.add(pool, place, price.took[i]!));
  const first =
    pools[
      Math.max(
        0,
        price.took.findIndex((took) => took > 0n),
      )
    ]?.pool ?? null;
  return {
    kind: 'rated',
    row: {
      callType,
      rateType: rateTypeOf(first, price),
      month,
      tariff: tariff.id,
      prefix: rate.prefix,
      pool: first?.id ?? '',
      billableSeconds: price.billableSeconds,
      includedSeconds: price.includedSeconds,
      pools: givenText(pools, price.took, place.number),
      charge: price.charge,
      currency: tariff.currency,
    },
  };
}

function rateTypeOf(
  pool: Pool | null,
  { chargedSeconds, charge, took }: { chargedSeconds: bigint; charge: bigint; took: readonly bigint[] },
): string {
  if (pool === null) return 'metered';
  const gave = took.some((amount) => amount > 0n);
  if (chargedSeconds === 0n || (charge === 0n && gave)) return 'included';
  return gave ? 'split' : 'overage';
}

/** What the row must say of pools beyond its columns: everything but seconds of one pool that is not counted by number. */
function givenText(
  pools: readonly { readonly pool: Pool }[],
  took: readonly bigint[],
  number: string,
): string {
  const given = pools.flatMap(({ pool }, i) => (took[i]! > 0n ? [{ pool, took: took[i]! }] : []));
  const byNumber = given.some(({ pool }) => pool.scope === 'number');
  const isInColumns = given.length < 2 && given.every(({ pool }) => pool.unit === 'seconds') && !byNumber;
  if (isInColumns) return '';
  return given
    .map(({ pool, took: amount }) => {
      const text = `${pool.id} ${pool.unit} ${decimalText(pool, amount)}`;
      return pool.scope === 'number' ? `${text} ${number}` : text;
    })
    .join('; ');
}

function decimalText({ unit }: Pool, amount: bigint): string {
  if (unit !== 'money') return String(amount);
  const digits = String(amount).padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, '');
}

function atNothing(rateType: string, callType: string, month: number, account: Account): Expected {
  const nothing = {
    tariff: '',
    prefix: '0',
    pool: '',
    billableSeconds: 0n,
    includedSeconds: 0n,
    pools: '',
    charge: 0n,
  };
  return { kind: 'rated', row: { callType, rateType, month, ...nothing, currency: account.currency } };
}

/** The simulated switch dials these and nothing else. */
function callTypeOf(call: AuditedCall, { plan }: Account): keyof Plan['rules'] {
  if (call.direction === 'inbound') return 'inbound';
  if (call.to === '911') return 'emergency';
  if (call.to.length === 3) return 'internal';
  const to = digitsOf(call.to);
  if (plan.premiumPrefixes.some((prefix) => to.startsWith(prefix))) return 'premium';
  if (!to.startsWith('1')) return 'international';
  return to.slice(1, 4) === digitsOf(call.from).slice(1, 4) ? 'local' : 'long_distance';
}

export function digitsOf(number: string): string {
  if (number.startsWith('+')) return number.slice(1);
  if (number.startsWith('011')) return number.slice(3);
  return number.length === 10 ? `1${number}` : number;
}

const ratesOf = new WeakMap<Tariff, readonly Rate[]>();

function longestInForce(tariff: Tariff, digits: string, atMs: number): Rate | null {
  let best: Rate | null = null;
  const rates = ratesOf.get(tariff) ?? [...tariff.rates];
  ratesOf.set(tariff, rates);
  for (const rate of rates) {
    if (!digits.startsWith(rate.prefix) || atMs < rate.effectiveFrom || atMs >= rate.effectiveTo) continue;
    if (best === null || rate.prefix.length > best.prefix.length) best = rate;
  }
  return best;
}

const calendars = new Map<string, Intl.DateTimeFormat>();

/** @returns yyyymm */
function monthOf(atMs: number, timeZone: string): number {
  let calendar = calendars.get(timeZone);
  if (calendar === undefined) {
    calendar = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit' });
    calendars.set(timeZone, calendar);
  }
  return Number(calendar.format(atMs).replace('-', ''));
}
