/**
 * The rates of a tariff as columns: a deck of a million rows is a few buffers and no objects. A row is made an object when somebody asks
 * for it. What repeats stands once: combinations of terms, spans of time, descriptions, special terms. All buffers lie in one
 * `SharedArrayBuffer`, so that another thread gets a list without copying it.
 *
 *   rows, 32 bytes each, half a line of the processor's cache:
 *   | prefix f64 | rate a minute f64 | terms u32 | period u32 << 4 + digits of the prefix | next u32 | description u32 |
 *
 *   terms    f64 ×8 for each combination: initial rate (-1 = the rate), connect fee, initial s, step s, 1 = up, 1 = blocked, special + 1, 0
 *   periods  f64 ×2: from, to. The first is always.
 *   next     row + 1 to look at where this one does not hold: an earlier one of its prefix, then those of shorter ones; 0 = none
 */
import type { DurationRounding, Rate, RateOrigin, SpecialTerms } from './model.ts';
import { SpecialList } from './special-list.ts';
import { StringTable, StringTableBuilder } from './string-table.ts';

export const ROW_WORDS = 8;
export const ROW_DOUBLES = 4;
export const DIGITS_BITS = 4;
const DIGITS_MASK = (1 << DIGITS_BITS) - 1;
const TERMS_DOUBLES = 8;
const INITIAL_IS_RATE = -1;
const ROWS_RESERVED = 16;

/** What of a row the arithmetic needs. */
export interface RateTerms {
  /** Digits of the prefix as a number. */
  prefix: number;
  initialRatePerMinute: number;
  ratePerMinute: number;
  connectFee: number;
  initialSeconds: number;
  stepSeconds: number;
  durationRounding: DurationRounding;
  blocked: boolean;
  special: SpecialTerms | null;
}

/** A row to be filled in. */
export function emptyTerms(): RateTerms {
  return {
    prefix: 0,
    initialRatePerMinute: 0,
    ratePerMinute: 0,
    connectFee: 0,
    initialSeconds: 0,
    stepSeconds: 1,
    durationRounding: 'up',
    blocked: false,
    special: null,
  };
}

// Filled anew by every row that is made; nothing is read from it across rows.
const scratchTerms = emptyTerms();

/** Everything of a list. All but `special` can be passed between threads as it is, sharing the buffer; that has a form of its own for it. */
export interface RateColumns {
  readonly length: number;
  readonly rows: Uint32Array;
  readonly terms: Float64Array;
  readonly periods: Float64Array;
  /** Two letters as a number; 0 = none. */
  readonly countries: Uint16Array;
  readonly descriptions: { readonly bytes: Uint8Array; readonly ends: Uint32Array };
  readonly special: SpecialList;
}

export class RateList {
  readonly columns: RateColumns;
  readonly length: number;
  readonly #words: Uint32Array;
  readonly #doubles: Float64Array;
  readonly #terms: Float64Array;
  readonly #special: SpecialList;
  readonly #descriptions: StringTable;

  constructor(columns: RateColumns) {
    this.columns = columns;
    this.length = columns.length;
    this.#words = columns.rows;
    this.#doubles = rowDoubles(columns);
    this.#terms = columns.terms;
    this.#special = columns.special;
    this.#descriptions = new StringTable(columns.descriptions);
  }

  /**
   * @param ratePerMinute takes the place of the rates of the row
   * @throws RangeError when there is no such row
   */
  at(index: number, ratePerMinute?: number): Rate {
    const terms = this.readTerms(index, scratchTerms);
    if (ratePerMinute !== undefined) {
      terms.initialRatePerMinute = ratePerMinute;
      terms.ratePerMinute = ratePerMinute;
    }
    return new RateRow(this, index, terms);
  }

  /** The row with terms that were read before, and perhaps changed. */
  withTerms(index: number, terms: RateTerms): Rate {
    return new RateRow(this, index, terms);
  }

  *[Symbol.iterator](): Generator<Rate> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }

  /** @param out filled and returned, so that the hot path allocates nothing here */
  readTerms(index: number, out: RateTerms): RateTerms {
    if (!(index >= 0 && index < this.length)) throw new RangeError(`there is no rate ${index}`);
    const terms = this.#terms;
    const at = this.#words[index * ROW_WORDS + 4]! * TERMS_DOUBLES;
    const ratePerMinute = this.#doubles[index * ROW_DOUBLES + 1]!;
    const initialRate = terms[at]!;
    out.prefix = this.#doubles[index * ROW_DOUBLES]!;
    out.ratePerMinute = ratePerMinute;
    out.initialRatePerMinute = initialRate === INITIAL_IS_RATE ? ratePerMinute : initialRate;
    out.connectFee = terms[at + 1]!;
    out.initialSeconds = terms[at + 2]!;
    out.stepSeconds = terms[at + 3]!;
    out.durationRounding = terms[at + 4] === 1 ? 'up' : 'nearest';
    out.blocked = terms[at + 5] === 1;
    const special = terms[at + 6]!;
    out.special = special === 0 ? null : this.#special.at(special - 1);
    return out;
  }

  prefixAt(index: number): number {
    return this.#doubles[index * ROW_DOUBLES]!;
  }

  ratePerMinuteAt(index: number): number {
    return this.#doubles[index * ROW_DOUBLES + 1]!;
  }

  initialRatePerMinuteAt(index: number): number {
    const initialRate = this.#terms[this.termsIdAt(index) * TERMS_DOUBLES]!;
    return initialRate === INITIAL_IS_RATE ? this.ratePerMinuteAt(index) : initialRate;
  }

  isBlockedAt(index: number): boolean {
    return this.#terms[this.termsIdAt(index) * TERMS_DOUBLES + 5] === 1;
  }

  specialAt(index: number): SpecialTerms | null {
    const special = this.#terms[this.termsIdAt(index) * TERMS_DOUBLES + 6]!;
    return special === 0 ? null : this.#special.at(special - 1);
  }

  /** Null = the row is for all callers. */
  originAt(index: number): RateOrigin | null {
    const special = this.specialAt(index);
    return special === null ? null : special.origin;
  }

  /** Rows with the same one agree in all but prefix, rate, description, country and time. */
  termsIdAt(index: number): number {
    return this.#words[index * ROW_WORDS + 4]!;
  }

  effectiveFromAt(index: number): number {
    return this.columns.periods[this.#periodAt(index) * 2]!;
  }

  effectiveToAt(index: number): number {
    return this.columns.periods[this.#periodAt(index) * 2 + 1]!;
  }

  descriptionAt(index: number): string {
    return this.#descriptions.at(this.descriptionIdAt(index));
  }

  /** Rows with the same one have the same description. */
  descriptionIdAt(index: number): number {
    return this.#words[index * ROW_WORDS + 7]!;
  }

  countryAt(index: number): string {
    return countryOf(this.columns.countries[index]!);
  }

  /** Rows with the same one are of the same country. */
  countryIdAt(index: number): number {
    return this.columns.countries[index]!;
  }

  /** Whether any row has a fee for calls that nobody answered. */
  get hasAttemptFees(): boolean {
    return this.#special.hasAttemptFees;
  }

  /** Whether any row is for some callers alone. */
  get hasOrigins(): boolean {
    return this.#special.hasOrigins;
  }

  /** Rows whose prefix the number begins with, in file order. */
  matching(number: number): Rate[] {
    const digits = String(number);
    const found: Rate[] = [];
    for (let index = 0; index < this.length; index++) {
      if (digits.startsWith(String(this.prefixAt(index)))) found.push(this.at(index));
    }
    return found;
  }

  /** Whether any prefix begins with these digits, or is what they begin with. */
  touches(digits: string): boolean {
    for (let index = 0; index < this.length; index++) {
      const prefix = String(this.prefixAt(index));
      if (prefix.startsWith(digits) || digits.startsWith(prefix)) return true;
    }
    return false;
  }

  /** Memory of the buffers, bytes. */
  get byteLength(): number {
    const { rows, terms, periods, countries, descriptions } = this.columns;
    const texts = descriptions.bytes.byteLength + descriptions.ends.byteLength;
    return rows.byteLength + terms.byteLength + periods.byteLength + countries.byteLength + texts;
  }

  #periodAt(index: number): number {
    return this.#words[index * ROW_WORDS + 5]! >>> DIGITS_BITS;
  }
}

/** A row as an object. Its terms are read at once, since prices are made of them; its texts and times when somebody asks. */
class RateRow implements Rate {
  readonly index: number;
  readonly initialRatePerMinute: number;
  readonly ratePerMinute: number;
  readonly connectFee: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly durationRounding: DurationRounding;
  readonly blocked: boolean;
  readonly special: SpecialTerms | null;
  readonly #rates: RateList;

  constructor(rates: RateList, index: number, terms: RateTerms) {
    this.index = index;
    this.initialRatePerMinute = terms.initialRatePerMinute;
    this.ratePerMinute = terms.ratePerMinute;
    this.connectFee = terms.connectFee;
    this.initialSeconds = terms.initialSeconds;
    this.stepSeconds = terms.stepSeconds;
    this.durationRounding = terms.durationRounding;
    this.blocked = terms.blocked;
    this.special = terms.special;
    this.#rates = rates;
  }

  get prefix(): string {
    return String(this.#rates.prefixAt(this.index));
  }

  get description(): string {
    return this.#rates.descriptionAt(this.index);
  }

  get country(): string {
    return this.#rates.countryAt(this.index);
  }

  get effectiveFrom(): number {
    return this.#rates.effectiveFromAt(this.index);
  }

  get effectiveTo(): number {
    return this.#rates.effectiveToAt(this.index);
  }
}

export function rowDoubles({ rows }: Pick<RateColumns, 'rows'>): Float64Array {
  return new Float64Array(rows.buffer, rows.byteOffset, rows.length / 2);
}

export function digitsOfRow(words: Uint32Array, index: number): number {
  return words[index * ROW_WORDS + 5]! & DIGITS_MASK;
}

/** Takes rows one by one. What repeats may be given by the number that it got before. */
export class RateListBuilder {
  #words: Uint32Array;
  #doubles: Float64Array;
  #countries: Uint16Array;
  #length = 0;
  readonly #terms: number[] = [];
  readonly #termsByKey = new Map<string, number>();
  readonly #special: SpecialTerms[] = [];
  readonly #specialByKey = new Map<string, number>();
  readonly #periods: number[] = [-Infinity, Infinity];
  readonly #periodsByKey = new Map([[periodKey(-Infinity, Infinity), 0]]);
  readonly #descriptions = new StringTableBuilder();

  /** @param rowsExpected memory is taken for so many, and for more when they come */
  constructor(rowsExpected = ROWS_RESERVED) {
    const rows = Math.max(ROWS_RESERVED, rowsExpected);
    this.#words = new Uint32Array(rows * ROW_WORDS);
    this.#doubles = rowDoubles({ rows: this.#words });
    this.#countries = new Uint16Array(rows);
  }

  get length(): number {
    return this.#length;
  }

  add(rate: Omit<Rate, 'index'>): void {
    this.push(
      Number(rate.prefix),
      rate.prefix.length,
      rate.ratePerMinute,
      this.termsId(rate),
      this.periodId(rate.effectiveFrom, rate.effectiveTo),
      countryId(rate.country),
      rate.description,
    );
  }

  push(
    prefix: number,
    digits: number,
    ratePerMinute: number,
    termsId: number,
    periodId: number,
    country: number,
    description: string,
  ): void {
    const index = this.#length++;
    if (index === this.#countries.length) this.#grow();
    this.#doubles[index * ROW_DOUBLES] = prefix;
    this.#doubles[index * ROW_DOUBLES + 1] = ratePerMinute;
    const at = index * ROW_WORDS;
    this.#words[at + 4] = termsId;
    this.#words[at + 5] = periodId * (DIGITS_MASK + 1) + digits;
    this.#words[at + 7] = this.#descriptions.idOf(description);
    this.#countries[index] = country;
  }

  /** @returns the number of this combination of terms. The rate counts only where the initial one differs from it. */
  termsId(
    terms: Omit<Rate, 'index' | 'prefix' | 'description' | 'country' | 'effectiveFrom' | 'effectiveTo'>,
  ): number {
    const initialRate =
      terms.initialRatePerMinute === terms.ratePerMinute ? INITIAL_IS_RATE : terms.initialRatePerMinute;
    const values = [
      initialRate,
      terms.connectFee,
      terms.initialSeconds,
      terms.stepSeconds,
      terms.durationRounding === 'up' ? 1 : 0,
      terms.blocked ? 1 : 0,
      terms.special === null ? 0 : this.#specialId(terms.special) + 1,
      0,
    ];
    const key = values.join();
    let id = this.#termsByKey.get(key);
    if (id === undefined) {
      id = this.#termsByKey.size;
      this.#termsByKey.set(key, id);
      this.#terms.push(...values);
    }
    return id;
  }

  periodId(from: number, to: number): number {
    const key = periodKey(from, to);
    let id = this.#periodsByKey.get(key);
    if (id === undefined) {
      id = this.#periodsByKey.size;
      this.#periodsByKey.set(key, id);
      this.#periods.push(from, to);
    }
    return id;
  }

  #specialId(special: SpecialTerms): number {
    const key = JSON.stringify(special);
    let id = this.#specialByKey.get(key);
    if (id === undefined) {
      id = this.#special.length;
      this.#specialByKey.set(key, id);
      this.#special.push(special);
    }
    return id;
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
    this.#doubles = rowDoubles({ rows: words });
    const countries = new Uint16Array(this.#countries.length * 2);
    countries.set(this.#countries);
    this.#countries = countries;
  }

  /** The rows so far. `next` of each is 0 until the prefix index is built. */
  finish(): RateList {
    const length = this.#length;
    const texts = this.#descriptions.finish();
    const sizes = {
      rows: length * ROW_WORDS * 4,
      terms: this.#terms.length * 8,
      periods: this.#periods.length * 8,
      ends: texts.ends.byteLength,
      countries: length * 2,
      bytes: texts.bytes.byteLength,
    };
    const buffer = new SharedArrayBuffer(Object.values(sizes).reduce((sum, size) => sum + aligned(size), 0));
    let offset = 0;
    const section = (size: number): number => {
      const start = offset;
      offset += aligned(size);
      return start;
    };
    const rows = new Uint32Array(buffer, section(sizes.rows), length * ROW_WORDS);
    const terms = new Float64Array(buffer, section(sizes.terms), this.#terms.length);
    const periods = new Float64Array(buffer, section(sizes.periods), this.#periods.length);
    const ends = new Uint32Array(buffer, section(sizes.ends), texts.ends.length);
    const countries = new Uint16Array(buffer, section(sizes.countries), length);
    const bytes = new Uint8Array(buffer, section(sizes.bytes), texts.bytes.length);
    rows.set(this.#words.subarray(0, length * ROW_WORDS));
    terms.set(this.#terms);
    periods.set(this.#periods);
    ends.set(texts.ends);
    countries.set(this.#countries.subarray(0, length));
    bytes.set(texts.bytes);
    return new RateList({
      length,
      rows,
      terms,
      periods,
      countries,
      descriptions: { bytes, ends },
      special: SpecialList.of(this.#special),
    });
  }
}

/** A list of rows that are objects already; their own `index` does not count. */
export function rateListOf(rates: Iterable<Omit<Rate, 'index'>>): RateList {
  const builder = new RateListBuilder();
  for (const rate of rates) builder.add(rate);
  return builder.finish();
}

/** Two letters as a number from 1; 0 for ''. */
export function countryId(country: string): number {
  if (country === '') return 0;
  return (country.charCodeAt(0) - 65) * 26 + (country.charCodeAt(1) - 65) + 1;
}

function countryOf(id: number): string {
  if (id === 0) return '';
  return String.fromCharCode(65 + Math.floor((id - 1) / 26), 65 + ((id - 1) % 26));
}

function periodKey(from: number, to: number): string {
  return `${from} ${to}`;
}

/** Sections begin where doubles may stand. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
