/** What each call must become, worked out once more from the raw record and the catalog's data, slowly and plainly. */
import type { Account, Catalog, Plan, Pool, Rate, Tariff } from '@tollstream/catalog';
import { oraclePrice } from '@tollstream/rating-engine/testing';

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
    },
  };
}

function ownerOf(number: string, catalog: Catalog): string {
  for (const account of catalog.accounts.values())
    for (const owned of account.numbers) if (String(owned.number) === digitsOf(number)) return account.id;
  return '';
}

/** Seconds used of every pool, by account, pool, month and what its scope counts by. */
export class UsedSeconds {
  readonly #used = new Map<string, number>();

  of(pool: Pool, place: { account: string; month: number; device: string }): number {
    return this.#used.get(keyOf(pool, place)) ?? 0;
  }

  add(pool: Pool, place: { account: string; month: number; device: string }, seconds: number): void {
    this.#used.set(keyOf(pool, place), this.of(pool, place) + seconds);
  }
}

function keyOf(
  pool: Pool,
  { account, month, device }: { account: string; month: number; device: string },
): string {
  return JSON.stringify([account, pool.id, month, pool.scope === 'device' ? device : '']);
}

/** Prices a call with the allowance as it stands, and takes from it what the call uses. */
export function expectRow(call: AuditedCall, catalog: Catalog, used: UsedSeconds): Expected {
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
  const { pool, tariff } = rule;
  const place = { account: account.id, month, device: call.device };
  const left = pool === null ? 0 : pool.secondsPerMonth - used.of(pool, place);
  const price = oraclePrice(
    call.endedAt - call.answeredAt,
    { ...rate, chargeRounding: tariff.chargeRounding },
    left,
  );
  if (price === null) return { kind: 'suspended', code: 'amount_overflow' };
  if (pool !== null) used.add(pool, place, Number(price.includedSeconds));
  return {
    kind: 'rated',
    row: {
      callType,
      rateType: rateTypeOf(pool, price),
      month,
      tariff: tariff.id,
      prefix: rate.prefix,
      pool: pool?.id ?? '',
      billableSeconds: price.billableSeconds,
      includedSeconds: price.includedSeconds,
      charge: price.charge,
      currency: tariff.currency,
    },
  };
}

function rateTypeOf(
  pool: Pool | null,
  { chargedSeconds, includedSeconds }: { chargedSeconds: bigint; includedSeconds: bigint },
): string {
  if (pool === null) return 'metered';
  if (chargedSeconds === 0n) return 'included';
  return includedSeconds === 0n ? 'overage' : 'split';
}

function atNothing(rateType: string, callType: string, month: number, account: Account): Expected {
  const nothing = { tariff: '', prefix: '0', pool: '', billableSeconds: 0n, includedSeconds: 0n, charge: 0n };
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

function digitsOf(number: string): string {
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
