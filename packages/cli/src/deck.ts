/** `tollstream catalog import-deck`: a carrier's deck into the CSV file of a tariff. */
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type TariffHead, type TariffRowDefaults, readTariffHead, renderProblems } from '@tollstream/catalog';
import {
  DeckError,
  type DeckMapping,
  type DeckProblem,
  DeckProblemList,
  type DeckSummary,
  NO_MAPPING,
  NO_ROWS,
  type TariffRows,
  importDeck,
  readMapping,
  readTariffRows,
  renderDeckProblems,
  tariffCsv,
} from '@tollstream/rate-decks';
import type { ImportDeckOptions } from './commands/catalog.ts';
import { parseInstantMs } from './duration.ts';
import { EXIT_USAGE, UsageError } from './failure.ts';
import { count, print, say, table } from './terminal.ts';

const PROGRESS_EVERY_MS = 1_000;
const TARIFF_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export async function runImportDeck(file: string, options: ImportDeckOptions): Promise<void> {
  const asOf = options.asOf === undefined ? null : parseDay(options.asOf);
  const target = await findTarget(options);
  const mapping = await mappingOf(options, options.json === true);
  if (mapping === null) return;
  const bytes = await bytesOf(file);
  const before = await rowsBefore(options.catalog, target);
  const imported = await importDeck({
    deck: { name: path.basename(file), bytes },
    mapping,
    mode: options.mode,
    asOf,
    currency: target.head?.currency ?? null,
    before,
    defaults: target.defaults,
    onRows: progress(),
  });
  if (!imported.ok) {
    refuse(imported.problems, imported.problemCount, options.json === true);
    return;
  }
  const { summary, warnings, after } = imported;
  const written = options.dryRun === true ? [] : await write(options, target, summary.currency, after);
  if (options.json === true) {
    print(
      JSON.stringify({ ok: true, tariff: options.tariff, mode: options.mode, ...summary, written, warnings }),
    );
    return;
  }
  if (warnings.length > 0) say(renderDeckProblems(warnings).trimEnd());
  print(summaryText(path.basename(file), summary));
  if (written.length === 0) print('Nothing was written (--dry-run).');
  else print(`Written: ${written.join(', ')}. Raise \`version\` in catalog.yaml before the catalog is used.`);
}

interface Target {
  /** Null when the tariff is new. */
  readonly head: TariffHead | null;
  readonly defaults: TariffRowDefaults;
  /** Path in the catalog directory. */
  readonly ratesFile: string;
}

async function findTarget({ catalog, tariff }: ImportDeckOptions): Promise<Target> {
  if (!TARIFF_ID.test(tariff)) {
    throw new UsageError({
      code: 'TOLL_USAGE_TARIFF',
      message: `--tariff: '${tariff}' cannot be the id of a tariff`,
      remedy: 'Use letters, digits, ".", "_" and "-", at most 64.',
    });
  }
  const found = await readTariffHead(catalog, tariff);
  if (!found.ok) {
    throw new UsageError({
      code: 'TOLL_CATALOG_INVALID',
      message: `the tariff ${tariff} of ${catalog} has problems\n${renderProblems(found.problems)}`,
      remedy: 'Mend what is listed; `tollstream catalog check` shows it again.',
    });
  }
  const { head, defaults } = found;
  if (head === null) return { head, defaults, ratesFile: `tariffs/${tariff}.csv` };
  if (head.ratesFile === null) {
    throw new DeckError('TOLL_DECK_TARIFF_INLINE', `The rates of ${tariff} stand in ${head.file} itself.`);
  }
  if (path.posix.dirname(path.posix.normalize(head.ratesFile)) !== 'tariffs') {
    throw new DeckError('TOLL_DECK_TARIFF_INVALID', `${head.file} names rates outside of tariffs/.`);
  }
  return { head, defaults: head.defaults, ratesFile: head.ratesFile };
}

/** A date is its midnight in UTC, as in catalog files. */
function parseDay(text: string): number {
  return parseInstantMs(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, '--as-of');
}

async function mappingOf(options: ImportDeckOptions, json: boolean): Promise<DeckMapping | null> {
  if (options.mapping === undefined) return NO_MAPPING;
  const problems = new DeckProblemList();
  const source = new TextDecoder().decode(await bytesOf(options.mapping));
  const mapping = readMapping(path.basename(options.mapping), source, problems);
  if (mapping === null) refuse(problems.list(), problems.count, json);
  return mapping;
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new DeckError('TOLL_DECK_FILE_UNREADABLE', `${file} cannot be read (${code}).`, { cause: error });
  }
}

async function rowsBefore(catalog: string, { ratesFile, defaults }: Target): Promise<TariffRows> {
  try {
    const text = await readFile(path.join(catalog, ratesFile), 'utf8');
    return readTariffRows(ratesFile, text, defaults);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NO_ROWS;
    throw error;
  }
}

function progress(): (rows: number) => void {
  let shownMs = performance.now();
  return (rows) => {
    const nowMs = performance.now();
    if (nowMs - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = nowMs;
    say(`${count(rows)} rows read`);
  };
}

function refuse(problems: readonly DeckProblem[], problemCount: number, json: boolean): void {
  process.exitCode = EXIT_USAGE;
  if (json) {
    print(JSON.stringify({ ok: false, problem_count: problemCount, problems }));
    return;
  }
  say(renderDeckProblems(problems).trimEnd());
  const more = problemCount > problems.length ? `, of which ${count(problems.length)} are shown` : '';
  say(`${count(problemCount)} ${problemCount === 1 ? 'problem' : 'problems'}${more}. Nothing was written.`);
}

/** @returns the files written, as paths in the catalog */
async function write(
  { catalog, tariff }: ImportDeckOptions,
  { head, ratesFile }: Target,
  currency: string,
  rows: TariffRows,
): Promise<readonly string[]> {
  await mkdir(path.join(catalog, 'tariffs'), { recursive: true });
  // 1. The rows. Cut off after this, a new tariff has a CSV file that nothing refers to yet.
  await replaceFile(path.join(catalog, ratesFile), tariffCsv(rows));
  if (head !== null) return [ratesFile];
  // 2. What refers to them.
  const file = `tariffs/${tariff}.yaml`;
  const name = path.posix.basename(ratesFile);
  await replaceFile(path.join(catalog, file), [
    `id: ${JSON.stringify(tariff)}\nname: ${JSON.stringify(tariff)}\ncurrency: ${currency}\nrates: ${JSON.stringify(name)}\n`,
  ]);
  return [ratesFile, file];
}

/** A reader of the catalog sees the old file or the new one, also when this process is killed or the machine stops. */
async function replaceFile(file: string, pieces: Iterable<string>): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  let handle: FileHandle | null = null;
  try {
    handle = await open(partial, 'wx');
    for (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
    await handle.close();
    handle = null;
    await rename(partial, file);
  } catch (error) {
    await handle?.close();
    await rm(partial, { force: true });
    throw error;
  }
}

function summaryText(deck: string, summary: DeckSummary): string {
  const { largest_increase: up, largest_decrease: down } = summary;
  const step = (each: typeof up): string =>
    each === null
      ? ''
      : `${each.prefix}: ${each.before} → ${each.after}${each.percent === null ? '' : ` (${each.percent} %)`}`;
  const rows: (readonly [string, string])[] = [
    ['rows read', `${count(summary.rows_read)}, and ${count(summary.notice_lines)} lines around them`],
    ['prefixes', count(summary.prefixes)],
    ['rows written', `${count(summary.rows_written)} in ${summary.currency}`],
    ['new codes', count(summary.new_codes)],
    [
      'changed codes',
      `${count(summary.changed_codes)}: ${count(summary.increased)} dearer, ${count(summary.decreased)} cheaper, ${count(summary.other_terms)} in other terms`,
    ],
    ['unchanged codes', count(summary.unchanged_codes)],
    ['ended codes', count(summary.ended_codes)],
    ['rows for later', count(summary.later_rows)],
    ['rows superseded', count(summary.superseded_rows)],
    ['codes that stay blocked', count(summary.stay_blocked)],
    ['mean change', summary.mean_change_percent === null ? '' : `${summary.mean_change_percent} %`],
    ['largest increase', step(up)],
    ['largest decrease', step(down)],
    ['first change', summary.first_change ?? 'holds for all times'],
    ...Object.entries(summary.columns).map(([field, column]) => [`column of ${field}`, column] as const),
    ['columns not read', summary.columns_not_read.map((name) => `"${name}"`).join(', ')],
  ];
  return table(
    ['deck', deck],
    rows.filter(([, value]) => value !== '' && value !== '0'),
  );
}
