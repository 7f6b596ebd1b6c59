/** The texts of invoices in every language, by key. `{name}` stands for a value. */
import type { Language } from '@tollstream/catalog';
import type { InvoiceText } from '../invoice.ts';
import { ENGLISH } from './en.ts';
import { SPANISH } from './es.ts';
import { FRENCH } from './fr.ts';
import { PORTUGUESE } from './pt.ts';

export type TextKey = keyof typeof ENGLISH;
export type Texts = Readonly<Record<TextKey, string>>;

const TEXTS: Readonly<Record<Language, Texts>> = {
  en: ENGLISH,
  es: SPANISH,
  fr: FRENCH,
  pt: PORTUGUESE,
};

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(ENGLISH, key);
}

/** A value that names a text is put into the language too: `month` is given as `2020-02`, `call_type` as its name. */
export function textOf(
  language: Language,
  key: TextKey,
  values: Readonly<Record<string, string>> = {},
): InvoiceText {
  return { key, values, text: translate(language, key, values) };
}

export function translate(
  language: Language,
  key: TextKey,
  values: Readonly<Record<string, string>> = {},
): string {
  const texts = TEXTS[language];
  return texts[key].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    if (name === 'month') return monthName(language, value);
    return `${name}.${value}` in texts ? texts[`${name}.${value}` as TextKey] : value;
  });
}

/** '2020-02' → 'February 2020'. */
export function monthName(language: Language, month: string): string {
  const texts = TEXTS[language];
  const name = texts[`month.${month.slice(5)}` as TextKey];
  return texts['month.of_year'].replace('{name}', name).replace('{year}', month.slice(0, 4));
}
