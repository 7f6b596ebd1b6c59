import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerDatabase } from './open-database.ts';
import { openServerBillingStore, storeOver } from './store.ts';
import { holdsTheContract } from './testing/contract-suite.ts';
import type { EngineUnderTest } from './testing/contract-suite.ts';
import { startBillingEngine } from './testing/billing-engine.ts';
import type { BillingEngine } from './testing/billing-engine.ts';
import { startPostgres } from './testing/postgres-server.ts';
import { invoiceFor } from './testing/requests.ts';

const postgres = await startPostgres();
if (postgres === null) {
  process.stderr.write(
    'NOT TESTED: the billing store over a real PostgreSQL. Install the package postgresql, or set TOLLSTREAM_POSTGRES_URL.\n',
  );
}
afterAll(() => postgres?.stop());

let embedded: BillingEngine;
beforeAll(async () => {
  embedded = await startBillingEngine();
});
afterAll(() => embedded.close());

holdsTheContract('the embedded engine', async (): Promise<EngineUnderTest> => {
  return {
    store: await embedded.bare(),
    sql: (text) => sql.raw(text).execute(embedded.database),
    close: async () => {},
  };
});

if (postgres !== null) {
  holdsTheContract('PostgreSQL', async () => {
    const database = await openServerDatabase(await postgres.freshUrl());
    return {
      store: storeOver(database),
      sql: (text) => sql.raw(text).execute(database),
      close: () => database.destroy(),
    };
  });

  describe('several processes over one PostgreSQL', () => {
    it('issue without gaps and without a second invoice', async () => {
      const url = await postgres.freshUrl();
      const stores = await Promise.all([1, 2, 3].map(() => openServerBillingStore(url)));
      // Every one of them migrates, as commands do.
      await Promise.all(stores.map((store) => store.migrate()));
      const accounts = Array.from({ length: 40 }, (_, i) => `account-${i}`);
      await Promise.all(
        stores.map(async (store) => {
          for (let i = 0; i < accounts.length; i += 5) {
            await store.issueInvoices(
              accounts.slice(i, i + 5).map((account) => invoiceFor(account)),
              'job',
            );
          }
        }),
      );
      const [store] = stores;
      expect(await store!.verifyChain()).toEqual({ invoices: 40, creditNotes: 0 });
      expect((await store!.accountsInvoiced('2020-02')).size).toBe(40);
      await Promise.all(stores.map((each) => each.close()));
    });
  });
}

it('says what to do when no PostgreSQL answers', async () => {
  const store = await openServerBillingStore('postgres://nobody@127.0.0.1:1/none');
  await expect(store.jobs()).rejects.toMatchObject({
    code: 'TOLL_BILLING_STORE_UNREACHABLE',
    transient: true,
  });
  await store.close();
});

it('says what to do when the schema is missing', async () => {
  const store = await embedded.bare();
  await expect(store.jobs()).rejects.toMatchObject({
    code: 'TOLL_BILLING_STORE_SCHEMA_MISSING',
  });
});
