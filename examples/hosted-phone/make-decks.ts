/**
 * Makes the international and premium decks of this sample catalog: `node examples/hosted-phone/make-decks.ts` with Node 24.
 *
 * Which digits are whose, and which are mobile or premium, is libphonenumber's metadata. The rates are invented: a seed and the
 * country decide them, so that the files come out the same each time.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

type NumberType = 'fixed' | 'mobile' | 'premium';
interface Owner {
  readonly country: string;
  readonly type: NumberType;
}
interface Territory {
  readonly country: string;
  readonly leadingDigits: RegExp | null;
  readonly lengths: readonly number[];
  readonly patterns: readonly { readonly type: NumberType; readonly pattern: RegExp }[];
}

const SEED = 'hosted-phone';
const NATIONAL_DIGITS_MAX = 3;
const SAMPLES = 16;
const metadata = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('libphonenumber-js/metadata.max.json'), 'utf8'),
) as { country_calling_codes: Record<string, string[]>; countries: Record<string, unknown[]> };
const countryNames = new Intl.DisplayNames('en', { type: 'region' });

/** Invented, but the same for the same words: at least 0, below 1. */
function chance(...words: readonly (string | number)[]): number {
  return (
    createHash('sha256')
      .update([SEED, ...words].join('/'))
      .digest()
      .readUInt32BE() /
    2 ** 32
  );
}

function territory(country: string): Territory {
  // Positions as libphonenumber-js lays its metadata out.
  const fields = metadata.countries[country] ?? [];
  const types = (fields[11] ?? []) as ([string, number[]?] | 0)[];
  const general = (fields[3] ?? []) as number[];
  const patterns: { type: NumberType; pattern: RegExp }[] = [];
  const kinds: [number, NumberType][] = [
    [3, 'premium'],
    [1, 'mobile'],
    [0, 'fixed'],
  ];
  for (const [position, type] of kinds) {
    const entry = types[position];
    if (entry !== undefined && entry !== 0 && entry[0] !== '') {
      patterns.push({ type, pattern: new RegExp(`^(?:${entry[0]})$`) });
    }
  }
  if (patterns.length === 0)
    patterns.push({ type: 'fixed', pattern: new RegExp(`^(?:${fields[2] as string})$`) });
  const leading = fields[10] as string | 0 | undefined;
  return {
    country,
    leadingDigits: leading ? new RegExp(`^(?:${leading})`) : null,
    lengths: general,
    patterns,
  };
}

function ownerOf(national: string, territories: readonly Territory[]): Owner | null {
  for (const { country, leadingDigits, patterns } of territories) {
    if (leadingDigits !== null && !leadingDigits.test(national)) continue;
    for (const { type, pattern } of patterns) if (pattern.test(national)) return { country, type };
  }
  return null;
}

/** Who has most of the numbers below a national prefix. */
function mainOwner(prefix: string, territories: readonly Territory[]): Owner | null {
  const counts = new Map<string, { owner: Owner; count: number }>();
  const lengths = new Set(territories.flatMap((each) => each.lengths));
  for (const length of lengths) {
    for (let sample = 0; sample < SAMPLES && length > prefix.length; sample++) {
      const fill = Math.floor(chance('fill', prefix, length, sample) * 1e9)
        .toString()
        .padStart(9, '5');
      const national = (prefix + fill + fill).slice(0, length);
      const owner = ownerOf(national, territories);
      if (owner === null) continue;
      const key = owner.country + owner.type;
      const entry = counts.get(key) ?? { owner, count: 0 };
      entry.count++;
      counts.set(key, entry);
    }
  }
  const most = [...counts.values()].sort((a, b) => b.count - a.count)[0];
  if (most !== undefined) return most.owner;
  // The numbers in use below some area codes are too few to be met by chance.
  const byLeadingDigits = territories.find(({ leadingDigits }) => leadingDigits?.test(prefix));
  return byLeadingDigits === undefined || prefix.length < NATIONAL_DIGITS_MAX
    ? null
    : { country: byLeadingDigits.country, type: 'fixed' };
}

/** Owners by full prefix; a prefix is split where those below it differ. */
function ownersBelow(
  callingCode: string,
  national: string,
  territories: readonly Territory[],
  found: Map<string, Owner>,
): Owner | null {
  if (national.length === NATIONAL_DIGITS_MAX) return mainOwner(national, territories);
  const below: [string, Owner | null][] = [];
  const deeper = new Map<string, Owner>();
  for (let digit = 0; digit < 10; digit++) {
    const prefix = national + digit;
    below.push([prefix, ownersBelow(callingCode, prefix, territories, deeper)]);
  }
  const owners = below.map(([, owner]) => owner).filter((owner) => owner !== null);
  const kinds = new Set(owners.map(({ country, type }) => country + type));
  // North American area codes stay apart even where neighbours agree: decks list them one by one.
  if (deeper.size === 0 && kinds.size <= 1 && callingCode !== '1') return owners[0] ?? null;
  for (const [prefix, owner] of deeper) found.set(prefix, owner);
  for (const [prefix, owner] of below) if (owner !== null) found.set(callingCode + prefix, owner);
  return null;
}

const FIXED_RATES: Record<string, number> = {
  US: 0.012,
  CA: 0.01,
  BR: 0.0185,
  GB: 0.0125,
  MX: 0.0105,
  JM: 0.1495,
};

function ratePerMinute({ country, type }: Owner): number {
  const fixed = FIXED_RATES[country] ?? 0.01 + 0.29 * chance('fixed', country) ** 2;
  if (type === 'fixed') return fixed;
  if (type === 'mobile')
    return country === 'BR' ? 0.0525 : fixed + 0.015 + 0.3 * chance('mobile', country) ** 2;
  return 1.5 + 2.5 * chance('premium', country);
}

interface Row {
  readonly prefix: string;
  readonly owner: Owner;
}

const international: Row[] = [];
const premium: Row[] = [];
for (const [callingCode, countries] of Object.entries(metadata.country_calling_codes)) {
  const [mainCountry = ''] = countries;
  if (metadata.countries[mainCountry] === undefined) continue;
  const main = territory(mainCountry);
  // Territories that share the code are asked first: the main country's patterns often hold theirs.
  const territories = [...countries.slice(1).map(territory), main];
  const found = new Map<string, Owner>();
  ownersBelow(callingCode, '', territories, found);
  const country: Owner = { country: main.country, type: 'fixed' };
  // A bare 1 would price every unassigned area code as the United States.
  if (callingCode !== '1') international.push({ prefix: callingCode, owner: country });
  for (const [prefix, owner] of found) {
    if (owner.type === 'premium') premium.push({ prefix, owner });
    else if (
      callingCode === '1' ||
      owner.type !== 'fixed' ||
      owner.country !== main.country ||
      hasMobileAbove(prefix, found)
    ) {
      international.push({ prefix, owner });
    }
  }
}

function hasMobileAbove(prefix: string, found: ReadonlyMap<string, Owner>): boolean {
  for (let length = prefix.length - 1; length > 0; length--) {
    const above = found.get(prefix.slice(0, length));
    if (above !== undefined) return above.type === 'mobile';
  }
  return false;
}

// North American premium numbers: 900, the 976 exchange of each area code that still has one, and those a guide names.
const PREMIUM_BY_HAND: [string, string, string][] = [
  ['1900', 'US', '900 services'],
  ['1787555', 'PR', 'Puerto Rico information services'],
  ['1345976', 'KY', 'Cayman Islands 976 services'],
  ...['201', '212', '213', '214', '305', '312', '404', '415', '503', '602', '617', '713', '718', '818'].map(
    (area): [string, string, string] => [`1${area}976`, 'US', `976 services in area code ${area}`],
  ),
  ...['416', '514', '604'].map((area): [string, string, string] => [
    `1${area}976`,
    'CA',
    `976 services in area code ${area}`,
  ]),
];

/** Toll-free numbers are shared by North America: from Canada, too, they cost nothing. */
function tollFreeRows(): string[][] {
  return ['800', '833', '844', '855', '866', '877', '888'].map((code) => [
    `1${code}`,
    'Toll-free',
    'US',
    '0',
    '0',
    '60',
    '60',
    'nearest',
    EFFECTIVE_FROM,
  ]);
}

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function write(file: string, rows: readonly (readonly string[])[]): void {
  const header = [
    'prefix',
    'description',
    'country',
    'rate',
    'connect_fee',
    'initial',
    'step',
    'rounding',
    'effective_from',
  ];
  const sorted = rows.toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1));
  const text = [header, ...sorted].map((row) => `${row.map(quoted).join(',')}\n`).join('');
  writeFileSync(new URL(`tariffs/${file}`, import.meta.url), text);
}

const EFFECTIVE_FROM = '2019-01-01';
const WHOLESALE_DISCOUNT = 0.7;
for (const [currency, factor] of [
  ['usd', 1],
  ['cad', 1.3],
  ['brl', 4.2],
] as const) {
  const rate = (perMinute: number) => (perMinute * factor).toFixed(4);
  write(`international-${currency}.csv`, [
    ...(currency === 'cad' ? tollFreeRows() : []),
    ...international.map(({ prefix, owner }) => {
      const isBrazilMobile = owner.country === 'BR' && owner.type === 'mobile';
      const name = countryNames.of(owner.country)!;
      return [
        prefix,
        owner.type === 'mobile' ? `${name} mobile` : name,
        owner.country,
        rate(ratePerMinute(owner)),
        '0',
        isBrazilMobile ? '30' : '60',
        isBrazilMobile ? '6' : '60',
        isBrazilMobile ? 'up' : 'nearest',
        EFFECTIVE_FROM,
      ];
    }),
  ]);
  const byHand = new Set(PREMIUM_BY_HAND.map(([prefix]) => prefix));
  write(`premium-${currency}.csv`, [
    ...PREMIUM_BY_HAND.map(([prefix, country, description]) => [
      prefix,
      description,
      country,
      rate(1 + 2 * chance('hand', prefix)),
      '0',
      '60',
      '60',
      'nearest',
      EFFECTIVE_FROM,
    ]),
    ...premium
      .filter(({ prefix }) => !byHand.has(prefix))
      .map(({ prefix, owner }) => [
        prefix,
        `${countryNames.of(owner.country)!} premium`,
        owner.country,
        rate(ratePerMinute(owner)),
        '0',
        '60',
        '60',
        'nearest',
        EFFECTIVE_FROM,
      ]),
  ]);
}

write(
  'wholesale-usd.csv',
  international.map(({ prefix, owner }) => [
    prefix,
    owner.type === 'mobile' ? `${countryNames.of(owner.country)!} mobile` : countryNames.of(owner.country)!,
    owner.country,
    (ratePerMinute(owner) * WHOLESALE_DISCOUNT).toFixed(5),
    '0',
    '6',
    '6',
    'up',
    EFFECTIVE_FROM,
  ]),
);
