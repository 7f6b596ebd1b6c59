/** What invoices and credit notes of UBL 2.1 have in common. */
import type { InvoiceAccount, InvoiceLine, InvoiceSeller } from '../invoice.ts';
import { cleanText } from './format.ts';
import { element, leaf } from './xml.ts';
import type { XmlElement } from './xml.ts';

const UNIT_MINUTE = 'MIN';
const UNIT_ONE = 'C62';

export type UblKind = 'Invoice' | 'CreditNote';
export type Amount = (name: string, value: string) => XmlElement;

export function namespacesOf(kind: UblKind): Readonly<Record<string, string>> {
  return {
    xmlns: `urn:oasis:names:specification:ubl:schema:xsd:${kind}-2`,
    'xmlns:cac': 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
    'xmlns:cbc': 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
  };
}

export function amountsIn(currency: string): Amount {
  return (name, value) => leaf(name, value, { currencyID: currency });
}

export function supplier(seller: InvoiceSeller | null): XmlElement {
  if (seller === null) return element('cac:Party', []);
  return element('cac:Party', [
    ...optional('cbc:WebsiteURI', seller.website),
    element('cac:PartyName', [leaf('cbc:Name', seller.name)]),
    address(seller.address, '', seller.country),
    ...taxScheme(seller.tax_id),
    element('cac:PartyLegalEntity', [leaf('cbc:RegistrationName', seller.name)]),
    ...contact(seller.phone, seller.email),
  ]);
}

export function customer(account: InvoiceAccount): XmlElement {
  return element('cac:Party', [
    element('cac:PartyIdentification', [leaf('cbc:ID', account.id)]),
    element('cac:PartyName', [leaf('cbc:Name', account.name)]),
    address(account.address, account.state, account.country),
    ...taxScheme(account.tax_id),
    element('cac:PartyLegalEntity', [leaf('cbc:RegistrationName', account.name)]),
    ...contact('', account.email),
  ]);
}

function address(lines: readonly string[], state: string, country: string): XmlElement {
  return element('cac:PostalAddress', [
    ...optional('cbc:CountrySubentityCode', state),
    ...lines.map((line) => element('cac:AddressLine', [leaf('cbc:Line', line)])),
    ...(country === '' ? [] : [element('cac:Country', [leaf('cbc:IdentificationCode', country)])]),
  ]);
}

function taxScheme(id: string): XmlElement[] {
  if (id === '') return [];
  return [
    element('cac:PartyTaxScheme', [
      leaf('cbc:CompanyID', id),
      element('cac:TaxScheme', [leaf('cbc:ID', 'TAX')]),
    ]),
  ];
}

function contact(phone: string, email: string): XmlElement[] {
  const parts = [...optional('cbc:Telephone', phone), ...optional('cbc:ElectronicMail', email)];
  return parts.length === 0 ? [] : [element('cac:Contact', parts)];
}

export function lineElement(kind: UblKind, line: InvoiceLine, id: number, amount: Amount): XmlElement {
  const unitCode = line.unit === 'minute' ? UNIT_MINUTE : UNIT_ONE;
  const quantity = kind === 'Invoice' ? 'cbc:InvoicedQuantity' : 'cbc:CreditedQuantity';
  return element(`cac:${kind}Line`, [
    leaf('cbc:ID', String(id)),
    leaf(quantity, line.quantity, { unitCode }),
    amount('cbc:LineExtensionAmount', line.amount),
    ...optional('cbc:AccountingCost', line.billing_group),
    ...(line.period === null
      ? []
      : [
          element('cac:InvoicePeriod', [
            leaf('cbc:StartDate', line.period.from),
            leaf('cbc:EndDate', line.period.to),
          ]),
        ]),
    element('cac:Item', [
      leaf('cbc:Name', line.description.text),
      element('cac:SellersItemIdentification', [leaf('cbc:ID', line.id)]),
    ]),
    ...(line.unit_price === null ? [] : [element('cac:Price', [amount('cbc:PriceAmount', line.unit_price)])]),
  ]);
}

export function optional(name: string, text: string): XmlElement[] {
  return cleanText(text).trim() === '' ? [] : [leaf(name, text)];
}
