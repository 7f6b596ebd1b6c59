/**
 * The chain of issued documents. Each row holds the hash of the one before it and of its own bytes:
 *
 *   hash(n) = SHA-256( hash(n-1) + "\n" + document(n) ),  hash(0) = ''
 *
 * so that no document can be changed, taken away or put between others without the rest not fitting any more.
 */
import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { BillingStoreError } from './errors.ts';
import type { ChainReport } from './port.ts';
import type { BillingTables, Series } from './tables.ts';

export interface Link {
  readonly sequence: number;
  readonly previousHash: string;
}

export function hashOf(previousHash: string, document: string): string {
  return createHash('sha256').update(`${previousHash}\n${document}`).digest('hex');
}

/** Waits for every other issue to end, so that what is read after it in this transaction is final. */
export async function lockSeries(transaction: Transaction<BillingTables>, series: Series): Promise<Link> {
  const { last_number, last_hash } = await transaction
    .selectFrom('document_series')
    .selectAll()
    .where('series', '=', series)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return { sequence: last_number, previousHash: last_hash };
}

export async function advanceSeries(
  transaction: Transaction<BillingTables>,
  series: Series,
  last: { readonly sequence: number; readonly hash: string },
): Promise<void> {
  await transaction
    .updateTable('document_series')
    .set({ last_number: last.sequence, last_hash: last.hash })
    .where('series', '=', series)
    .execute();
}

export function documentNumber(prefix: string, sequence: number): string {
  return `${prefix}${String(sequence).padStart(6, '0')}`;
}

const PAGE_ROWS = 500;

export async function verifyChain(database: Kysely<BillingTables>): Promise<ChainReport> {
  return {
    invoices: await verifySeries(database, 'invoice', 'invoices'),
    creditNotes: await verifySeries(database, 'credit_note', 'credit_notes'),
  };
}

async function verifySeries(
  database: Kysely<BillingTables>,
  series: Series,
  table: 'invoices' | 'credit_notes',
): Promise<number> {
  const head = await database
    .selectFrom('document_series')
    .selectAll()
    .where('series', '=', series)
    .executeTakeFirstOrThrow();
  let sequence = 0;
  let hash = '';
  for (;;) {
    const rows = await database
      .selectFrom(table)
      .select(['number', 'sequence', 'document', 'previous_hash', 'hash'])
      .where('sequence', '>', sequence)
      .where('sequence', '<=', head.last_number)
      .orderBy('sequence')
      .limit(PAGE_ROWS)
      .execute();
    for (const row of rows) {
      if (row.sequence !== sequence + 1)
        throw broken(`Between ${sequence} and ${row.number} a document is missing.`);
      if (row.previous_hash !== hash) throw broken(`${row.number} does not follow the document before it.`);
      if (row.hash !== hashOf(hash, row.document)) throw broken(`${row.number} is not as it was issued.`);
      ({ sequence, hash } = row);
    }
    if (rows.length < PAGE_ROWS) break;
  }
  if (sequence !== head.last_number || hash !== head.last_hash) {
    throw broken(`The ${table.replace('_', ' ')} end at ${sequence}; ${head.last_number} were issued.`);
  }
  return sequence;
}

function broken(message: string): BillingStoreError {
  return new BillingStoreError('TOLL_INVOICE_CHAIN_BROKEN', message);
}
