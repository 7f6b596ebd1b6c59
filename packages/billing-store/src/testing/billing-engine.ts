import { type Kysely, sql } from 'kysely';
import { openEmbeddedDatabase } from '../open-database.ts';
import type { BillingStore } from '../port.ts';
import { storeOver } from '../store.ts';
import type { BillingTables } from '../tables.ts';

/** The embedded engine takes seconds to start, and a moment to be emptied: one serves all tests of a file. */
export interface BillingEngine {
  readonly database: Kysely<BillingTables>;
  /** Forgets everything. @returns a store whose tables are not made yet; its closing closes nothing */
  readonly bare: () => Promise<BillingStore>;
  /** The same, with its tables. */
  readonly emptied: () => Promise<BillingStore>;
  readonly close: () => Promise<void>;
}

export async function startBillingEngine(): Promise<BillingEngine> {
  const database = await openEmbeddedDatabase(undefined);
  const bare = async (): Promise<BillingStore> => {
    await sql`DROP SCHEMA public CASCADE`.execute(database);
    await sql`CREATE SCHEMA public`.execute(database);
    return { ...storeOver(database), close: async () => {} };
  };
  return {
    database,
    bare,
    async emptied() {
      const store = await bare();
      await store.migrate();
      return store;
    },
    close: () => database.destroy(),
  };
}
