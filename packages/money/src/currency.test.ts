import { expect, it } from 'vitest';
import { CURRENCIES } from './index.ts';

/** ISO 4217 gives them two places; Intl leaves them out, as people mostly do. */
const USUALLY_WHOLE = new Set(['COP', 'HUF']);

it('has the minor unit of each currency as ISO 4217 has it, and a symbol of its own', () => {
  const format = (currency: string): Intl.NumberFormat =>
    new Intl.NumberFormat('en', { style: 'currency', currency });
  expect(CURRENCIES.size).toBe(36);
  for (const [key, { code, minorDigits, symbol }] of CURRENCIES) {
    expect(code).toBe(key);
    expect(Intl.supportedValuesOf('currency')).toContain(code);
    const digits = USUALLY_WHOLE.has(code) ? 2 : format(code).resolvedOptions().maximumFractionDigits;
    expect(minorDigits, code).toBe(digits);
    expect(symbol, code).toMatch(/\S/);
  }
  expect(new Set(Array.from(CURRENCIES.values(), ({ symbol }) => symbol)).size).toBe(CURRENCIES.size);
});

it('prints the symbols that invoices show', () => {
  const own = new Map(
    'ARS AR$, AUD A$, BRL R$, CAD CA$, CNY CN¥, CZK Kč, EUR €, GBP £, HKD HK$, HUF Ft, ILS ₪, INR ₹, JPY ¥, KRW ₩, MXN MX$, NZD NZ$, PEN S/, PLN zł, SGD S$, TRY ₺, USD $, ZAR R'
      .split(', ')
      .map((each) => each.split(' ') as [string, string]),
  );
  // Of all others it is the code.
  for (const { code, symbol } of CURRENCIES.values()) expect(symbol).toBe(own.get(code) ?? code);
  const byCode = 'AED BHD CHF CLP COP DKK ISK JOD KWD NOK OMR SEK TND UYU'.split(' ');
  expect([...CURRENCIES.keys()].toSorted()).toEqual([...byCode, ...own.keys()].toSorted());
});
