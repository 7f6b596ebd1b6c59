export { createBillingApi } from './api.ts';
export type { BillingApiOptions } from './api.ts';
export { CDR_COLUMNS, CDR_FORMATS, streamCdrs, writeCdrFile } from './call-details.ts';
export type { CdrFormat, CdrRequest } from './call-details.ts';
export { BILLING_CONFIG } from './config.ts';
export type { Invoice, InvoiceTotals, RecurringLine, UsageLine } from './invoice.ts';
export { previewInvoice } from './preview.ts';
export { renderInvoiceText } from './render-text.ts';
