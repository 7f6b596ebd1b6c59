/** What holds for a whole deck: its currency, decimal mark, order of dates, units, and what its codes begin with. */
import { CURRENCIES } from '@tollstream/money';
import { type DecimalMark, provenMark } from './amounts.ts';
import { type DeckCell, cellText } from './cells.ts';
import { withoutInternationalPrefix } from './codes.ts';
import { type DateOrder, needsOrder, provenOrder } from './dates.ts';
import { type Field, RATE_FIELDS, meaningOf, namesAreaCodes } from './fields.ts';
import type { DeckMapping } from './mapping.ts';
import type { DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';

const AMOUNT_FIELDS = [...RATE_FIELDS, 'initial_rate', 'connect_fee'] as const;
const DATE_FIELDS = ['effective_from', 'effective_to'] as const;
export type AmountField = (typeof AMOUNT_FIELDS)[number];
export type DateField = (typeof DATE_FIELDS)[number];

/** The one currency that mapping, notices, header and currency column name; a problem for each that differs. */
export function currencyOfDeck(
  table: DeckTable,
  mapping: DeckMapping,
  tariffCurrency: string | null,
  problems: DeckProblemList,
): string {
  const expected =
    tariffCurrency ?? mapping.currency ?? table.layout.currencies[0]?.currency ?? firstCurrency(table);
  if (mapping.currency !== null && mapping.currency !== expected) {
    const message = `The mapping file says ${mapping.currency}, and the tariff is in ${expected}`;
    problems.add('TOLL_DECK_CURRENCY_MISMATCH', table.placeOf(0, null, ''), message);
  }
  for (const { currency, place } of table.layout.currencies) {
    if (currency === expected) continue;
    const message = `The deck says ${currency}, and the tariff is in ${expected}`;
    problems.add('TOLL_DECK_CURRENCY_MISMATCH', place, message);
  }
  const cells = table.cells.get('currency') ?? [];
  const right = new Map<DeckCell, boolean>();
  cells.forEach((cell, row) => {
    let isRight = right.get(cell);
    if (isRight === undefined) {
      const text = cellText(cell).toUpperCase();
      isRight = text === '' || isUnitOf(text, expected);
      right.set(cell, isRight);
    }
    if (isRight) return;
    const place = table.placeOf(table.lines[row]!, 'currency', cellText(cell));
    problems.add(
      'TOLL_DECK_CURRENCY_MISMATCH',
      place,
      `The row is not in ${expected}, the currency of the tariff`,
    );
  });
  if (expected === '') {
    const message = 'Neither deck nor mapping file says the currency of the new tariff';
    problems.add('TOLL_DECK_CURRENCY_MISSING', table.placeOf(0, null, ''), message);
  }
  return expected;
}

function firstCurrency(table: DeckTable): string {
  const cell = (table.cells.get('currency') ?? []).find((each) =>
    CURRENCIES.has(cellText(each).toUpperCase()),
  );
  return cell === undefined ? '' : cellText(cell).toUpperCase();
}

/** Whether a text beside an amount names the currency: its code, its sign, or the dollar sign of a dollar. */
export function isUnitOf(text: string, currency: string): boolean {
  const symbol = CURRENCIES.get(currency)?.symbol ?? '';
  return text === currency || text === symbol || (text === '$' && symbol.endsWith('$'));
}

/** One decimal mark for the whole deck: what the mapping says, or what its cells prove; null when they prove both. */
export function decimalMark(
  table: DeckTable,
  mapping: DeckMapping,
  problems: DeckProblemList,
): DecimalMark | null {
  if (mapping.decimal !== null) return mapping.decimal;
  type Seen = { field: AmountField; row: number; text: string };
  const proof: Partial<Record<DecimalMark, Seen>> = {};
  let undecided: Seen | null = null;
  for (const field of AMOUNT_FIELDS) {
    const cells = table.cells.get(field) ?? [];
    for (let row = 0; row < cells.length; row++) {
      const text = cells[row];
      if (typeof text !== 'string' || !/[.,]/.test(text)) continue;
      // Once a point is proven, another amount without a comma tells nothing new.
      if (proof.point !== undefined && !text.includes(',') && text.indexOf('.') === text.lastIndexOf('.'))
        continue;
      const mark = provenMark(text);
      if (mark !== null) proof[mark] ??= { field, row, text };
      else if (text.includes(',')) undecided ??= { field, row, text };
    }
  }
  const { point, comma } = proof;
  if (point !== undefined && comma !== undefined) {
    const place = table.placeOf(table.lines[comma.row]!, comma.field, comma.text);
    const other = `line ${table.lines[point.row]} has ${JSON.stringify(point.text)}`;
    problems.add('TOLL_DECK_DECIMAL_AMBIGUOUS', place, `The comma is a decimal mark here, and ${other}`);
    return null;
  } else if (comma === undefined && point === undefined && undecided !== null) {
    const place = table.placeOf(table.lines[undecided.row]!, undecided.field, undecided.text);
    const message = 'The comma may be a decimal mark or group thousands, and no other amount decides it';
    problems.add('TOLL_DECK_DECIMAL_AMBIGUOUS', place, message);
  }
  return comma === undefined ? 'point' : 'comma';
}

/** One order of day and month for the whole deck: what the mapping says, or what its dates prove; null when they prove both. */
export function dateOrder(
  table: DeckTable,
  mapping: DeckMapping,
  problems: DeckProblemList,
): DateOrder | null {
  if (mapping.dates !== null) return mapping.dates;
  type Seen = { field: Field; row: number; text: string };
  const proof: Partial<Record<DateOrder, Seen>> = {};
  let undecided: Seen | null = null;
  const looked = new Set<DeckCell>();
  for (const field of DATE_FIELDS) {
    const cells = table.cells.get(field) ?? [];
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row]!;
      if (typeof cell !== 'string' || looked.has(cell)) continue;
      looked.add(cell);
      const text = cell.trim();
      const order = provenOrder(text);
      if (order !== null) proof[order] ??= { field, row, text };
      else if (needsOrder(text)) undecided ??= { field, row, text };
    }
  }
  const { day_first: dayFirst, month_first: monthFirst } = proof;
  if (dayFirst !== undefined && monthFirst !== undefined) {
    const place = table.placeOf(table.lines[dayFirst.row]!, dayFirst.field, dayFirst.text);
    const other = `line ${table.lines[monthFirst.row]} has ${JSON.stringify(monthFirst.text)}`;
    problems.add('TOLL_DECK_DATE_AMBIGUOUS', place, `The day stands first here, and ${other}`);
    return null;
  } else if (dayFirst === undefined && monthFirst === undefined && undecided !== null) {
    const place = table.placeOf(table.lines[undecided.row]!, undecided.field, undecided.text);
    const message = 'Day and month may stand either way round, and no other date of the deck decides it';
    problems.add('TOLL_DECK_DATE_AMBIGUOUS', place, message);
  }
  return monthFirst === undefined ? 'day_first' : 'month_first';
}

/** Whether the codes repeat what the country code column says. One code that does not begin with it proves that none does. */
export function codeIncludesCountry(
  table: DeckTable,
  mapping: DeckMapping,
  problems: DeckProblemList,
): boolean {
  const countries = table.cells.get('country_code');
  if (mapping.codeIncludesCountry !== null || countries === undefined)
    return mapping.codeIncludesCountry ?? false;
  const codes = table.cells.get('code')!;
  let first = -1;
  for (let row = 0; row < codes.length; row++) {
    const code = cellText(codes[row]);
    const country = countryDigits(cellText(countries[row]));
    if (code === '' || country === null || country === '') continue;
    if (!code.startsWith(country)) return false;
    if (first === -1) first = row;
  }
  if (first === -1) return false;
  const place = table.placeOf(table.lines[first]!, 'code', cellText(codes[first]));
  const message = 'Every code begins with its country code: they may be whole codes, or national ones';
  problems.add('TOLL_DECK_COUNTRY_CODE_AMBIGUOUS', place, message);
  return true;
}

/** Area code, exchange and block of thousand, as 212, 212555, 212-555 or 212-555-1. */
export const AREA_CODE = /^[2-9]\d\d(?:-?[2-9]\d\d(?:-?\d)?)?$/;

/**
 * What stands before the codes of a column that names area codes and exchanges (NPA-NXX): '1', unless the codes have it, or the mapping
 * file or a column says another. Both in one deck is a problem: 1201 would be the code of New Jersey, or an exchange of nothing.
 */
export function areaCodePrefix(table: DeckTable, mapping: DeckMapping, problems: DeckProblemList): string {
  if (mapping.countryCode !== null || table.cells.has('country_code')) return '';
  if (!namesAreaCodes(table.layout.columns.get('code')!.header)) return '';
  const texts = table.cells.get('code')!.map(cellText);
  const bare = texts.findIndex((text) => AREA_CODE.test(text));
  if (bare === -1) return '';
  const whole = texts.findIndex((text) => text !== '' && !AREA_CODE.test(text));
  if (whole === -1) return '1';
  const place = table.placeOf(table.lines[whole]!, 'code', texts[whole]!);
  const message = `Line ${table.lines[bare]} has an area code without the 1 before it, and this line another kind of code`;
  problems.add(
    'TOLL_DECK_COUNTRY_CODE_AMBIGUOUS',
    place,
    message,
    'Write all codes alike; `country_code` in the mapping file says what stands before each.',
  );
  return '';
}

/** Digits of a country code cell; '' when it is empty, null when it holds no code. */
export function countryDigits(text: string): string | null {
  if (text === '') return '';
  if (!/^\+?\d[\d -]*$/.test(text)) return null;
  return withoutInternationalPrefix(text.replace(/\D/g, ''), text.startsWith('+'));
}

export type Unit = 'major' | 'cents';

/** A fee beside rates in cents may be in cents too: one of the header and the mapping file must say it. */
export function unitsOf(
  table: DeckTable,
  mapping: DeckMapping,
  problems: DeckProblemList,
): { rate: Unit; fee: Unit } {
  const { cents, columns } = table.layout;
  const rate = mapping.rateUnit ?? (RATE_FIELDS.some((field) => cents.has(field)) ? 'cents' : 'major');
  const fee = columns.get('connect_fee');
  if (mapping.feeUnit !== null || fee === undefined) return { rate, fee: mapping.feeUnit ?? 'major' };
  if (cents.has('connect_fee')) return { rate, fee: 'cents' };
  if (rate === 'cents' && meaningOf(fee.header, CURRENCIES).currency === '') {
    problems.add(
      'TOLL_DECK_COLUMN_AMBIGUOUS',
      table.placeOf(table.layout.headerLine, 'connect_fee', fee.header),
      'The rates are in cents, and nothing says whether the fee is',
      'Say `fee_unit: cents` or `fee_unit: major` in the mapping file.',
    );
  }
  return { rate, fee: 'major' };
}
