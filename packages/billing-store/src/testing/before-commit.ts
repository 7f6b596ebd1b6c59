/** A store with a place between the last statement of a transaction that issues documents and its commit. */
import type { KyselyPlugin } from 'kysely';
import { openEmbeddedDatabase, openServerDatabase } from '../open-database.ts';
import type { BillingStore } from '../port.ts';
import { storeOver } from '../store.ts';

/** @param where a directory of the embedded engine, or `postgres://…` */
export async function openWithPlaceBeforeCommit(
  where: string,
  beforeCommit: () => Promise<void>,
): Promise<BillingStore> {
  const database = await (where.startsWith('postgres:') ? openServerDatabase : openEmbeddedDatabase)(where);
  const moving = new WeakSet();
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      // The series moves on last (`issueInvoices`, step 5).
      const isSeries =
        node.kind === 'UpdateQueryNode' && JSON.stringify(node.table).includes('document_series');
      if (isSeries) moving.add(queryId);
      return node;
    },
    async transformResult({ result, queryId }) {
      if (moving.has(queryId)) await beforeCommit();
      return result;
    },
  };
  return storeOver(database.withPlugin(plugin));
}
