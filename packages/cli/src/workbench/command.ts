import type { UsageStore } from '@tollstream/usage-store';
import type { WorkbenchOptions } from '../commands/suspended.ts';
import { EXIT_FAILED, UsageError } from '../failure.ts';
import { print, say, table } from '../terminal.ts';
import { withStore } from '../with-store.ts';
import type { Row } from './queries.ts';

const LIMIT_MAX = 1_000_000;

/** Rows as a table; one object a line with --json. */
export async function runList(
  options: WorkbenchOptions,
  ask: (store: UsageStore, limit: number) => Promise<Row[]>,
): Promise<void> {
  const limit = parseLimit(options.limit);
  const rows = await withStore(options.data, (store) => ask(store, limit));
  if (options.json === true) for (const row of rows) print(JSON.stringify(row));
  else if (rows[0] === undefined) say('None.');
  else {
    const head = Object.keys(rows[0]);
    print(
      table(
        head,
        rows.map((row) => head.map((name) => oneLine(row[name]))),
      ),
    );
    if (rows.length === limit) say(`The first ${limit}; more with --limit.`);
  }
}

/** Each row as fields; exit code 1 when there is none. */
export async function runShow(
  options: WorkbenchOptions,
  ask: (store: UsageStore) => Promise<Row[]>,
): Promise<void> {
  const rows = await withStore(options.data, ask);
  for (const [index, row] of rows.entries()) {
    if (options.json === true) print(JSON.stringify(row));
    else {
      if (index > 0) print('');
      const fields = Object.entries(row).map(([name, value]) => [name.replaceAll('_', ' '), oneLine(value)]);
      print(table(['field', 'value'], fields));
    }
  }
  if (rows.length > 0) return;
  say('None is known by that name.');
  process.exitCode = EXIT_FAILED;
}

/** Records may hold anything: what is no printable character must not reach the terminal. */
function oneLine(value: string | number | undefined): string {
  return String(value ?? '').replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === '\n' ? '⏎' : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new UsageError({
    code: 'TOLL_USAGE_NUMBER',
    message: `--limit: '${text}' is not a number of rows`,
    remedy: `Use a whole number from 1 to ${LIMIT_MAX}.`,
  });
}
