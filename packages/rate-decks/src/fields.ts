/** What the columns of a deck can mean, and the names that carriers give them. */

/** Every field, with the header texts that mean it; compared as `headerKey` gives them. */
export const FIELD_NAMES = {
  code: [
    'code',
    'codes',
    'prefix',
    'prefixes',
    'dial code',
    'dial codes',
    'dialcode',
    'dialing code',
    'dialing codes',
    'dialling code',
    'dialling codes',
    'dialed digits',
    'destination code',
    'destination codes',
    'area code',
    'area codes',
    'areacode',
    'city code',
    'city codes',
    'dial prefix',
    'digits',
    'npa',
    'npa nxx',
    'npanxx',
    'breakout code',
  ],
  country_code: [
    'country code',
    'country codes',
    'countrycode',
    'cc',
    'country dial code',
    'country dialing code',
    'country prefix',
  ],
  description: [
    'destination',
    'destinations',
    'destination name',
    'description',
    'name',
    'zone',
    'zone name',
    'breakout',
    'route',
    'area name',
    'location',
    'country destination',
  ],
  country: ['country', 'country name', 'iso', 'iso country', 'country iso'],
  rate: [
    'rate',
    'rates',
    'price',
    'prices',
    'new rate',
    'new price',
    'unit price',
    'cost',
    'tariff',
    'charge',
    'call rate',
    'rate amount',
    // What is left of "USD/min" once currency and unit are taken away.
    '',
  ],
  rate_interstate: [
    'interstate',
    'inter',
    'inter state',
    'interstate rate',
    'inter rate',
    'inter state rate',
    'rate interstate',
    'interstate price',
  ],
  rate_intrastate: [
    'intrastate',
    'intra',
    'intra state',
    'intrastate rate',
    'intra rate',
    'intra state rate',
    'rate intrastate',
    'intrastate price',
  ],
  rate_indeterminate: [
    'indeterminate',
    'indet',
    'indeterminate rate',
    'indet rate',
    'rate indeterminate',
    'indeterminate price',
    'indeterminate jurisdiction',
    'indeterminate jurisdiction rate',
  ],
  origin: [
    'origin',
    'origin code',
    'origin codes',
    'origin prefix',
    'origin group',
    'origin zone',
    'origin country',
    'origination',
    'origination code',
    'origination group',
    'originating code',
    'originating country',
    'origin set',
  ],
  origin_class: ['origin class', 'origin type', 'origination type', 'caller type'],
  initial_rate: ['initial rate', 'first interval rate', 'first rate'],
  connect_fee: [
    'connect fee',
    'connection fee',
    'connect charge',
    'connection charge',
    'setup fee',
    'setup charge',
    'set up fee',
    'set up charge',
  ],
  increments: [
    'increments',
    'increment',
    'billing increments',
    'billing increment',
    'interval',
    'intervals',
    'billing interval',
    'billing intervals',
    'charging interval',
    'billing',
    'billing terms',
    'billing unit',
    'pulse',
    'rate increment',
  ],
  initial: [
    'initial',
    'initial increment',
    'initial interval',
    'initial period',
    'first increment',
    'first interval',
    'first period',
    '1st interval',
    '1st increment',
    'duration',
    'minimum duration',
    'min duration',
    'minimum',
    'minimum time',
    'min time',
    'min',
  ],
  step: [
    'step',
    'next increment',
    'next interval',
    'next period',
    'additional increment',
    'additional interval',
    'additional period',
    'subsequent increment',
    'subsequent interval',
    'second interval',
    'second increment',
    '2nd interval',
    '2nd increment',
    'inc',
    'recurring interval',
  ],
  rounding: ['rounding'],
  effective_from: [
    'effective',
    'effective date',
    'effectivedate',
    'effective from',
    'effective as of',
    'date effective',
    'valid from',
    'valid since',
    'start',
    'start date',
    'begin date',
    'activation date',
    'date',
    'from',
  ],
  effective_to: [
    'effective to',
    'effective until',
    'valid to',
    'valid till',
    'valid until',
    'end',
    'end date',
    'expiry date',
    'expiration date',
    'expires',
    'until',
    'to',
  ],
  status: [
    'status',
    'change',
    'changes',
    'change type',
    'change status',
    'rate change',
    'price change',
    'type of change',
    'action',
  ],
  comment: ['comment', 'comments', 'remark', 'remarks', 'note', 'notes'],
  blocked: ['blocked', 'barred'],
  currency: ['currency', 'currency code', 'curr', 'ccy'],
} as const;

/** Rates of a row that depend on the jurisdiction of the call, in the order of the catalog's columns. */
export const JURISDICTION_FIELDS = ['rate_interstate', 'rate_intrastate', 'rate_indeterminate'] as const;

/** A deck has one of these at least. */
export const RATE_FIELDS = ['rate', ...JURISDICTION_FIELDS] as const;

/** Names of code columns that hold North American area codes with their exchanges, or without them. */
const EXCHANGE_NAMES: ReadonlySet<string> = new Set(['npa nxx', 'npanxx']);
const AREA_CODE_NAMES: ReadonlySet<string> = new Set(['npa', ...EXCHANGE_NAMES]);

/** Whether a header says that codes are those of the North American plan, with its country code or without it. */
export function namesAreaCodes(header: string): boolean {
  return AREA_CODE_NAMES.has(words(header).join(' '));
}

/** Whether a dash stands between an area code and an exchange, as in 212-555, and not between the ends of a range. */
export function namesExchanges(header: string): boolean {
  return EXCHANGE_NAMES.has(words(header).join(' '));
}

export type Field = keyof typeof FIELD_NAMES;

export const FIELDS = Object.keys(FIELD_NAMES) as readonly Field[];

export function isField(text: string): text is Field {
  return Object.hasOwn(FIELD_NAMES, text);
}

/** Columns that carriers add and that say nothing of the price that will hold. */
const IGNORED_NAMES: ReadonlySet<string> = new Set([
  'old rate',
  'old price',
  'previous rate',
  'previous price',
  'prior rate',
  'current rate',
  'current price',
  'difference',
  'change percent',
  'no',
  'number',
  'id',
  'row',
  'line',
]);

const UNIT_WORDS: ReadonlySet<string> = new Set([
  'per',
  'min',
  'minute',
  'minutes',
  'cents',
  'cent',
  'us',
  'c',
]);
const CENT_WORDS = /(^|[^a-z])(cents?|¢|ct)([^a-z]|$)/i;

/** Lower case words of a header cell: accents, punctuation and `_` away. */
function words(text: string): string[] {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

const fieldByKey = new Map<string, Field>(
  FIELDS.flatMap((field) => FIELD_NAMES[field].map((name) => [name, field] as const)),
);

export interface HeaderMeaning {
  readonly field: Field | 'ignored' | null;
  readonly cents: boolean;
  /** ISO code that the header names, '' when none. */
  readonly currency: string;
}

/** What a header cell means by its name alone: 'Rate (USD/min)' is a rate in US dollars. */
export function meaningOf(header: string, currencies: ReadonlyMap<string, unknown>): HeaderMeaning {
  const all = words(header);
  const cents = CENT_WORDS.test(header);
  const currency = all.map((word) => word.toUpperCase()).find((word) => currencies.has(word)) ?? '';
  const key = all.join(' ');
  // In front, 'min' is a minimum: a minimum charge is no charge per minute.
  const isUnit = (word: string, at: number) => UNIT_WORDS.has(word) && (at > 0 || word !== 'min');
  const bare = all.filter((word, at) => !isUnit(word, at) && !currencies.has(word.toUpperCase())).join(' ');
  for (const name of [key, bare]) {
    if (IGNORED_NAMES.has(name)) return { field: 'ignored', cents, currency };
    if (name === '' && currency === '' && !cents) continue;
    const field = fieldByKey.get(name);
    if (field !== undefined) return { field, cents, currency };
  }
  return { field: null, cents, currency };
}

const MONEY_WORDS = /\b(?:rates?|prices?|fees?|charges?|costs?|surcharges?|tariffs?)\b/i;

/** Whether a name that is not known says that it is about money. */
export function speaksOfMoney(header: string): boolean {
  return MONEY_WORDS.test(words(header).join(' '));
}

/** For comparing a header cell with a name in the mapping file. */
export function headerKey(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, ' ');
}
