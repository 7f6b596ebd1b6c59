/** A deck's bytes and a tariff's rows to the tariff's rows after it. No disk, no clock. */
import { interpretDeck } from './interpret.ts';
import type { DeckMapping } from './mapping.ts';
import { type ImportMode, mergeDeck } from './merge.ts';
import { type DeckProblem, DeckProblemList, columnLetters } from './problems.ts';
import type { ChangeSummary } from './rate-changes.ts';
import { type DeckFile, readDeck } from './read-deck.ts';
import type { RowDefaults, TariffRows } from './tariff-rows.ts';

export interface DeckImport {
  readonly deck: DeckFile;
  readonly mapping: DeckMapping;
  readonly mode: ImportMode;
  /** Instant of 'ASAP', and of rows without a date; null when the operator gave none. */
  readonly asOf: number | null;
  /** Of the tariff; null when it is new and the deck or its mapping shall say it. */
  readonly currency: string | null;
  readonly before: TariffRows;
  readonly defaults: RowDefaults;
  /** Told how many rows were read, every now and then. */
  readonly onRows?: (rows: number) => void;
}

export interface DeckSummary extends ChangeSummary {
  readonly currency: string;
  readonly rows_read: number;
  /** Lines around the table, such as notices and repeated headers. */
  readonly notice_lines: number;
  readonly prefixes: number;
  readonly rows_written: number;
  /** Field → column of the deck, such as `B "Dial Code"`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly columns_not_read: readonly string[];
}

export type DeckImportResult =
  | {
      readonly ok: true;
      readonly after: TariffRows;
      readonly summary: DeckSummary;
      readonly warnings: readonly DeckProblem[];
    }
  | { readonly ok: false; readonly problems: readonly DeckProblem[]; readonly problemCount: number };

/**
 * @returns the tariff after the deck, or every problem of the deck at its cell; then nothing is to be written
 * @throws DeckError when the file is no deck at all, or the tariff's rows cannot be read
 */
export async function importDeck(options: DeckImport): Promise<DeckImportResult> {
  const problems = new DeckProblemList();
  const warnings = new DeckProblemList();
  const refused = () => ({ ok: false, problems: problems.list(), problemCount: problems.count }) as const;

  const table = await readDeck(options.deck, options.mapping, problems, options.onRows ?? (() => {}));
  if (table === null) return refused();
  const { rates, currency } = interpretDeck(table, options.mapping, options.currency, options.asOf, problems);
  const undated = options.asOf === null && !table.cells.has('effective_from');
  if (options.mode === 'delta' && undated && options.before.rows.length > 0) {
    const message = 'The deck has no dates, so that nobody knows from when its changes hold';
    problems.add('TOLL_DECK_DATE_MISSING', table.placeOf(0, null, ''), message);
    return refused();
  }
  const { mode, before, defaults, asOf } = options;
  const { after, prefixes, changes } = mergeDeck(
    { mode, before, defaults, rates, asOf, table, otherOrigins: options.mapping.otherOrigins },
    problems,
    warnings,
  );
  if (problems.count > 0) return refused();

  const columns = [...table.layout.columns].map(([field, { position, header }]) => [
    field,
    header === '' ? columnLetters(position + 1) : `${columnLetters(position + 1)} "${header}"`,
  ]);
  return {
    ok: true,
    after,
    warnings: warnings.list(),
    summary: {
      currency,
      rows_read: table.lines.length,
      notice_lines: table.notices,
      prefixes,
      rows_written: after.rows.length,
      ...changes.summary(),
      columns: Object.fromEntries(columns),
      columns_not_read: table.layout.unused,
    },
  };
}
