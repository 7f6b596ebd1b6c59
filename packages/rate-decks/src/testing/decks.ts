/** Small decks and tariffs for tests. */
import { type DeckImportResult, importDeck } from '../import-deck.ts';
import { type DeckMapping, NO_MAPPING } from '../mapping.ts';
import type { ImportMode } from '../merge.ts';
import { type RowDefaults, type TariffRows, NO_ROWS, readTariffRows, tariffCsv } from '../tariff-rows.ts';

const DEFAULTS: RowDefaults = {
  initialSeconds: 60,
  stepSeconds: 60,
  rounding: 'up',
  connectFee: 0,
  effectiveFrom: -Infinity,
  effectiveTo: Infinity,
};

export interface TestImport {
  readonly mapping?: Partial<DeckMapping>;
  readonly mode?: ImportMode;
  /** Such as '2020-02-01'. */
  readonly asOf?: string;
  readonly currency?: string | null;
  readonly before?: TariffRows;
  readonly defaults?: Partial<RowDefaults>;
}

export async function importBytes(
  name: string,
  bytes: Uint8Array,
  options: TestImport = {},
): Promise<DeckImportResult> {
  return importDeck({
    deck: { name, bytes },
    mapping: { ...NO_MAPPING, ...options.mapping },
    mode: options.mode ?? 'replace',
    asOf: options.asOf === undefined ? null : Date.parse(`${options.asOf}T00:00:00Z`),
    currency: options.currency === undefined ? 'USD' : options.currency,
    before: options.before ?? NO_ROWS,
    defaults: { ...DEFAULTS, ...options.defaults },
  });
}

export async function importText(text: string, options: TestImport = {}): Promise<DeckImportResult> {
  return importBytes('deck.csv', new TextEncoder().encode(text), options);
}

/** The tariff's file after the import. */
export async function csvAfter(text: string, options: TestImport = {}): Promise<string> {
  return fileOf(await importText(text, options));
}

export function fileOf(result: DeckImportResult): string {
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 1));
  return [...tariffCsv(result.after)].join('');
}

/** `code@line:column` of each problem. */
export async function problemsOf(text: string, options: TestImport = {}): Promise<string[]> {
  return placesOf(await importText(text, options));
}

export function placesOf(result: DeckImportResult): string[] {
  if (result.ok) return [];
  return result.problems.map(
    ({ code, line, column }) => `${code.replace('TOLL_DECK_', '')}@${line}:${column}`,
  );
}

export function tariff(csv: string): TariffRows {
  return readTariffRows('tariffs/test.csv', csv, DEFAULTS);
}
