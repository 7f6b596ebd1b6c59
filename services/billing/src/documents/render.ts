/** Issued documents in the formats they are made in: from what was issued alone, and the same bytes each time. */
import type { Language } from '@tollstream/catalog';
import type { Invoice } from '../invoice.ts';
import type { CreditNote } from '../issue/credit-note.ts';
import { invoiceContent } from './content.ts';
import type { DocumentContent } from './content.ts';
import { creditNoteContent } from './credit-note.ts';
import { creditNoteInLanguage, invoiceInLanguage } from './language.ts';

export type IssuedDocument = Invoice | CreditNote;
export const DOCUMENT_FORMATS = ['pdf', 'html', 'ubl'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

function isCreditNote(document: IssuedDocument): document is CreditNote {
  return document.schema === 'tollstream.credit-note/1';
}

export function inLanguage<Document extends IssuedDocument>(
  document: Document,
  language: Language,
): Document {
  const put = isCreditNote(document)
    ? creditNoteInLanguage(document, language)
    : invoiceInLanguage(document, language);
  return put as Document;
}

/** What is needed is loaded when it is asked for: a PDF needs a library and fonts that nothing else does. */
export async function renderDocument(document: IssuedDocument, format: DocumentFormat): Promise<Buffer> {
  switch (format) {
    case 'pdf': {
      const { renderPdf } = await import('./pdf.ts');
      return renderPdf(contentOf(document));
    }
    case 'html': {
      const { renderHtml } = await import('./html.ts');
      return Buffer.from(renderHtml(contentOf(document)));
    }
    case 'ubl': {
      if (isCreditNote(document)) {
        const { renderCreditNoteUbl } = await import('./credit-note-ubl.ts');
        return Buffer.from(renderCreditNoteUbl(document));
      }
      const { renderInvoiceUbl } = await import('./ubl.ts');
      return Buffer.from(renderInvoiceUbl(document));
    }
  }
}

function contentOf(document: IssuedDocument): DocumentContent {
  return isCreditNote(document) ? creditNoteContent(document) : invoiceContent(document);
}
