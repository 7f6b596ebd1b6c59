import { previewInvoice, renderInvoiceText } from '@tollstream/service-billing';
import { catalogOf } from './catalog-option.ts';
import type { InvoiceOptions } from './commands/invoice.ts';
import { parseMonth } from './duration.ts';
import { SAMPLE_DATA, openStoreOf } from './embedded/open-store.ts';
import { print } from './terminal.ts';

export async function previewInvoiceCommand(options: InvoiceOptions): Promise<void> {
  const month = parseMonth(options.month, '--month');
  const opened = await openStoreOf(options.data ?? SAMPLE_DATA);
  try {
    const catalog = await catalogOf({
      catalog: options.catalog ?? opened.settings.catalog,
      defaultPlan: opened.settings.defaultPlan ?? undefined,
    });
    const invoice = await previewInvoice(opened.store, catalog, options.account, month);
    print(options.json === true ? JSON.stringify(invoice) : renderInvoiceText(invoice));
  } finally {
    await opened.close();
  }
}
