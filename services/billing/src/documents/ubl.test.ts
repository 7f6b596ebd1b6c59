import { currencyOf, parseDecimalBig } from '@tollstream/money';
import { expect, it } from 'vitest';
import { creditNoteWithLines, issuedCreditNote, issuedInvoice, longInvoice } from '../testing/documents.ts';
import { renderCreditNoteUbl } from './credit-note-ubl.ts';
import { renderInvoiceUbl } from './ubl.ts';

const LINE = 'cbc:LineExtensionAmount! cbc:AccountingCost cac:InvoicePeriod cac:Item! cac:Price';
/** Children in the order of UBL-CommonAggregateComponents-2.1.xsd, UBL-Invoice-2.1.xsd and UBL-CreditNote-2.1.xsd, as far as they are used. `!` must be there. */
const ORDER: Readonly<Record<string, string>> = {
  Invoice:
    'cbc:UBLVersionID cbc:ID! cbc:IssueDate! cbc:DueDate cbc:InvoiceTypeCode cbc:Note cbc:DocumentCurrencyCode cbc:LineCountNumeric cac:AccountingSupplierParty! cac:AccountingCustomerParty! cac:PaymentMeans cac:AllowanceCharge cac:TaxTotal cac:LegalMonetaryTotal! cac:InvoiceLine!',
  'cac:AccountingSupplierParty': 'cac:Party',
  'cac:AccountingCustomerParty': 'cac:Party',
  'cac:Party':
    'cbc:WebsiteURI cac:PartyIdentification cac:PartyName cac:PostalAddress cac:PartyTaxScheme cac:PartyLegalEntity cac:Contact',
  'cac:PartyIdentification': 'cbc:ID!',
  'cac:PartyName': 'cbc:Name!',
  'cac:PostalAddress': 'cbc:CountrySubentityCode cac:AddressLine cac:Country',
  'cac:AddressLine': 'cbc:Line!',
  'cac:Country': 'cbc:IdentificationCode',
  'cac:PartyTaxScheme': 'cbc:CompanyID cac:TaxScheme!',
  'cac:PartyLegalEntity': 'cbc:RegistrationName',
  'cac:Contact': 'cbc:Telephone cbc:ElectronicMail',
  'cac:PaymentMeans':
    'cbc:PaymentMeansCode! cbc:PaymentDueDate cbc:InstructionNote cbc:PaymentID cac:PayeeFinancialAccount',
  'cac:PayeeFinancialAccount': 'cbc:ID',
  'cac:AllowanceCharge': 'cbc:ChargeIndicator! cbc:AllowanceChargeReason cbc:Amount! cbc:BaseAmount',
  'cac:TaxTotal': 'cbc:TaxAmount! cac:TaxSubtotal',
  'cac:TaxSubtotal': 'cbc:TaxableAmount cbc:TaxAmount! cac:TaxCategory!',
  'cac:TaxCategory': 'cbc:Percent cbc:TaxExemptionReason cac:TaxScheme!',
  'cac:TaxScheme': 'cbc:ID cbc:Name',
  'cac:LegalMonetaryTotal':
    'cbc:LineExtensionAmount cbc:TaxExclusiveAmount cbc:TaxInclusiveAmount cbc:ChargeTotalAmount cbc:PayableAmount!',
  'cac:InvoiceLine': `cbc:ID! cbc:InvoicedQuantity ${LINE}`,
  'cac:CreditNoteLine': `cbc:ID! cbc:CreditedQuantity ${LINE}`,
  CreditNote:
    'cbc:UBLVersionID cbc:ID! cbc:IssueDate! cbc:CreditNoteTypeCode cbc:DocumentCurrencyCode cbc:LineCountNumeric cac:DiscrepancyResponse cac:BillingReference cac:AccountingSupplierParty! cac:AccountingCustomerParty! cac:AllowanceCharge cac:TaxTotal cac:LegalMonetaryTotal! cac:CreditNoteLine!',
  'cac:DiscrepancyResponse': 'cbc:ReferenceID cbc:Description',
  'cac:BillingReference': 'cac:InvoiceDocumentReference',
  'cac:InvoiceDocumentReference': 'cbc:ID! cbc:IssueDate',
  'cac:InvoicePeriod': 'cbc:StartDate cbc:EndDate',
  'cac:Item': 'cbc:Name cac:SellersItemIdentification',
  'cac:SellersItemIdentification': 'cbc:ID!',
  'cac:Price': 'cbc:PriceAmount!',
};

interface Node {
  readonly name: string;
  readonly children: Node[];
  text: string;
}

/** Reads elements and text; anything that is not closed as it was opened is an error. */
function parse(xml: string): Node {
  const root: Node = { name: '', children: [], text: '' };
  const open = [root];
  for (const [, close, name, , empty, text] of xml
    .replace(/^<\?xml[^>]*\?>/, '')
    .matchAll(/<(\/?)([\w:]+)((?:\s[\w:]+="[^"<]*")*)(\/?)>|([^<]+)/g)) {
    const parent = open.at(-1)!;
    if (name === undefined) parent.text += text;
    else if (close === '/') expect(open.pop()!.name).toBe(name);
    else {
      const node: Node = { name, children: [], text: '' };
      parent.children.push(node);
      if (empty !== '/') open.push(node);
    }
  }
  expect(open).toHaveLength(1);
  return root.children[0]!;
}

function problemsOf({ name, children }: Node): string[] {
  if (children.length === 0) return [];
  const order = ORDER[name]?.split(' ') ?? [];
  const names = order.map((child) => child.replace('!', ''));
  const places = children.map((child) => names.indexOf(child.name));
  return [
    ...children.filter((_, i) => places[i] === -1).map((child) => `${child.name} in ${name}`),
    ...places.flatMap((place, i) => (i > 0 && place < places[i - 1]! ? [`order in ${name}`] : [])),
    ...order
      .filter((child) => child.endsWith('!') && !children.some((c) => `${c.name}!` === child))
      .map((child) => `${name} without ${child}`),
    ...children.flatMap(problemsOf),
  ];
}

const { minorDigits } = currencyOf('USD');
const find = ({ children }: Node, name: string): Node[] => children.filter((child) => child.name === name);
const money = (node: Node, name: string): bigint => parseDecimalBig(find(node, name)[0]!.text, minorDigits);
const sum = (nodes: readonly Node[], name: string): bigint =>
  nodes.reduce((total, node) => total + money(node, name), 0n);

it('has the elements of UBL 2.1, in its order', () => {
  const exempt = issuedInvoice();
  for (const invoice of [
    issuedInvoice(),
    issuedInvoice('fr', { status: 'preview', number: null, seller: null }),
    { ...exempt, taxes: exempt.taxes.map((tax) => ({ ...tax, exemption: 'NY-1' })) },
    { ...exempt, notes: [{ key: 'note.free_until' as const, values: {}, text: 'Note' }] },
    longInvoice(500),
  ]) {
    expect(problemsOf(parse(renderInvoiceUbl(invoice)))).toEqual([]);
  }
});

it('the check of the order can fail', () => {
  const xml = renderInvoiceUbl(issuedInvoice());
  expect(problemsOf(parse(xml.replace(/<cbc:IssueDate>.*?<\/cbc:IssueDate>/, '')))).toEqual([
    'Invoice without cbc:IssueDate!',
  ]);
  const swapped = xml.replace(/(<cbc:IssueDate>.*)\n(.*<cbc:DueDate>.*)/, '$2\n$1');
  expect(problemsOf(parse(swapped))).toEqual(['order in Invoice']);
});

it('its amounts add up', () => {
  const invoice = parse(renderInvoiceUbl(issuedInvoice()));
  const [total] = find(invoice, 'cac:LegalMonetaryTotal');
  const [taxes] = find(invoice, 'cac:TaxTotal');
  const lines = sum(find(invoice, 'cac:InvoiceLine'), 'cbc:LineExtensionAmount');
  const charges = sum(find(invoice, 'cac:AllowanceCharge'), 'cbc:Amount');
  const tax = sum(find(taxes!, 'cac:TaxSubtotal'), 'cbc:TaxAmount');
  expect(money(total!, 'cbc:LineExtensionAmount')).toBe(lines);
  expect(money(total!, 'cbc:ChargeTotalAmount')).toBe(charges);
  expect(money(total!, 'cbc:TaxExclusiveAmount')).toBe(lines + charges);
  expect(money(taxes!, 'cbc:TaxAmount')).toBe(tax);
  expect(money(total!, 'cbc:PayableAmount')).toBe(lines + charges + tax);
});

const wholeNote = (): ReturnType<typeof issuedCreditNote> => {
  const { totals } = issuedInvoice();
  return issuedCreditNote('en', { kind: 'void' }, totals.total);
};
it.each([
  ['of an amount as such', issuedCreditNote()],
  ['with lines, fees and taxes', creditNoteWithLines('fr')],
  ['of the whole invoice', wholeNote()],
])('a credit note %s is a CreditNote of UBL 2.1 whose amounts add up', (_, note) => {
  const xml = renderCreditNoteUbl(note);
  const root = parse(xml);
  expect(root.name).toBe('CreditNote');
  expect(problemsOf(root)).toEqual([]);
  const [total] = find(root, 'cac:LegalMonetaryTotal');
  const [taxes] = find(root, 'cac:TaxTotal');
  const lines = sum(find(root, 'cac:CreditNoteLine'), 'cbc:LineExtensionAmount');
  const charges = sum(find(root, 'cac:AllowanceCharge'), 'cbc:Amount');
  expect(money(total!, 'cbc:LineExtensionAmount')).toBe(lines);
  expect(money(total!, 'cbc:TaxExclusiveAmount')).toBe(lines + charges);
  expect(money(total!, 'cbc:PayableAmount')).toBe(lines + charges + money(taxes!, 'cbc:TaxAmount'));
  expect(money(total!, 'cbc:PayableAmount')).toBe(parseDecimalBig(note.amount, minorDigits));
  expect(xml).toContain('urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2');
  const [reference] = find(root, 'cac:BillingReference');
  expect(find(reference!.children[0]!, 'cbc:ID')[0]!.text).toBe('INV-000001');
});
