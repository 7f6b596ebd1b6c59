/** The cells of a deck to what they say of each prefix, with every problem at its cell. */
import { CURRENCIES } from '@tollstream/money';
import { knownCountries } from '@tollstream/numbering';
import {
  type Amount,
  type AmountReading,
  type DecimalMark,
  provenMark,
  readAmount,
  splitUnit,
} from './amounts.ts';
import { type DeckCell, cellText } from './cells.ts';
import { readCodes, withoutInternationalPrefix } from './codes.ts';
import { type DateOrder, isAtOnce, needsOrder, provenOrder, readDate } from './dates.ts';
import { CHARGE_SCALE, type DeckRate, RATE_SCALE } from './deck-rate.ts';
import { type Field, meaningOf } from './fields.ts';
import { type Increments, readIncrements, readInterval } from './increments.ts';
import type { DeckMapping } from './mapping.ts';
import type { DeckProblemCode, DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import { type StatusWord, statusOf } from './status.ts';

const AMOUNT_FIELDS = ['rate', 'initial_rate', 'connect_fee'] as const;
const DATE_FIELDS = ['effective_from', 'effective_to'] as const;
type AmountField = (typeof AMOUNT_FIELDS)[number];

export interface Interpretation {
  /** Currency of the deck, '' when it names none. */
  readonly currency: string;
  readonly rates: readonly DeckRate[];
}

/**
 * @param currency of the tariff; null when the deck shall say it
 * @param asOf     instant of 'ASAP' and of rows without a date; null when the operator gave none
 */
export function interpretDeck(
  table: DeckTable,
  mapping: DeckMapping,
  currency: string | null,
  asOf: number | null,
  problems: DeckProblemList,
): Interpretation {
  const deckCurrency = currencyOfDeck(table, mapping, currency, problems);
  const mark = decimalMark(table, mapping, problems);
  const order = dateOrder(table, mapping, problems);
  const prefixed = codeIncludesCountry(table, mapping, problems);
  const units = unitsOf(table, mapping, problems);
  const reader = new RowReader({
    table,
    mapping,
    mark,
    order,
    units,
    currency: deckCurrency,
    asOf,
    prefixed,
    problems,
  });
  const rates: DeckRate[] = [];
  for (let row = 0; row < table.lines.length; row++) reader.read(row, rates);
  return { currency: deckCurrency, rates };
}

/** The one currency that mapping, notices, header and currency column name; a problem for each that differs. */
function currencyOfDeck(
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
function isUnitOf(text: string, currency: string): boolean {
  const symbol = CURRENCIES.get(currency)?.symbol ?? '';
  return text === currency || text === symbol || (text === '$' && symbol.endsWith('$'));
}

/** One decimal mark for the whole deck: what the mapping says, or what its cells prove; null when they prove both. */
function decimalMark(table: DeckTable, mapping: DeckMapping, problems: DeckProblemList): DecimalMark | null {
  if (mapping.decimal !== null) return mapping.decimal;
  type Seen = { field: AmountField; row: number; text: string };
  const proof: Partial<Record<DecimalMark, Seen>> = {};
  let undecided: Seen | null = null;
  for (const field of AMOUNT_FIELDS) {
    const cells = table.cells.get(field) ?? [];
    for (let row = 0; row < cells.length; row++) {
      const text = cells[row];
      if (typeof text !== 'string' || !/[.,]/.test(text)) continue;
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
function dateOrder(table: DeckTable, mapping: DeckMapping, problems: DeckProblemList): DateOrder | null {
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
function codeIncludesCountry(table: DeckTable, mapping: DeckMapping, problems: DeckProblemList): boolean {
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

function countryDigits(text: string): string | null {
  if (text === '') return '';
  if (!/^\+?\d[\d -]*$/.test(text)) return null;
  return withoutInternationalPrefix(text.replace(/\D/g, ''), text.startsWith('+'));
}

type Unit = 'major' | 'cents';

/** A fee beside rates in cents may be in cents too: one of the header and the mapping file must say it. */
function unitsOf(
  table: DeckTable,
  mapping: DeckMapping,
  problems: DeckProblemList,
): { rate: Unit; fee: Unit } {
  const { cents, columns } = table.layout;
  const rate = mapping.rateUnit ?? (cents.has('rate') ? 'cents' : 'major');
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

interface RowReaderOptions {
  readonly table: DeckTable;
  readonly mapping: DeckMapping;
  /** Null when the deck contradicts itself: then each text is read by what it proves. */
  readonly mark: DecimalMark | null;
  readonly order: DateOrder | null;
  readonly units: { readonly rate: Unit; readonly fee: Unit };
  readonly currency: string;
  readonly asOf: number | null;
  /** Codes begin with the country code although it has a column. */
  readonly prefixed: boolean;
  readonly problems: DeckProblemList;
}

const countries = new Set(knownCountries());

/** Reads rows one by one; equal texts of a column are read once. */
class RowReader {
  readonly #table: DeckTable;
  readonly #mapping: DeckMapping;
  readonly #mark: DecimalMark | null;
  readonly #order: DateOrder | null;
  readonly #currency: string;
  readonly #asOf: number | null;
  readonly #prefixed: boolean;
  readonly #problems: DeckProblemList;
  readonly #hasDates: boolean;
  readonly #saysStatus: boolean;
  readonly #increments: Increments | null;
  readonly #readings: Readonly<Record<AmountField, AmountReading>>;
  readonly #amounts: Readonly<Record<AmountField, Map<string, Amount | string>>> = {
    rate: new Map(),
    initial_rate: new Map(),
    connect_fee: new Map(),
  };
  readonly #dates = new Map<string, number | null>();
  readonly #pairs = new Map<string, Increments | null>();
  readonly #prefixes: string[] = [];
  #line = 0;
  #row = 0;

  constructor(options: RowReaderOptions) {
    this.#table = options.table;
    this.#mapping = options.mapping;
    this.#mark = options.mark;
    this.#order = options.order;
    this.#currency = options.currency;
    this.#asOf = options.asOf;
    this.#prefixed = options.prefixed;
    this.#problems = options.problems;
    this.#hasDates = options.table.cells.has('effective_from');
    this.#saysStatus = (['status', 'comment', 'blocked'] as const).some((field) =>
      options.table.cells.has(field),
    );
    const { increments, rateRounding } = options.mapping;
    this.#increments = increments === null ? null : readIncrements(increments);
    const of = (scale: number, unit: Unit): AmountReading => ({
      mark: options.mark ?? 'point',
      scale,
      cents: unit === 'cents',
      rounding: rateRounding,
    });
    this.#readings = {
      rate: of(RATE_SCALE, options.units.rate),
      initial_rate: of(RATE_SCALE, options.units.rate),
      connect_fee: of(CHARGE_SCALE, options.units.fee),
    };
  }

  read(row: number, out: DeckRate[]): void {
    this.#row = row;
    this.#line = this.#table.lines[row]!;
    const before = this.#problems.count;
    const prefixes = this.#codes();
    const rateText = this.#text('rate');
    const status = this.#status(rateText);
    const rate = this.#rateWord(rateText) === null ? this.#amount('rate') : null;
    if (rate === null && (status ?? 'active') === 'active' && this.#problems.count === before) {
      this.#report('TOLL_DECK_RATE_INVALID', 'rate', rateText, 'The row has no rate');
    }
    const initialRate = this.#amount('initial_rate');
    const connectFee = this.#amount('connect_fee');
    const increments = this.#billing();
    const effectiveFrom = this.#from();
    const effectiveTo = this.#date('effective_to');
    if (effectiveFrom !== null && effectiveTo !== null && effectiveTo <= effectiveFrom) {
      this.#report(
        'TOLL_DECK_DATE_INVERTED',
        'effective_to',
        this.#text('effective_to'),
        'The row ends before it starts',
      );
    }
    const rounding = this.#rounding();
    if (this.#problems.count > before) return;
    const country = this.#text('country');
    const description = this.#text('description');
    const shared = {
      line: this.#line,
      description: description !== '' ? description : country.length > 2 ? country : null,
      status,
      rate,
      initialRate,
      connectFee,
      initialSeconds: increments?.initialSeconds ?? null,
      stepSeconds: increments?.stepSeconds ?? null,
      rounding,
      country: countries.has(country) ? country : null,
      effectiveFrom,
      effectiveTo,
    };
    for (const prefix of prefixes) out.push({ ...shared, prefix });
  }

  #text(field: Field): string {
    const cells = this.#table.cells.get(field);
    return cells === undefined ? '' : cellText(cells[this.#row]);
  }

  #report(code: DeckProblemCode, field: Field, text: string, message: string): void {
    this.#problems.add(code, this.#table.placeOf(this.#line, field, text), message);
  }

  #codes(): readonly string[] {
    const prefixes = this.#prefixes;
    prefixes.length = 0;
    const cell = this.#table.cells.get('code')![this.#row]!;
    const text = cellText(cell);
    if (cell instanceof Date) {
      this.#report('TOLL_DECK_CODE_MANGLED', 'code', text, 'A spreadsheet has made a date of this code');
      return prefixes;
    }
    if (typeof cell === 'number' && !Number.isSafeInteger(cell)) {
      this.#report('TOLL_DECK_CODE_MANGLED', 'code', text, 'A spreadsheet has made a decimal of this code');
      return prefixes;
    }
    const countryText = this.#text('country_code');
    const country = countryDigits(countryText);
    if (country === null) {
      this.#report('TOLL_DECK_CODE_INVALID', 'country_code', countryText, 'This is no country code');
      return prefixes;
    }
    // A row for the whole country has its country code only.
    if (text === '' && country !== '') {
      prefixes.push((this.#mapping.countryCode ?? '') + country);
      return prefixes;
    }
    const fault = readCodes(
      text,
      (this.#mapping.countryCode ?? '') + (this.#prefixed ? '' : country),
      prefixes,
    );
    if (fault !== null) this.#report(fault.code, 'code', text, fault.message);
    return prefixes;
  }

  /** The word that stands in place of a rate, such as 'Blocked'. */
  #rateWord(rateText: string): StatusWord | null {
    return rateText === '' || /\d/.test(rateText) ? null : statusOf(rateText, this.#mapping.statusWords);
  }

  /** What the status column says, or the word that stands instead of a rate; null when the deck has nothing to say it with. */
  #status(rateText: string): StatusWord | null {
    const words = this.#mapping.statusWords;
    const word = this.#rateWord(rateText);
    let status = word ?? (this.#saysStatus ? 'active' : null);
    const text = this.#text('status');
    if (text !== '') {
      const said = statusOf(text, words);
      if (said === null) {
        this.#report('TOLL_DECK_STATUS_UNKNOWN', 'status', text, 'What this does to the code is not known');
      } else if (said !== 'active') status = said;
    }
    const remark = this.#text('comment');
    const comment = remark === '' ? null : statusOf(remark, words);
    if (comment !== null && comment !== 'active') status = comment;
    const blocked = this.#text('blocked').toLowerCase();
    if (/^(?:true|yes|y|1|x|blocked|barred)$/.test(blocked)) return 'blocked';
    if (!/^(?:|false|no|n|0|-)$/.test(blocked)) {
      this.#report('TOLL_DECK_STATUS_UNKNOWN', 'blocked', blocked, 'This is neither yes nor no');
    }
    return status;
  }

  #amount(field: AmountField): Amount | null {
    const cell = this.#table.cells.get(field)?.[this.#row];
    const whole = cellText(cell);
    if (whole === '' || whole === '-') return null;
    // Numbers of a workbook have a point, whatever the texts of the deck have.
    const key = typeof cell === 'number' ? `#${whole}` : whole;
    const cache = this.#amounts[field];
    let read = cache.get(key);
    if (read === undefined) {
      const { amount, unit } = splitUnit(whole);
      const reading = this.#readings[field];
      if (unit !== '' && !isUnitOf(unit.toUpperCase(), this.#currency)) {
        read =
          CURRENCIES.has(unit.toUpperCase()) || /\p{Sc}/u.test(unit) ? `currency ${unit}` : 'is no decimal';
      } else
        read = readAmount(amount, {
          ...reading,
          mark: typeof cell === 'number' ? 'point' : (this.#mark ?? provenMark(amount) ?? 'point'),
        });
      cache.set(key, read);
    }
    if (typeof read !== 'string') return read;
    if (read.startsWith('currency ')) {
      const message = `The amount is in ${read.slice('currency '.length)}, and the tariff in ${this.#currency}`;
      this.#report('TOLL_DECK_CURRENCY_MISMATCH', field, whole, message);
    } else {
      this.#report('TOLL_DECK_RATE_INVALID', field, whole, `The ${field.replaceAll('_', ' ')} ${read}`);
    }
    return null;
  }

  #billing(): { initialSeconds: number | null; stepSeconds: number | null } | null {
    const text = this.#text('increments');
    if (text !== '') {
      let pair = this.#pairs.get(text);
      if (pair === undefined) this.#pairs.set(text, (pair = readIncrements(text)));
      if (pair === null) {
        const message = 'These are no increments that can be charged';
        this.#report('TOLL_DECK_INCREMENT_INVALID', 'increments', text, message);
      }
      return pair;
    }
    const initialSeconds = this.#interval('initial');
    const stepSeconds = this.#interval('step');
    if (initialSeconds === null && stepSeconds === null) return this.#increments;
    return {
      initialSeconds: initialSeconds ?? this.#increments?.initialSeconds ?? null,
      stepSeconds: stepSeconds ?? this.#increments?.stepSeconds ?? null,
    };
  }

  #interval(field: 'initial' | 'step'): number | null {
    const text = this.#text(field);
    if (text === '') return null;
    const seconds = readInterval(text);
    if (seconds === null) {
      this.#report('TOLL_DECK_INCREMENT_INVALID', field, text, 'This is no interval that can be charged');
    }
    return seconds;
  }

  #from(): number | null {
    if (!this.#hasDates) return this.#asOf;
    const text = this.#text('effective_from');
    if (text !== '' && !isAtOnce(text)) return this.#date('effective_from');
    if (this.#asOf === null) {
      const message =
        text === '' ? 'The row does not say from when it holds' : 'When this is, the deck does not say';
      this.#report('TOLL_DECK_DATE_MISSING', 'effective_from', text, message);
    }
    return this.#asOf;
  }

  #date(field: (typeof DATE_FIELDS)[number]): number | null {
    const cell = this.#table.cells.get(field)?.[this.#row];
    if (cell instanceof Date && !Number.isNaN(cell.getTime())) return cell.getTime();
    const text = cellText(cell);
    if (text === '') return null;
    let date = this.#dates.get(text);
    if (date === undefined)
      this.#dates.set(text, (date = readDate(text, this.#order ?? provenOrder(text) ?? 'day_first')));
    if (date === null) this.#report('TOLL_DECK_DATE_INVALID', field, text, 'This is no date');
    return date;
  }

  #rounding(): 'up' | 'nearest' | null {
    const text = this.#text('rounding').toLowerCase();
    if (text === '') return null;
    if (text === 'up' || text === 'nearest') return text;
    this.#report('TOLL_DECK_INCREMENT_INVALID', 'rounding', text, 'The rounding is neither up nor nearest');
    return null;
  }
}
