/** Exemptions by certificate. The day of issue decides: one that ended in mid-month covers no invoice issued after its end. */
import type { Account, TaxExemption } from '@tollstream/catalog';
import { holds } from './dated.ts';
import type { InvoiceText } from './invoice.ts';
import { dateText, monthBefore } from './month.ts';
import type { Month } from './month.ts';
import { textOf } from './texts/texts.ts';

/** @param named only exemptions that name it; one that names nothing is about taxes */
export function exemptionFrom(
  account: Account,
  id: string,
  issueDate: string,
  { named }: { readonly named: boolean },
): TaxExemption | null {
  const exemptions = account.billing?.exemptions ?? [];
  return (
    exemptions.find(
      (exemption) =>
        holds(exemption, issueDate) &&
        (exemption.covers.includes(id) || (!named && exemption.covers.length === 0)),
    ) ?? null
  );
}

/** Said on the first invoice that an exemption does not cover any more. */
export function expiredNotes(account: Account, month: Month): InvoiceText[] {
  const { exemptions = [], language = 'en' as const } = account.billing ?? {};
  return exemptions
    .filter(({ to }) => to > dateText(monthBefore(month)) && to <= dateText(month))
    .map(({ certificate, to }) => textOf(language, 'note.exemption_expired', { certificate, date: to }));
}
