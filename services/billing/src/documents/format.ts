/** Numbers and days as the language writes them. No locale of the machine: the same invoice is written the same everywhere. */
import type { Language } from '@tollstream/catalog';
import { currencyOf } from '@tollstream/money';
import { translate } from '../texts/texts.ts';

/** '1234567.5' → '1,234,567.5', in Portuguese '1.234.567,5'. */
export function formatNumber(language: Language, decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, translate(language, 'number.group'));
  return fraction === undefined ? grouped : grouped + translate(language, 'number.decimal') + fraction;
}

/** The sign stands before the symbol: '-$12.00'. */
export function formatMoney(language: Language, currency: string, amount: string): string {
  const { symbol } = currencyOf(currency);
  const sign = amount.startsWith('-') ? '-' : '';
  // A symbol that is a word is kept apart from the digits.
  const gap = /\p{L}$/u.test(symbol) ? '\u00a0' : '';
  return sign + symbol + gap + formatNumber(language, amount.slice(sign.length));
}

export function formatPercent(language: Language, percent: string): string {
  const gap = language === 'en' || language === 'pt' ? '' : '\u00a0';
  return `${formatNumber(language, percent)}${gap}%`;
}

/** '2020-02-16' → 'February 16, 2020'. */
export function formatDay(language: Language, day: string): string {
  const [year = '', month = '', number = ''] = day.split('-');
  const name = translate(language, `month.${month}` as 'month.01');
  const key = number === '01' ? 'date.of_first_day' : 'date.of_day';
  return translate(language, key, { name, day: String(Number(number)), year });
}

const STEERING =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;

/**
 * Names come from files and customers. What steers a terminal, a reader's direction of text or an XML parser is
 * replaced; the rest stays as it is.
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(STEERING, '\ufffd')
    .replace(/\s+/g, (space) => (space.includes('\u00a0') ? '\u00a0' : ' '));
}
