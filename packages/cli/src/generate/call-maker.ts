/** Single calls: who calls whom, how it is written, whether it is answered and for how long. */
import type { Account, Catalog } from '@tollstream/catalog';
import type { CallEvent, Disposition } from '@tollstream/contracts';
import {
  SERVICE_CODES,
  domesticNumber,
  foreignNumber,
  moreDigits,
  nearbyNumber,
  numberNobodyHas,
  premiumNumber,
  tollFreeNumber,
  usNumber,
  written,
} from './destinations.ts';
import { LAST_START } from './month.ts';
import { type Random, Weighted, mix } from './random.ts';

export const CALL_KINDS = [
  'local',
  'long_distance',
  'inbound',
  'toll_free_inbound',
  'internal',
  'international',
  'toll_free_outbound',
  'premium',
  'emergency',
  'service_code',
  'transfer',
] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/** What rating is expected to hold back, and why. */
export type Flaw = 'account_unknown' | 'destination_unknown' | 'account_inactive';

export interface MadeCall {
  readonly event: CallEvent;
  readonly kind: CallKind;
  readonly flaw: Flaw | null;
}

const ACCOUNT_UNKNOWN_SHARE = 0.0025;
const DESTINATION_UNKNOWN_SHARE = 0.0025;
const ACCOUNT_NAMED_SHARE = 0.6;
const KINDS = new Weighted<CallKind>([
  ['local', 20],
  ['long_distance', 19],
  ['inbound', 26],
  ['toll_free_inbound', 7],
  ['internal', 12],
  ['international', 8],
  ['toll_free_outbound', 4],
  ['premium', 0.5],
  ['emergency', 0.1],
  ['service_code', 0.9],
  ['transfer', 2.5],
]);
const DISPOSITIONS = new Weighted<Disposition>([
  ['answered', 78],
  ['no_answer', 11],
  ['busy', 5],
  ['cancelled', 3.5],
  ['failed', 1.5],
  ['rejected', 1],
]);
const NORTH_AMERICAN = new Set(['US', 'CA']);
const CLOSED_ACCOUNT_WEIGHT = 0.05;
const TRUNKS = ['carrier-a', 'carrier-b', 'carrier-c'];
const RING_MS_MAX = 28_000;
const TALK_MEAN_MS = 165_000;
const TALK_MS_MAX = 4 * 3_600_000;

interface Party {
  readonly account: Account;
  readonly country: string;
  readonly switchId: string;
  readonly dids: readonly string[];
  readonly tollFree: readonly string[];
  readonly callsPremium: boolean;
}

interface Sides {
  direction: CallEvent['direction'];
  from: string;
  to: string;
  /** Whether the account can be told from its own number alone: national notation says nothing to who does not know whose it is. */
  attributable: boolean;
  trunk: string | null;
  originalTo: string | null;
  routingNumber: string | null;
}

export class CallMaker {
  readonly #random: Random;
  readonly #parties: Weighted<Party>;
  readonly #hot: Party;
  readonly #hotShare: number;
  #made = 0;
  readonly #idSalt: number;

  /**
   * @param hotShare share of the calls that the first account makes beside those it has anyway
   * @throws GenerateError when the catalog has no account that could call
   */
  constructor(catalog: Catalog, random: Random, hotShare: number) {
    this.#random = random;
    this.#idSalt = random.uint32();
    const accounts = [...catalog.accounts.values()];
    // Who begins after the month is no customer yet, unless all are such.
    const customers = accounts.filter(({ billingStart }) => billingStart <= LAST_START);
    const parties = (customers.length > 0 ? customers : accounts).map(partyOf);
    if (parties.length === 0) throw new GenerateError();
    this.#hot = parties[0]!;
    this.#hotShare = hotShare;
    this.#parties = new Weighted(parties.map((party) => [party, weightOf(party)]));
  }

  /** A call, and with a transfer the leg that followed from it. */
  make(startedAt: number): MadeCall[] {
    const random = this.#random;
    const isHot = this.#hotShare > 0 && random.chance(this.#hotShare);
    const party = isHot ? this.#hot : this.#parties.pick(random);
    const kind = this.#kindFor(party);
    const first = this.#call(party, kind, startedAt, null);
    if (kind !== 'transfer' || first.event.answeredAt === null) return [first];
    // The agent answers, then sends the caller on to a number outside: a leg of its own that the account pays.
    const sentOnAt = first.event.answeredAt + Math.floor((first.event.endedAt - first.event.answeredAt) / 3);
    return [first, this.#call(party, 'long_distance', sentOnAt, first.event.callId)];
  }

  #kindFor(party: Party): CallKind {
    for (;;) {
      const kind = KINDS.pick(this.#random);
      if (kind === 'toll_free_inbound' && party.tollFree.length === 0) continue;
      if (kind === 'premium' && !party.callsPremium) continue;
      if (kind === 'internal' && party.account.devices.length < 2) continue;
      if (!NORTH_AMERICAN.has(party.country) && party.country !== 'BR' && kind !== 'international') {
        if (kind !== 'inbound' && kind !== 'internal') continue;
      }
      return kind;
    }
  }

  #call(party: Party, kind: CallKind, startedAt: number, parentCallId: string | null): MadeCall {
    const random = this.#random;
    const { account } = party;
    const device = account.devices.length === 0 ? null : random.pick(account.devices);
    let flaw: Flaw | null = account.status === 'closed' ? 'account_inactive' : null;
    const sides = this.#sides(party, kind, device?.extension ?? '');
    if (flaw === null && kind === 'international' && random.chance(DESTINATION_UNKNOWN_SHARE * 12)) {
      flaw = 'destination_unknown';
      sides.to = `+${numberNobodyHas(random)}`;
    }
    let accountId: string | null = account.id;
    if (flaw === null && random.chance(ACCOUNT_UNKNOWN_SHARE)) {
      flaw = 'account_unknown';
      accountId = `unknown-${random.below(40)}`;
    } else if (sides.attributable && !random.chance(ACCOUNT_NAMED_SHARE)) accountId = null;

    const isCertain = flaw === 'destination_unknown' || kind === 'emergency' || parentCallId !== null;
    const disposition = isCertain ? 'answered' : DISPOSITIONS.pick(random);
    const ringMs =
      disposition === 'failed' || disposition === 'rejected'
        ? random.below(900)
        : 1500 + random.below(RING_MS_MAX);
    const answeredAt = disposition === 'answered' ? startedAt + Math.min(ringMs, 12_000) : null;
    const event: CallEvent = {
      callId: this.#callId(),
      switchId: party.switchId,
      leg: parentCallId === null ? 0 : 1,
      direction: sides.direction,
      from: sides.from,
      to: sides.to,
      startedAt,
      answeredAt,
      endedAt: answeredAt === null ? startedAt + ringMs : answeredAt + this.#talkMs(),
      disposition,
      account: accountId,
      extension: device === null || device.extension === '' ? null : device.extension,
      device: device?.id ?? null,
      trunk: sides.trunk,
      chargedParty: null,
      originalTo: sides.originalTo,
      routingNumber: sides.routingNumber,
      parentCallId,
      partialSequence: null,
      redirectingNumber: null,
    };
    return { event, kind, flaw };
  }

  #sides(party: Party, kind: CallKind, extension: string): Sides {
    const random = this.#random;
    const { account, country, dids, tollFree } = party;
    const own = dids.length === 0 ? null : random.pick(dids);
    const sides: Sides = {
      direction: 'outbound',
      from: own === null ? extension : written(own, country, random),
      to: '',
      attributable: false,
      trunk: random.pick(TRUNKS),
      originalTo: null,
      routingNumber: null,
    };
    switch (kind) {
      case 'internal':
        sides.direction = 'internal';
        sides.from = extension;
        sides.to = colleagueOf(extension, account, random);
        sides.trunk = null;
        break;
      case 'inbound':
      case 'transfer':
      case 'toll_free_inbound':
        sides.direction = 'inbound';
        sides.from = this.#caller(country);
        sides.to = kind === 'toll_free_inbound' ? written(random.pick(tollFree), country, random) : sides.to;
        if (kind !== 'toll_free_inbound') sides.to = own === null ? extension : written(own, country, random);
        // A toll-free number is translated to the one it rings, and the switch keeps what was called.
        if (kind === 'toll_free_inbound' && own !== null && random.chance(0.3)) {
          sides.originalTo = sides.to;
          sides.to = `+${own}`;
        }
        break;
      case 'local':
        sides.to = written(nearbyNumber(country, account.dialPlan.areaCode, random), country, random);
        break;
      case 'long_distance':
        this.#dialDomestic(sides, country);
        break;
      case 'international':
        sides.to = written(foreignNumber(country, random), country, random);
        break;
      case 'toll_free_outbound':
        sides.to = written(tollFreeNumber(country, random), country, random);
        break;
      case 'premium':
        sides.to = written(premiumNumber(random), country, random);
        break;
      case 'emergency':
        sides.to = country === 'BR' ? '190' : '911';
        break;
      case 'service_code':
        sides.to = country === 'BR' ? '102' : random.pick(SERVICE_CODES);
        break;
    }
    sides.attributable =
      kind !== 'internal' && /^(?:sip:|tel:)?\+/.test(sides.direction === 'inbound' ? sides.to : sides.from);
    return sides;
  }

  #dialDomestic(sides: Sides, country: string): void {
    const random = this.#random;
    const number = domesticNumber(country, random);
    sides.to = written(number, country, random);
    if (country === 'BR' || !random.chance(0.08)) return;
    // A number that moved to another carrier: the routing number is another one's.
    const routing = moreDigits(`1${number.slice(1, 4)}55500`, 2, random);
    if (random.chance(0.5)) sides.routingNumber = routing;
    else sides.to = `sip:+${number};npdi;rn=+${routing}@sbc.example.net;user=phone`;
  }

  #caller(country: string): string {
    const random = this.#random;
    const share = random.fraction();
    if (share < 0.04) return 'anonymous';
    if (share < 0.045) return '';
    if (share < 0.1) return `+${foreignNumber(country, random)}`;
    if (country !== 'CA' && country !== 'BR') return written(usNumber(random), country, random);
    return written(domesticNumber(country, random), country, random);
  }

  #talkMs(): number {
    const random = this.#random;
    // Some callers hang up as they are answered.
    if (random.chance(0.001)) return 0;
    const mean = random.chance(0.25) ? TALK_MEAN_MS / 6 : TALK_MEAN_MS * 1.3;
    return Math.min(Math.floor(-Math.log(1 - random.fraction()) * mean) + 1, TALK_MS_MAX);
  }

  /** As switches write them, and never twice: the first eight digits are a one-to-one image of the call's number. */
  #callId(): string {
    const random = this.#random;
    const head = mix((this.#made++ ^ this.#idSalt) | 0) >>> 0;
    const middle = random.uint32();
    const tail = random.uint32();
    const more = random.uint32();
    const { hex3, hex4 } = (hexTables ??= makeHexTables());
    return (
      `${hex4[head >>> 16]!}${hex4[head & 0xffff]!}-${hex4[middle >>> 16]!}-4${hex3[middle & 0xfff]!}` +
      `-a${hex3[more >>> 20]!}-${hex4[tail >>> 16]!}${hex4[tail & 0xffff]!}${hex4[more & 0xffff]!}`
    );
  }
}

/** Hexadecimal digits of all numbers of so many. */
interface HexTables {
  readonly hex4: readonly string[];
  readonly hex3: readonly string[];
}

/** Made with the first call: a run over a file makes none, and V8 would walk through 70,000 texts whenever it looks for garbage. */
let hexTables: HexTables | undefined;

function makeHexTables(): HexTables {
  const of = (digits: number): string[] =>
    Array.from({ length: 16 ** digits }, (_, value) => value.toString(16).padStart(digits, '0'));
  return { hex4: of(4), hex3: of(3) };
}

function colleagueOf(extension: string, account: Account, random: Random): string {
  const position = account.devices.findIndex((device) => device.extension === extension);
  const distance = 1 + random.below(account.devices.length - 1);
  return account.devices[(position + distance) % account.devices.length]!.extension;
}

/** Told to people who name a catalog without accounts. */
export class GenerateError extends Error {
  readonly code = 'TOLL_GENERATE_NO_ACCOUNTS';
  readonly remedy = 'Add accounts to the catalog, or leave --catalog out to use the sample.';

  constructor() {
    super('The catalog has no account that could place or receive calls.');
  }
}

function partyOf(account: Account): Party {
  const { country } = account.dialPlan;
  const digits = (kind: string) =>
    account.numbers.filter((own) => own.kind === kind).map(({ number }) => String(number));
  const region = country === 'BR' ? 'br' : Number(account.dialPlan.areaCode) % 2 === 0 ? 'east' : 'west';
  return {
    account,
    country,
    switchId: `sbc-${region}-1`,
    dids: digits('did'),
    tollFree: digits('toll_free'),
    callsPremium: account.plan.rules.premium.kind === 'tariff' && NORTH_AMERICAN.has(country),
  };
}

function weightOf({ account }: Party): number {
  if (account.status === 'closed') return CLOSED_ACCOUNT_WEIGHT;
  return Math.max(1, account.devices.length) + (account.plan.pools.length === 0 ? 8 : 0);
}
