/**
 * An invoice as UBL 2.1 (OASIS, ISO/IEC 19845). Fees are charges on the whole document, so that lines + charges = the amount without
 * tax, and that + taxes = the amount to pay. A preview is a pro-forma invoice.
 * @source element names and their order: UBL-Invoice-2.1.xsd; codes: UN/EDIFACT 1001 and 4461, UN/ECE Recommendation 20
 */
import { currencyOf, formatScaled } from '@tollstream/money';
import type { Invoice, InvoiceFee, InvoiceLine, InvoiceTax } from '../invoice.ts';
import { translate } from '../texts/texts.ts';
import { amountsIn, customer, lineElement, namespacesOf, optional, supplier } from './ubl-parts.ts';
import type { Amount } from './ubl-parts.ts';
import { element, leaf, textOfXml } from './xml.ts';
import type { XmlElement } from './xml.ts';

const COMMERCIAL_INVOICE = '380';
const PRO_FORMA_INVOICE = '325';
const CREDIT_TRANSFER = '30';
const DIRECT_DEBIT = '49';

export function renderInvoiceUbl(invoice: Invoice): string {
  const { account, seller, currency, totals } = invoice;
  const isPreview = invoice.status === 'preview';
  const amount = amountsIn(currency);
  const lines = invoice.lines.length === 0 ? [emptyLine(invoice)] : invoice.lines;
  return textOfXml(
    element(
      'Invoice',
      [
        leaf('cbc:UBLVersionID', '2.1'),
        leaf('cbc:ID', invoice.number ?? `${invoice.account.id}-${invoice.month}`),
        leaf('cbc:IssueDate', invoice.issue_date),
        leaf('cbc:DueDate', invoice.due_date),
        leaf('cbc:InvoiceTypeCode', isPreview ? PRO_FORMA_INVOICE : COMMERCIAL_INVOICE),
        ...invoice.notes.map(({ text }) => leaf('cbc:Note', text, { languageID: invoice.language })),
        leaf('cbc:DocumentCurrencyCode', currency),
        leaf('cbc:LineCountNumeric', String(lines.length)),
        element('cac:AccountingSupplierParty', [supplier(seller)]),
        element('cac:AccountingCustomerParty', [customer(account)]),
        ...payment(invoice),
        ...invoice.fees.map((fee) => charge(fee, amount)),
        element('cac:TaxTotal', [
          amount('cbc:TaxAmount', totals.taxes),
          ...invoice.taxes.map((tax) => taxSubtotal(tax, amount)),
        ]),
        element('cac:LegalMonetaryTotal', [
          amount('cbc:LineExtensionAmount', totals.charges),
          amount('cbc:TaxExclusiveAmount', totals.subtotal),
          amount('cbc:TaxInclusiveAmount', totals.total),
          amount('cbc:ChargeTotalAmount', totals.fees),
          amount('cbc:PayableAmount', totals.total),
        ]),
        ...lines.map((line, i) => lineElement('Invoice', line, i + 1, amount)),
      ],
      namespacesOf('Invoice'),
    ),
  );
}

function payment({ remittance, account, number, due_date }: Invoice): XmlElement[] {
  if (remittance === null) return [];
  const iban = remittance.lines.find(({ label }) => label === 'iban' || label === 'account_number');
  return [
    element('cac:PaymentMeans', [
      leaf('cbc:PaymentMeansCode', account.autopay ? DIRECT_DEBIT : CREDIT_TRANSFER),
      leaf('cbc:PaymentDueDate', due_date),
      ...remittance.lines.map(({ label, value }) => leaf('cbc:InstructionNote', `${label}: ${value}`)),
      ...optional('cbc:PaymentID', number ?? ''),
      ...(iban === undefined ? [] : [element('cac:PayeeFinancialAccount', [leaf('cbc:ID', iban.value)])]),
    ]),
  ];
}

function charge(fee: InvoiceFee, amount: Amount): XmlElement {
  // A fee per unit has a number of units as base, which is no amount of money.
  const base = fee.kind === 'per_unit' ? [] : [amount('cbc:BaseAmount', fee.base)];
  return element('cac:AllowanceCharge', [
    leaf('cbc:ChargeIndicator', 'true'),
    leaf('cbc:AllowanceChargeReason', fee.name),
    amount('cbc:Amount', fee.amount),
    ...base,
  ]);
}

function taxSubtotal(tax: InvoiceTax, amount: Amount): XmlElement {
  return element('cac:TaxSubtotal', [
    amount('cbc:TaxableAmount', tax.base),
    amount('cbc:TaxAmount', tax.amount),
    element('cac:TaxCategory', [
      leaf('cbc:Percent', tax.percent),
      ...(tax.exemption === null ? [] : [leaf('cbc:TaxExemptionReason', tax.exemption)]),
      element('cac:TaxScheme', [leaf('cbc:ID', tax.id), leaf('cbc:Name', tax.name)]),
    ]),
  ]);
}

/** The standard asks for a line, and a month may have none. */
function emptyLine({ currency, language }: Invoice): InvoiceLine {
  return {
    section: 'service_fee',
    id: 'none',
    billing_group: '',
    description: {
      key: 'document.no_charges',
      values: {},
      text: translate(language, 'document.no_charges'),
    },
    period: null,
    quantity: '0',
    unit: 'once',
    unit_price: null,
    amount: formatScaled(0n, currencyOf(currency).minorDigits),
    usage: null,
  };
}
