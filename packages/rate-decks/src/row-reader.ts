/** One row of a deck after the other to what it says of its prefixes. */
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
import { readCodes } from './codes.ts';
import { type DateOrder, isAtOnce, provenOrder, readDate } from './dates.ts';
import { CHARGE_SCALE, DeckRate, type DeckTerms, RATE_SCALE } from './deck-rate.ts';
import {
  AREA_CODE,
  type AmountField,
  type DateField,
  type Unit,
  countryDigits,
  isUnitOf,
} from './deck-wide.ts';
import { type Field, JURISDICTION_FIELDS, namesExchanges } from './fields.ts';
import { ORIGIN_CLASS_WORDS, readOrigins } from './origins.ts';
import { type Increments, readIncrements, readInterval } from './increments.ts';
import type { DeckMapping } from './mapping.ts';
import type { DeckProblemCode, DeckProblemList } from './problems.ts';
import type { DeckTable } from './read-deck.ts';
import { type StatusWord, statusOf } from './status.ts';

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
  /** Before codes that are North American area codes; '' for others. */
  readonly areaPrefix: string;
  readonly problems: DeckProblemList;
}

const countries = new Set(knownCountries());
/** Codes that say by themselves that they begin with the country code. */
const SAYS_WHOLE = /^(?:\+|00|011)/;
const COUNTRY_CODE_REMEDY =
  'Write the country code into every row (merged cells of a workbook have it in the first one only), or + before a whole code.';
const NO_JURISDICTION: readonly (Amount | null)[] = [];
const ALL_CALLERS: readonly string[] = [''];

/** Reads rows one by one; equal texts of a column are read once. */
export class RowReader {
  readonly #table: DeckTable;
  /** The cells of the table, by name: each row asks for all that a deck can have. */
  readonly #columns: Readonly<Partial<Record<Field, readonly DeckCell[]>>>;
  readonly #mapping: DeckMapping;
  readonly #mark: DecimalMark | null;
  readonly #order: DateOrder | null;
  readonly #currency: string;
  readonly #asOf: number | null;
  readonly #prefixed: boolean;
  readonly #areaPrefix: string;
  /** The deck has country codes beside national codes. */
  readonly #codesAreNational: boolean;
  readonly #hasExchanges: boolean;
  readonly #hasJurisdictions: boolean;
  readonly #origins = new Map<string, readonly string[] | null>();
  readonly #problems: DeckProblemList;
  readonly #hasDates: boolean;
  readonly #saysStatus: boolean;
  readonly #increments: Increments | null;
  readonly #readings: Readonly<Record<AmountField, AmountReading>>;
  /** By text; by number where the cell of a workbook has one: those have a point, whatever the texts of the deck have. */
  readonly #amounts: Readonly<Record<AmountField, Map<string | number, Amount | string>>> = {
    rate: new Map(),
    rate_interstate: new Map(),
    rate_intrastate: new Map(),
    rate_indeterminate: new Map(),
    initial_rate: new Map(),
    connect_fee: new Map(),
  };
  readonly #dates = new Map<string, number | null>();
  readonly #pairs = new Map<string, Increments | null>();
  readonly #prefixes: string[] = [];
  /** What the row above says, for each of its callers; null when it is not all right. */
  #above: readonly DeckTerms[] | null = null;
  #line = 0;
  #row = 0;

  constructor(options: RowReaderOptions) {
    this.#table = options.table;
    this.#columns = Object.fromEntries(options.table.cells);
    this.#mapping = options.mapping;
    this.#mark = options.mark;
    this.#order = options.order;
    this.#currency = options.currency;
    this.#asOf = options.asOf;
    this.#prefixed = options.prefixed;
    this.#areaPrefix = options.areaPrefix;
    this.#codesAreNational =
      !options.prefixed &&
      options.mapping.countryCode === null &&
      (this.#columns.country_code?.some((cell) => cellText(cell) !== '') ?? false);
    this.#hasExchanges = namesExchanges(options.table.layout.columns.get('code')!.header);
    this.#hasJurisdictions = JURISDICTION_FIELDS.some((field) => options.table.cells.has(field));
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
      rate_interstate: of(RATE_SCALE, options.units.rate),
      rate_intrastate: of(RATE_SCALE, options.units.rate),
      rate_indeterminate: of(RATE_SCALE, options.units.rate),
      initial_rate: of(RATE_SCALE, options.units.rate),
      connect_fee: of(CHARGE_SCALE, options.units.fee),
    };
  }

  read(row: number, out: DeckRate[]): void {
    this.#row = row;
    this.#line = this.#table.lines[row]!;
    const before = this.#problems.count;
    const prefixes = this.#codes();
    const terms = (this.#table.saysAsAbove[row]! ? this.#above : null) ?? this.#terms(before);
    this.#above = terms;
    if (terms === null || this.#problems.count > before) return;
    for (const prefix of prefixes) {
      for (const each of terms) out.push(new DeckRate(this.#line, prefix, each));
    }
  }

  /** @returns what the row says, for each of its callers; null when there were problems, in its codes or here */
  #terms(before: number): readonly DeckTerms[] | null {
    // A number is no word, and its text takes long to make.
    const rateText = typeof this.#cell('rate') === 'number' ? '' : this.#text('rate');
    const status = this.#status(rateText);
    const rate = this.#rateWord(rateText) === null ? this.#amount('rate') : null;
    const byJurisdiction = this.#hasJurisdictions ? this.#byJurisdiction(rate) : NO_JURISDICTION;
    if (
      rate === null &&
      byJurisdiction === NO_JURISDICTION &&
      (status ?? 'active') === 'active' &&
      this.#problems.count === before
    ) {
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
    const origins = this.#originsOfRow();
    const originClass = this.#originClass();
    if (initialRate !== null && byJurisdiction !== NO_JURISDICTION) {
      const message =
        'The row has a rate of its first interval and rates by jurisdiction: which holds is not said';
      this.#report('TOLL_DECK_JURISDICTION_INVALID', 'initial_rate', this.#text('initial_rate'), message);
    }
    if (this.#problems.count > before) return null;
    const country = this.#text('country');
    const description = this.#text('description');
    return origins.map((origin) => ({
      description: description !== '' ? description : country.length > 2 ? country : null,
      status,
      rate,
      initialRate,
      byJurisdiction,
      origin,
      originClass,
      connectFee,
      initialSeconds: increments?.initialSeconds ?? null,
      stepSeconds: increments?.stepSeconds ?? null,
      rounding,
      country: countries.has(country) ? country : null,
      effectiveFrom,
      effectiveTo,
    }));
  }

  /** Without a rate for all other calls, the row needs one for each jurisdiction. */
  #byJurisdiction(rate: Amount | null): readonly (Amount | null)[] {
    const before = this.#problems.count;
    const rates = JURISDICTION_FIELDS.map((field) => this.#amount(field));
    if (rates.every((each) => each === null)) return NO_JURISDICTION;
    const missing = rates.indexOf(null);
    if (rate === null && missing !== -1 && this.#problems.count === before) {
      const message = `The row has no ${JURISDICTION_FIELDS[missing]!.replace('rate_', '')} rate, and none for all other calls`;
      this.#report('TOLL_DECK_JURISDICTION_INVALID', JURISDICTION_FIELDS[missing]!, '', message);
    }
    return rates;
  }

  /** The callers that the row is for; [''] = all. */
  #originsOfRow(): readonly string[] {
    const text = this.#text('origin');
    if (text === '') return ALL_CALLERS;
    let origins = this.#origins.get(text);
    if (origins === undefined)
      this.#origins.set(text, (origins = readOrigins(text, this.#mapping.originWords, countries)));
    if (origins !== null) return origins;
    this.#report('TOLL_DECK_ORIGIN_INVALID', 'origin', text, 'Which callers these are is not known');
    return ALL_CALLERS;
  }

  #originClass(): string {
    const text = this.#text('origin_class').toLowerCase();
    const name = ORIGIN_CLASS_WORDS.get(text);
    if (name !== undefined) return name;
    this.#report('TOLL_DECK_ORIGIN_INVALID', 'origin_class', text, 'This is no kind of number');
    return '';
  }

  #cell(field: Field): DeckCell | undefined {
    return this.#columns[field]?.[this.#row];
  }

  #text(field: Field): string {
    return cellText(this.#cell(field));
  }

  #report(code: DeckProblemCode, field: Field, text: string, message: string): void {
    this.#problems.add(code, this.#table.placeOf(this.#line, field, text), message);
  }

  #codes(): readonly string[] {
    const prefixes = this.#prefixes;
    prefixes.length = 0;
    const cell = this.#cell('code')!;
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
    if (country === '' && this.#codesAreNational && !SAYS_WHOLE.test(text)) {
      const place = this.#table.placeOf(this.#line, 'code', text);
      const message =
        'The row has no country code, where others do, so that its code may be national or whole';
      this.#problems.add('TOLL_DECK_COUNTRY_CODE_AMBIGUOUS', place, message, COUNTRY_CODE_REMEDY);
      return prefixes;
    }
    const fault = readCodes(
      this.#hasExchanges && AREA_CODE.test(text) ? text.replaceAll('-', '') : text,
      (this.#mapping.countryCode ?? this.#areaPrefix) + (this.#prefixed ? '' : country),
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
    const cell = this.#cell(field);
    if (cell === undefined || cell === null) return null;
    const key = typeof cell === 'number' ? cell : cellText(cell);
    if (key === '' || key === '-') return null;
    const cache = this.#amounts[field];
    let read = cache.get(key);
    if (typeof read === 'object') return read;
    const whole = cellText(cell);
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
    // A workbook's date is one without a look at its text, which takes longer than all else of the row.
    if (this.#cell('effective_from') instanceof Date) return this.#date('effective_from');
    const text = this.#text('effective_from');
    if (text !== '' && !isAtOnce(text)) return this.#date('effective_from');
    if (this.#asOf === null) {
      const message =
        text === '' ? 'The row does not say from when it holds' : 'When this is, the deck does not say';
      this.#report('TOLL_DECK_DATE_MISSING', 'effective_from', text, message);
    }
    return this.#asOf;
  }

  #date(field: DateField): number | null {
    const cell = this.#cell(field);
    if (cell instanceof Date) {
      const at = cell.getTime();
      if (!Number.isNaN(at)) return at;
      this.#report('TOLL_DECK_DATE_INVALID', field, '', 'This is no date');
      return null;
    }
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
