/** What all are given to price: one deck and the same calls, and how their answers are compared. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildCatalog, renderProblems } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { UNUSED_ALLOWANCE, compileRateTable, emptyCall, priceCall } from '@tollstream/rating-engine';
import { makeRandom } from '../../../packages/rating-engine/src/testing/bench-deck.ts';

/** Amounts in millionths of the currency, times in seconds. No prefix begins with 0, so its digits are its name. */
export interface PeerRate {
  readonly prefix: string;
  readonly ratePerMinute: number;
  readonly connectFee: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
}

export interface PeerWork {
  readonly rates: readonly PeerRate[];
  /** Twelve digits each. */
  readonly destinations: Float64Array;
  readonly durationsMs: Float64Array;
  /** By this product: in millionths; null for a call that cannot be priced. */
  readonly price: (destination: number, durationMs: number) => number | null;
  /** Tab-separated: prefix, rate per minute, connect fee, initial, step. */
  readonly ratesFile: string;
  /** Tab-separated: number of the call, destination, milliseconds. */
  readonly callsFile: string;
}

/** Of all calls: their sum, and a sum in which the place of each counts, so that two errors do not cancel each other. */
export interface PeerTotals {
  readonly calls: number;
  readonly charge: string;
  readonly checksum: string;
}

/** The same in SQL: `id % 997 + 1`. */
export const CHECKSUM_MODULUS = 997;
export const DESTINATION_DIGITS = 12;

const INCREMENTS = [
  [60, 60],
  [30, 6],
  [6, 6],
  [60, 1],
  [1, 1],
] as const;
const TALK_MS_MAX = 3_600_000;
const MICRO = 1_000_000;
const ANSWERED_AT = Date.UTC(2020, 0, 15, 15);

const PLAN = `id: standard
name: Standard
currency: USD
country: US
rules:
  internal: free
  local: { tariff: world }
  long_distance: { tariff: world }
  premium: { tariff: world }
  toll_free_outbound: { tariff: world }
  toll_free_inbound: free
  inbound: free
  international: { tariff: world }
`;

/** @param options.directory for the files that peers load; must be readable by other users */
export async function makePeerWork(options: {
  directory: string;
  prefixes: number;
  calls: number;
  seed: number;
}): Promise<PeerWork> {
  const { directory, calls } = options;
  const random = makeRandom(options.seed);
  const rates = makeRates(options.prefixes, random);
  const price = pricerOf(catalogOf(rates));
  const { destinations, durationsMs } = makeCalls(price, rates, calls, random);
  const ratesFile = path.join(directory, 'rates.tsv');
  const callsFile = path.join(directory, 'calls.tsv');
  const lines = rates.map((rate) =>
    [
      rate.prefix,
      decimal(rate.ratePerMinute),
      decimal(rate.connectFee),
      rate.initialSeconds,
      rate.stepSeconds,
    ].join('\t'),
  );
  await writeFile(ratesFile, `${lines.join('\n')}\n`);
  const callLines = Array.from(
    destinations,
    (destination, id) => `${id}\t${destination}\t${durationsMs[id]}`,
  );
  await writeFile(callsFile, `${callLines.join('\n')}\n`);
  return { rates, destinations, durationsMs, price, ratesFile, callsFile };
}

/** Nine rates for what has no longer prefix, and destinations of some twenty codes each, below each other and beside each other. */
function makeRates(count: number, random: () => number): PeerRate[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const rates = new Map<string, PeerRate>();
  const add = (prefix: string, ratePerMinute: number, connectFee: number): void => {
    const [initialSeconds, stepSeconds] = INCREMENTS[below(INCREMENTS.length)]!;
    if (!rates.has(prefix))
      rates.set(prefix, { prefix, ratePerMinute, connectFee, initialSeconds, stepSeconds });
  };
  for (let digit = 1; digit <= 9; digit++) add(String(digit), 90_000, 0);
  while (rates.size < count) {
    const base = String(below(9) + 1) + String(random()).slice(2, 4 + below(4));
    const ratePerMinute = 100 * (50 + below(4_000));
    const connectFee = random() < 0.1 ? 100 * below(500) : 0;
    for (let code = 0, codes = 1 + below(40); code < codes && rates.size < count; code++)
      add(`${base}${code < 10 ? code : code + 10}`, ratePerMinute, connectFee);
  }
  // In order, as carriers send them: PostgreSQL's GiST index of a deck that was loaded in any order takes five times as long to search.
  return [...rates.values()].toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

function catalogOf(rates: readonly PeerRate[]): Catalog {
  const rows = rates.map((rate) =>
    [
      rate.prefix,
      decimal(rate.ratePerMinute),
      decimal(rate.connectFee),
      rate.initialSeconds,
      rate.stepSeconds,
    ].join(','),
  );
  const files = {
    'catalog.yaml': 'version: 1\nname: Peers\n',
    'plans/standard.yaml': PLAN,
    'tariffs/world.yaml': 'id: world\nname: World\ncurrency: USD\nrates: world.csv\n',
    'tariffs/world.csv': `prefix,rate,connect_fee,initial,step\n${rows.join('\n')}\n`,
    'accounts.yaml': 'accounts:\n  - { id: acme, name: Acme, plan: standard, billing_start: 2015-01-01 }\n',
  };
  const built = buildCatalog(
    new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const)),
  );
  if (!built.ok) throw new Error(renderProblems(built.problems));
  return built.catalog;
}

/** Calls to numbers that this product takes for a number of some country: what it suspends, such as unassigned codes, is left out for all. */
function makeCalls(
  price: PeerWork['price'],
  rates: readonly PeerRate[],
  calls: number,
  random: () => number,
): Pick<PeerWork, 'destinations' | 'durationsMs'> {
  const destinations = new Float64Array(calls);
  const durationsMs = new Float64Array(calls);
  for (let id = 0; id < calls;) {
    const { prefix } = rates[Math.floor(random() * rates.length)]!;
    const more = DESTINATION_DIGITS - prefix.length;
    const destination = Number(prefix) * 10 ** more + Math.floor(random() * 10 ** more);
    const durationMs = 1 + Math.floor(random() ** 3 * TALK_MS_MAX);
    if (price(destination, durationMs) === null) continue;
    destinations[id] = destination;
    durationsMs[id++] = durationMs;
  }
  return { destinations, durationsMs };
}

function pricerOf(catalog: Catalog): PeerWork['price'] {
  const account = compileRateTable(catalog).account('acme')!;
  const call = emptyCall();
  call.originNumber = 12_125_550_100;
  call.startedAt = ANSWERED_AT - 5_000;
  call.answeredAt = ANSWERED_AT;
  return (destination, durationMs) => {
    call.destinationNumber = destination;
    call.endedAt = ANSWERED_AT + durationMs;
    const outcome = priceCall(call, account, UNUSED_ALLOWANCE);
    return outcome.kind === 'priced' ? outcome.charge : null;
  };
}

/** Of all calls, by this product's engine, on one core. */
export function priceAll({ price, destinations, durationsMs }: PeerWork): PeerTotals {
  let charge = 0;
  let checksum = 0n;
  // Sums of a stretch stay exact in a double.
  let part = 0;
  for (let id = 0; id < destinations.length; id++) {
    const amount = price(destinations[id]!, durationsMs[id]!)!;
    charge += amount;
    part += amount * ((id % CHECKSUM_MODULUS) + 1);
    if ((id & 0xfff) === 0xfff || id === destinations.length - 1) {
      if (!Number.isSafeInteger(charge) || !Number.isSafeInteger(part))
        throw new RangeError('too much for a double');
      checksum += BigInt(part);
      part = 0;
    }
  }
  return { calls: destinations.length, charge: String(charge), checksum: String(checksum) };
}

function decimal(millionths: number): string {
  return (millionths / MICRO).toFixed(6);
}
