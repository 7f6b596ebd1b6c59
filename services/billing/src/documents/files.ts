/** Writes the documents of an invoice or a credit note: all are made before the first is written, and each file appears whole or not at all. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { fileUnwritable } from '../errors.ts';
import { DOCUMENT_FORMATS, renderDocument } from './render.ts';
import type { IssuedDocument } from './render.ts';

export interface DocumentFiles {
  readonly pdf?: string;
  readonly html?: string;
  readonly ubl?: string;
}

/**
 * @returns the files that were written
 * @throws TollError TOLL_BILLING_FILE_UNWRITABLE
 */
export async function writeDocuments(document: IssuedDocument, files: DocumentFiles): Promise<string[]> {
  const documents: { readonly file: string; readonly bytes: Buffer }[] = [];
  for (const format of DOCUMENT_FORMATS) {
    const file = files[format];
    if (file !== undefined) documents.push({ file, bytes: await renderDocument(document, format) });
  }
  for (const { file, bytes } of documents) await writeWhole(file, bytes);
  return documents.map(({ file }) => file);
}

async function writeWhole(file: string, bytes: Buffer): Promise<void> {
  const partial = `${file}.partial`;
  try {
    await writeFile(partial, bytes, { flush: true });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw fileUnwritable(file, error);
  }
}
