import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Tables in which rows are put aside while they are compared: nothing in them is needed once their maker is gone. */
const STAGING_DEFINITION = /^replay_[0-9a-f]+\.sql$/;

/** How the engine ends a definition; what ends otherwise was cut. */
const WHOLE_DEFINITION = /\)\nENGINE = [^]*\nSETTINGS [^\n]*\n(?:COMMENT '(?:[^'\\]|\\.)*'\n)?$/;

/**
 * Takes away definitions of staging tables that are not whole: a disk that was full when one was made, and a kill after it, leave an empty
 * file, or one that ends at a page of the disk, and with it the engine does not start. Definitions of other tables are never touched.
 * @returns how many there were
 */
export function removeUnfinishedTables(dataDirectory: string): number {
  const store = join(dataDirectory, 'store');
  if (!existsSync(store)) return 0;
  let removed = 0;
  // store/<first three digits of the database's id>/<its id>/<table>.sql; parts lie deeper, and there may be many.
  for (const group of readdirSync(store)) {
    for (const database of readdirSync(join(store, group))) {
      const directory = join(store, group, database);
      for (const name of readdirSync(directory).filter((each) => STAGING_DEFINITION.test(each))) {
        const file = join(directory, name);
        if (WHOLE_DEFINITION.test(readFileSync(file, 'utf8'))) continue;
        rmSync(file);
        removed += 1;
      }
    }
  }
  return removed;
}
