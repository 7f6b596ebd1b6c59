/**
 * A credit note as UBL 2.1, with the invoice that it corrects. Lines + charges = the amount without tax; + tax = the amount credited.
 * @source element names and their order: UBL-CreditNote-2.1.xsd; code: UN/EDIFACT 1001
 */
import { currencyOf, formatScaled, parseDecimalBig } from '@tollstream/money';
import type { CreditNote } from '../issue/credit-note.ts';
import { translate } from '../texts/texts.ts';
import { creditedLines, reasonOf } from './credit-note.ts';
import { amountsIn, customer, lineElement, namespacesOf, supplier } from './ubl-parts.ts';
import { element, leaf, textOfXml } from './xml.ts';

const CREDIT_NOTE = '381';

export function renderCreditNoteUbl(note: CreditNote): string {
  const { language, invoice } = note;
  const { minorDigits } = currencyOf(note.currency);
  const minor = (text: string): bigint => parseDecimalBig(text, minorDigits);
  const amount = amountsIn(note.currency);
  const lines = creditedLines(note);
  const kind = translate(language, `credit.${note.kind}`);
  const hasFees = minor(note.fees) !== 0n;
  return textOfXml(
    element(
      'CreditNote',
      [
        leaf('cbc:UBLVersionID', '2.1'),
        leaf('cbc:ID', note.number),
        leaf('cbc:IssueDate', note.issue_date),
        leaf('cbc:CreditNoteTypeCode', CREDIT_NOTE),
        leaf('cbc:DocumentCurrencyCode', note.currency),
        leaf('cbc:LineCountNumeric', String(lines.length)),
        element('cac:DiscrepancyResponse', [
          leaf('cbc:ReferenceID', invoice.number),
          ...[kind, ...reasonOf(note)].map((text) => leaf('cbc:Description', text, { languageID: language })),
        ]),
        element('cac:BillingReference', [
          element('cac:InvoiceDocumentReference', [
            leaf('cbc:ID', invoice.number),
            leaf('cbc:IssueDate', invoice.issue_date),
          ]),
        ]),
        element('cac:AccountingSupplierParty', [supplier(note.seller)]),
        element('cac:AccountingCustomerParty', [customer(note.account)]),
        ...(hasFees
          ? [
              element('cac:AllowanceCharge', [
                leaf('cbc:ChargeIndicator', 'true'),
                leaf('cbc:AllowanceChargeReason', translate(language, 'section.fees')),
                amount('cbc:Amount', note.fees),
              ]),
            ]
          : []),
        element('cac:TaxTotal', [amount('cbc:TaxAmount', note.taxes)]),
        element('cac:LegalMonetaryTotal', [
          amount('cbc:LineExtensionAmount', formatScaled(minor(note.net) - minor(note.fees), minorDigits)),
          amount('cbc:TaxExclusiveAmount', note.net),
          amount('cbc:TaxInclusiveAmount', note.amount),
          ...(hasFees ? [amount('cbc:ChargeTotalAmount', note.fees)] : []),
          amount('cbc:PayableAmount', note.amount),
        ]),
        ...lines.map((line, i) => lineElement('CreditNote', line, i + 1, amount)),
      ],
      namespacesOf('CreditNote'),
    ),
  );
}
