/**
 * The catalog of the `billions` scenario: the sample's plans and decks, with the international deck of the United States grown to a
 * carrier's size (effective dates, tiers, windows) and accounts by the thousands, each with included minutes. Made from nothing but
 * its sizes, so that each run prices alike.
 */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';

export interface BillionsSizes {
  readonly prefixes: number;
  readonly accounts: number;
}

export const BILLIONS_SIZES: BillionsSizes = { prefixes: 100_000, accounts: 20_000 };

const DECK = 'international-usd';
const COLUMNS =
  'prefix,description,country,rate,rate@night,connect_fee,initial,step,rounding,effective_from,effective_to,tiers';
const PREFIX_DIGITS_MAX = 12;
/** In the middle of the month that is generated: half of its calls have the one rate and half the other. */
const CHANGED_ON = '2020-01-15';
const AREA_CODES = ['212', '213', '312', '415', '305'];
const NUMBERS_OF_EXCHANGE = 10_000;
/** Exchanges of an area code in use, from here on. */
const EXCHANGE_FIRST = 555;
const ACCOUNTS_OF_FILE = 20_000;

/** Writes the catalog into a directory. */
export async function writeBillionsCatalog(directory: string, sizes = BILLIONS_SIZES): Promise<void> {
  await cp(SAMPLE_CATALOG, directory, { recursive: true });
  const deck = path.join(directory, 'tariffs', DECK);
  await writeFile(`${deck}.csv`, growDeck(await readFile(`${deck}.csv`, 'utf8'), sizes.prefixes));
  await writeFile(
    `${deck}.yaml`,
    `${await readFile(`${deck}.yaml`, 'utf8')}time_zone: America/New_York\nwindows:\n  - { id: night, from: '21:00', to: '07:00' }\n`,
  );
  await writeAccounts(directory, sizes.accounts);
}

interface DeckRow {
  readonly prefix: string;
  readonly description: string;
  readonly country: string;
  readonly rate: number;
  readonly rest: readonly string[];
}

/** Adds longer codes below those of the deck, digit by digit, until there are enough. */
function growDeck(csv: string, prefixes: number): string {
  const [, ...lines] = csv.trimEnd().split('\n');
  const rows = lines.map((line): DeckRow => {
    const [prefix = '', description = '', country = '', rate = '', connectFee, initial, step, rounding] =
      line.split(',');
    return {
      prefix,
      description,
      country,
      rate: Number(rate),
      rest: [connectFee ?? '', initial ?? '', step ?? '', rounding ?? ''],
    };
  });
  const known = new Set(rows.map(({ prefix }) => prefix));
  for (let i = 0; rows.length < prefixes && i < rows.length; i += 1) {
    const row = rows[i]!;
    for (let digit = 0; digit < 10 && row.prefix.length < PREFIX_DIGITS_MAX; digit += 1) {
      const prefix = `${row.prefix}${digit}`;
      if (known.has(prefix) || rows.length >= prefixes) continue;
      known.add(prefix);
      rows.push({ ...row, prefix, rate: Number((row.rate * (1 + digit / 50)).toFixed(4)) });
    }
  }
  return [COLUMNS, ...rows.flatMap(linesOf)].join('\n') + '\n';
}

/** One row in ten changes its rate in the month, one in ten has tiers, one in ten a rate at night. */
function linesOf({ prefix, description, country, rate, rest }: DeckRow, index: number): string[] {
  const line = (from: string, to: string, perMinute: number): string =>
    [
      prefix,
      description,
      country,
      perMinute.toFixed(4),
      index % 10 === 3 ? (perMinute / 2).toFixed(4) : '',
      ...rest,
      from,
      to,
      index % 10 === 6 ? `600=${(perMinute * 0.8).toFixed(4)}` : '',
    ].join(',');
  if (index % 10 !== 0) return [line('2019-01-01', '', rate)];
  return [line('2019-01-01', CHANGED_ON, rate), line(CHANGED_ON, '', rate * 1.1)];
}

/** In JSON, as programs write accounts, and in several files: it is YAML as well, and read far faster. */
async function writeAccounts(directory: string, count: number): Promise<void> {
  await rm(path.join(directory, 'accounts.yaml'), { force: true });
  await mkdir(path.join(directory, 'accounts'), { recursive: true });
  const numbers = ['number,account,kind,extension'];
  for (let first = 0; first < count; first += ACCOUNTS_OF_FILE) {
    const accounts = [];
    for (let i = first; i < Math.min(count, first + ACCOUNTS_OF_FILE); i += 1) {
      const areaCode = AREA_CODES[Math.floor(i / NUMBERS_OF_EXCHANGE) % AREA_CODES.length]!;
      const exchange = EXCHANGE_FIRST + Math.floor(i / NUMBERS_OF_EXCHANGE / AREA_CODES.length);
      if (exchange > 999) throw new RangeError(`${count} accounts are too many.`);
      const id = `account-${String(i).padStart(5, '0')}`;
      accounts.push({
        id,
        name: `Account ${i}`,
        plan: 'standard',
        time_zone: 'America/New_York',
        area_code: areaCode,
        billing_start: '2019-01-01',
        devices: ['101', '102'].map((extension) => ({ id: `phone-${extension}`, kind: 'phone', extension })),
      });
      const line = String(i % NUMBERS_OF_EXCHANGE).padStart(4, '0');
      numbers.push(`+1${areaCode}${exchange}${line},${id},did,101`);
    }
    const name = `accounts/${String(first / ACCOUNTS_OF_FILE).padStart(3, '0')}.yaml`;
    await writeFile(path.join(directory, name), JSON.stringify({ accounts }));
  }
  await writeFile(path.join(directory, 'numbers.csv'), `${numbers.join('\n')}\n`);
}
