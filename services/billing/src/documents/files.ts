/** Writes an invoice's documents: all are made before the first is written, and each file appears whole or not at all. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { fileUnwritable } from '../errors.ts';
import type { Invoice } from '../invoice.ts';

export interface DocumentFiles {
  readonly pdf?: string;
  readonly html?: string;
  readonly ubl?: string;
}

/**
 * @returns the files that were written
 * @throws TollError TOLL_BILLING_FILE_UNWRITABLE
 */
export async function writeInvoiceDocuments(invoice: Invoice, files: DocumentFiles): Promise<string[]> {
  const documents: { readonly file: string; readonly bytes: string | Buffer }[] = [];
  // Loaded when asked for: a PDF needs a library and fonts that nothing else does.
  if (files.pdf !== undefined) {
    const { renderInvoicePdf } = await import('./pdf.ts');
    documents.push({ file: files.pdf, bytes: await renderInvoicePdf(invoice) });
  }
  if (files.html !== undefined) {
    const { renderInvoiceHtml } = await import('./html.ts');
    documents.push({ file: files.html, bytes: renderInvoiceHtml(invoice) });
  }
  if (files.ubl !== undefined) {
    const { renderInvoiceUbl } = await import('./ubl.ts');
    documents.push({ file: files.ubl, bytes: renderInvoiceUbl(invoice) });
  }
  for (const { file, bytes } of documents) await writeWhole(file, bytes);
  return documents.map(({ file }) => file);
}

async function writeWhole(file: string, bytes: string | Buffer): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, bytes, { flush: true });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw fileUnwritable(file, error);
  }
}
