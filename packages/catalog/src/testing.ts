import type { Rate } from './model.ts';

/** A small whole catalog in memory, to be changed by tests. */
const PLAN = `id: standard
name: Standard
currency: USD
country: US
domestic_countries: [US]
premium_prefixes: ['1900']
pools:
  - { id: included, minutes_per_month: 10 }
rules:
  internal: free
  local: { tariff: domestic, pool: included }
  long_distance: { tariff: domestic, pool: included }
  premium: { tariff: deck }
  toll_free_outbound: free
  toll_free_inbound: blocked
  inbound: free
  international: { tariff: deck }
recurring:
  - { id: phone, name: Phone, per: device, amount: 19.95 }
`;

const DECK = `prefix,description,country,rate,connect_fee,initial,step,effective_from,effective_to,blocked
55,Brazil,BR,0.0185,0,60,60,2015-01-01,,
55119,"Brazil, São Paulo mobile",BR,0.0525,0.01,30,6,2015-01-01,2020-07-01,false
55119,"Brazil, São Paulo mobile",BR,0.0600,0.01,30,6,2020-07-01,,false
1900,Information,US,1.5,0,60,60,,,
`;

export const SMALL_CATALOG = {
  'catalog.yaml': 'version: 3\nname: Small\ndefaults: { time_zone: America/New_York }\n',
  'plans/standard.yaml': PLAN,
  'tariffs/domestic.yaml':
    "id: domestic\nname: Domestic\ncurrency: USD\nrounding: { duration: nearest }\nrates:\n  - { prefix: '1', rate: 0.02 }\n",
  'tariffs/deck.yaml': 'id: deck\nname: Deck\ncurrency: USD\nrates: deck.csv\n',
  'tariffs/deck.csv': DECK,
  'accounts.yaml': `accounts:
  - id: acme
    name: Acme
    plan: standard
    billing_start: 2020-01-15
    area_code: '212'
    devices:
      - { id: phone-101, kind: phone, extension: '101' }
  - id: other
    name: Other
    plan: standard
    time_zone: America/Sao_Paulo
    billing_start: 2018-11-04
`,
  'numbers.csv':
    'number,account,kind,extension\n+12125550100,acme,did,101\n18005550100,acme,toll_free,\n12125550101,other,did,\n',
} as const;

export type SmallCatalogFile = keyof typeof SMALL_CATALOG;

/** The files as bytes, with some replaced, added or (null) taken away. */
export function smallCatalog(
  changes: Record<string, string | Uint8Array | null> = {},
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries({ ...SMALL_CATALOG, ...changes })) {
    if (content !== null)
      files.set(path, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  }
  return files;
}

/** One of the files with a text replaced. */
export function edited(file: SmallCatalogFile, search: string, replacement: string): Record<string, string> {
  if (!SMALL_CATALOG[file].includes(search)) throw new Error(`${file} does not hold ${search}`);
  return { [file]: SMALL_CATALOG[file].replace(search, replacement) };
}

/** A rate with nothing special, for tests that are about prefixes and times. */
export const PLAIN_RATE: Omit<Rate, 'index' | 'prefix'> = {
  description: '',
  country: '',
  effectiveFrom: -Infinity,
  effectiveTo: Infinity,
  initialRatePerMinute: 0,
  ratePerMinute: 0,
  connectFee: 0,
  initialSeconds: 60,
  stepSeconds: 60,
  durationRounding: 'up',
  blocked: false,
  special: null,
};
