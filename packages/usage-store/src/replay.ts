import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.ts';
import { StoreError } from './errors.ts';
import { insertSettings, STAGING_SETTINGS } from './insert-settings.ts';
import type { BlockInsert } from './port.ts';
import { quoted, settingList } from './sql-text.ts';
import { USAGE_TABLES } from './tables.ts';
import type { TableSpec } from './tables.ts';

const REPAIRS_MAX = 4;
const STAGING_PREFIX = 'replay_';
const ABANDONED_AFTER_MINUTES = 60;

/**
 * Stores those rows that the table lacks.
 *
 * The token alone does not settle this: the engine writes a part's token to its log before the part takes its final name
 * (measured), so a crash between the two leaves a token without rows, and the replay would be dropped. Power loss can do the
 * opposite. Comparing keys is right in both cases.
 *
 *   1 put the rows aside → 2 count what is missing → 3 all: insert as at first, so that a late twin, still on its way, is told by
 *   the token → 4 some, or the token lied: insert what is missing under another token → 5 drop the rows put aside
 *
 * An owner of the past may replay the same rows at the same time. So the rows put aside are each replay's own, and the other tokens
 * are the same for all, so that what two find missing is stored once.
 */
export async function replayBlocks(
  connection: Connection,
  database: string,
  insert: BlockInsert,
): Promise<number> {
  const spec = USAGE_TABLES[insert.table];
  const { columns, natives } = insert;
  const target = `${database}.${insert.table}`;
  const staging = `${database}.${STAGING_PREFIX}${randomUUID().replaceAll('-', '')}`;
  const missing = missingRows(target, staging, spec);
  const countMissing = async (): Promise<number> => {
    const [row] = await connection.rows<{ missing: string }>(
      `SELECT count() AS missing FROM ${staging} WHERE ${missing}`,
      {},
    );
    return Number(row?.missing);
  };

  // 1
  await connection.command(`CREATE TABLE ${staging} AS ${target} ENGINE = MergeTree ORDER BY tuple()`);
  await connection.insertNative({ table: staging, columns, natives, settings: STAGING_SETTINGS });
  // 2
  const missingAtFirst = await countMissing();
  let missingNow = missingAtFirst;
  // 3
  if (missingNow === insert.rows) {
    await connection.insertNative({
      table: target,
      columns,
      natives,
      settings: insertSettings(insert.token),
    });
    missingNow = await countMissing();
  }
  // 4
  for (let attempt = 1; missingNow > 0; attempt++) {
    if (attempt > REPAIRS_MAX) {
      throw new StoreError(
        'TOLL_STORE_ROWS_MISSING',
        `${missingNow} of ${insert.rows} rows are not in ${target} although the inserts succeeded.`,
        `Look whether something deletes from ${target}. The rows stand in ${staging}; nothing after them is written.`,
        { transient: true },
      );
    }
    // Should crashes have made all known tokens lie, the last one is new.
    const name = attempt < REPAIRS_MAX ? attempt : randomUUID();
    const settings = settingList(insertSettings(`${insert.token}/repair-${name}`));
    await connection.command(
      `INSERT INTO ${target} (${columns.join(', ')}) SETTINGS ${settings} ` +
        `SELECT ${columns.join(', ')} FROM ${staging} WHERE ${missing} ORDER BY ALL`,
    );
    missingNow = await countMissing();
  }
  // 5
  await connection.command(`DROP TABLE IF EXISTS ${staging}`);
  await dropAbandoned(connection, database);
  return missingAtFirst;
}

/** Drops what replays put aside that failed or crashed. No replay takes as long as these are old. */
async function dropAbandoned(connection: Connection, database: string): Promise<void> {
  const tables = await connection.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = ${quoted(database)} AND startsWith(name, '${STAGING_PREFIX}') ` +
      `AND metadata_modification_time < now() - INTERVAL ${ABANDONED_AFTER_MINUTES} MINUTE`,
    {},
  );
  for (const { name } of tables) await connection.command(`DROP TABLE IF EXISTS ${database}.${name}`);
}

/** Condition on rows of `staging`: neither they nor a newer version of them stand in `target`. */
function missingRows(target: string, staging: string, spec: TableSpec): string {
  const key = spec.rowKey.join(', ');
  const stored = `FROM ${target} WHERE (${key}) IN (SELECT ${key} FROM ${staging})`;
  if (spec.version === null) return `(${key}) NOT IN (SELECT ${key} ${stored})`;
  const newest = `SELECT ${key}, max(${spec.version}) AS newest ${stored} GROUP BY ${key}`;
  const present = `SELECT ${key}, ${spec.version} FROM ${staging} INNER JOIN (${newest}) AS stored USING (${key}) WHERE newest >= ${spec.version}`;
  return `(${key}, ${spec.version}) NOT IN (${present})`;
}
