/** `usage_adjustments` holds every column of `usage`, and each price column once more under a new name: it follows `usage` by itself. */
import { CALL_COLUMNS } from '@tollstream/contracts';
import type { Connection } from './connection.ts';
import { quoted } from './sql-text.ts';

const CALL_NAMES: ReadonlySet<string> = new Set(CALL_COLUMNS.map(([name]) => name));

/** Adds to the table of adjustments what it lacks. Repeatable, and safe from several processes at once. */
export async function followUsage(connection: Connection, database: string): Promise<void> {
  const columns = await connection.rows<{
    table: string;
    name: string;
    type: string;
    comment: string;
    codec: string;
  }>(
    `SELECT table, name, type, comment, compression_codec AS codec FROM system.columns
     WHERE database = ${quoted(database)} AND table IN ('usage', 'usage_adjustments') ORDER BY table, position`,
    {},
  );
  const present = new Set(
    columns.filter(({ table }) => table === 'usage_adjustments').map(({ name }) => name),
  );
  const wanted = columns
    .filter(({ table }) => table === 'usage')
    .flatMap((column) =>
      CALL_NAMES.has(column.name)
        ? [column]
        : [column, { ...column, name: `new_${column.name}`, comment: `From then on: ${column.name}` }],
    );
  const missing = wanted.filter(({ name }) => !present.has(name));
  if (missing.length === 0) return;
  const additions = missing.map(
    ({ name, type, comment, codec }) =>
      `ADD COLUMN IF NOT EXISTS ${name} ${type} COMMENT ${quoted(comment)}${codec === '' ? '' : ` ${codec}`}`,
  );
  await connection.command(`ALTER TABLE ${database}.usage_adjustments ${additions.join(', ')}`);
}
