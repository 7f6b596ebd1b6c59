/** Tariff files to tariffs. */
import { FieldReader, type Fields, csvFields, isObject, sequenceLength, yamlFields } from './fields.ts';
import type { ChargeRounding, DurationRounding, Rate, SpecialTerms, Tariff, TimeWindows } from './model.ts';
import { PREFIX_DIGITS_MAX, buildPrefixIndex } from './prefix-index.ts';
import { type Place, type ProblemList, wholeFile } from './problems.ts';
import { type CsvFile, readCsv } from './read-csv.ts';
import type { YamlFile } from './read-yaml.ts';
import { readPriceLists, windowColumns } from './price-lists.ts';
import { CHARGE_SCALE, RATE_SCALE } from './scales.ts';
import { NO_SPECIAL_TERMS, SPECIAL_COLUMNS, isSpecial, readSpecialTerms } from './special-terms.ts';
import { warnOfRates } from './tariff-warnings.ts';
import { type HolidayCalendars, readWindows, weeklyGap } from './windows.ts';

const RATE_COLUMNS = [
  'prefix',
  'description',
  'country',
  'rate',
  'initial_rate',
  'connect_fee',
  'initial',
  'step',
  'rounding',
  'effective_from',
  'effective_to',
  'blocked',
  'tiers',
  ...SPECIAL_COLUMNS,
] as const;
const RATE_COLUMNS_REQUIRED = ['prefix', 'rate'] as const;

/** What a tariff has that says nothing of itself. */
export interface TariffDefaults {
  readonly durationRounding: DurationRounding;
  readonly chargeRounding: ChargeRounding;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly timeZone: string;
  readonly holidays: HolidayCalendars;
}

type RateDefaults = Omit<
  Rate,
  'index' | 'prefix' | 'description' | 'initialRatePerMinute' | 'ratePerMinute' | 'blocked' | 'special'
> & { readonly special: SpecialTerms };

/**
 * @param csvText text of a CSV file by its path in the catalog, null when there is none
 */
export function readTariff(
  yaml: YamlFile,
  csvText: (path: string) => string | null,
  catalogDefaults: TariffDefaults,
  problems: ProblemList,
  warnings: ProblemList,
): Tariff {
  const reader = new FieldReader(problems);
  const head = yamlFields(yaml, []);
  const rounding = yamlFields(yaml, ['rounding']);
  const defaultFields = yamlFields(yaml, ['defaults']);
  const defaults: RateDefaults = {
    country: reader.country(defaultFields, 'country', ''),
    effectiveFrom: reader.instant(defaultFields, 'effective_from', -Infinity),
    effectiveTo: reader.instant(defaultFields, 'effective_to', Infinity),
    connectFee: reader.decimal(defaultFields, 'connect_fee', CHARGE_SCALE, 0),
    initialSeconds: reader.increment(defaultFields, 'initial', catalogDefaults.initialSeconds),
    stepSeconds: reader.increment(defaultFields, 'step', catalogDefaults.stepSeconds),
    durationRounding: (rounding.text('duration') as DurationRounding) ?? catalogDefaults.durationRounding,
    special: readSpecialTerms(defaultFields, NO_SPECIAL_TERMS, null, reader, problems),
  };
  const windows = readWindows(yaml, catalogDefaults, reader, problems);
  const rows = rateRows(yaml, windowColumns(windows), csvText, problems);
  const warnOfGap = gapWarnings(windows, warnings);
  const rates: Rate[] = [];
  const placeOfRate: ((field: string) => Place)[] = [];
  for (let i = 0; i < rows.count; i++) {
    const fields = rows.row(i);
    const rate = readRate(fields, rates.length, defaults, windows, reader, problems);
    if (rate === null) continue;
    warnOfGap(rate, fields);
    rates.push(rate);
    placeOfRate.push(fields.place);
  }
  const byPrefix = Map.groupBy(rates, ({ prefix }) => prefix);
  const overlaps = reportOverlaps(byPrefix, placeOfRate, problems);
  const index = buildPrefixIndex(overlaps ? [] : rates);
  if (!overlaps) warnOfRates({ rates, byPrefix, index }, (row, field) => placeOfRate[row]!(field), warnings);
  return {
    id: head.text('id') ?? '',
    name: head.text('name') ?? '',
    currency: reader.currency(head, 'currency', ''),
    durationRounding: defaults.durationRounding,
    chargeRounding: (rounding.text('charge') as ChargeRounding) ?? catalogDefaults.chargeRounding,
    byRoutingNumber: reader.flag(head, 'by_routing_number', false),
    windows,
    rates,
    index,
  };
}

interface RateRows {
  readonly count: number;
  row(index: number): Fields;
}

/** A row without a rate outside of its windows should have windows around the clock. Said once for rows with the same windows. */
function gapWarnings(
  windows: TimeWindows | null,
  warnings: ProblemList,
): (rate: Rate, fields: Fields) => void {
  const seen = new Set<string>();
  return ({ special }, fields) => {
    const lists = special?.priceLists ?? null;
    if (windows === null || lists === null || lists.base !== null) return;
    const own = windows.windows.filter((_, i) => lists.byWindow[i] !== null);
    const key = own.map(({ id }) => id).join();
    if (seen.has(key)) return;
    seen.add(key);
    const gap = weeklyGap(own);
    if (gap !== null)
      warnings.add('TOLL_CATALOG_WINDOW_GAP', fields.place('rate'), `There is no rate ${gap}`);
  };
}

function rateRows(
  yaml: YamlFile,
  windowFields: readonly string[],
  csvText: (path: string) => string | null,
  problems: ProblemList,
): RateRows {
  const value = (yaml.value as { rates?: unknown } | null)?.rates;
  if (typeof value !== 'string') {
    for (let i = 0; i < sequenceLength(value); i++) reportUnknownWindows(yaml, i, windowFields, problems);
    return { count: sequenceLength(value), row: (index) => yamlFields(yaml, ['rates', index]) };
  }
  const csv = rateCsv(`tariffs/${value}`, yaml.place(['rates']), windowFields, csvText, problems);
  return { count: csv?.records.length ?? 0, row: (index) => csvFields(csv!, index) };
}

/** In a CSV file they are unknown columns. */
function reportUnknownWindows(
  yaml: YamlFile,
  row: number,
  windowFields: readonly string[],
  problems: ProblemList,
): void {
  const value = (yaml.value as { rates: unknown[] }).rates[row];
  if (!isObject(value)) return;
  for (const key of Object.keys(value)) {
    if (!key.includes('@') || windowFields.includes(key)) continue;
    const message = 'The tariff has no such window';
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', yaml.keyPlace(['rates', row, key]), message);
  }
}

function rateCsv(
  path: string,
  reference: Place,
  windowFields: readonly string[],
  csvText: (path: string) => string | null,
  problems: ProblemList,
): CsvFile<string> | null {
  const text = csvText(path);
  if (text === null) {
    problems.add('TOLL_CATALOG_FILE_MISSING', reference, `There is no file ${path}`);
    return null;
  }
  const csv = readCsv<string>(
    path,
    text,
    [...RATE_COLUMNS, ...windowFields],
    RATE_COLUMNS_REQUIRED,
    problems,
  );
  if (csv !== null && csv.records.length === 0) {
    problems.add(
      'TOLL_CATALOG_EMPTY',
      wholeFile(path),
      'The file has no rates',
      'Add the rates below the header line.',
    );
  }
  return csv;
}

function readRate(
  fields: Fields,
  index: number,
  defaults: RateDefaults,
  windows: TimeWindows | null,
  reader: FieldReader,
  problems: ProblemList,
): Rate | null {
  const prefix = fields.text('prefix') ?? '';
  const ratePerMinute = reader.decimal(fields, 'rate', RATE_SCALE, 0);
  const initialRatePerMinute = reader.decimal(fields, 'initial_rate', RATE_SCALE, ratePerMinute);
  const hasRate = fields.text('rate') !== undefined;
  const base = hasRate ? { initialRatePerMinute, ratePerMinute } : null;
  const priceLists = readPriceLists(fields, windows, base, reader, problems);
  if (!hasRate && priceLists === null) {
    problems.add('TOLL_CATALOG_DECIMAL_INVALID', fields.place('rate'), 'The rate is missing');
  }
  const effectiveFrom = reader.instant(fields, 'effective_from', defaults.effectiveFrom);
  const effectiveTo = reader.instant(fields, 'effective_to', defaults.effectiveTo);
  const special = readSpecialTerms(fields, defaults.special, priceLists, reader, problems);
  const rate: Rate = {
    index,
    prefix,
    description: fields.text('description') ?? '',
    country: reader.country(fields, 'country', defaults.country),
    effectiveFrom,
    effectiveTo,
    initialRatePerMinute,
    ratePerMinute,
    connectFee: reader.decimal(fields, 'connect_fee', CHARGE_SCALE, defaults.connectFee),
    initialSeconds: reader.increment(fields, 'initial', defaults.initialSeconds),
    stepSeconds: reader.increment(fields, 'step', defaults.stepSeconds),
    durationRounding: reader.oneOf(fields, 'rounding', ['up', 'nearest'], defaults.durationRounding),
    blocked: reader.flag(fields, 'blocked', false),
    special: isSpecial(special) ? special : null,
  };
  if (!isPrefix(prefix)) {
    problems.add(
      'TOLL_CATALOG_PREFIX_INVALID',
      fields.place('prefix'),
      'This is no prefix of an E.164 number',
    );
    return null;
  }
  if (effectiveTo <= effectiveFrom) {
    problems.add(
      'TOLL_CATALOG_DATE_INVERTED',
      fields.place('effective_to'),
      `Prefix ${prefix} ends before it starts`,
    );
    return null;
  }
  return rate;
}

export function isPrefix(text: string): boolean {
  return text.length <= PREFIX_DIGITS_MAX && /^[1-9]\d*$/.test(text);
}

/** Rows of one prefix that hold at the same time: nothing could choose between them. */
function reportOverlaps(
  byPrefix: ReadonlyMap<string, Rate[]>,
  placeOfRate: readonly ((field: string) => Place)[],
  problems: ProblemList,
): boolean {
  let found = false;
  for (const same of byPrefix.values()) {
    if (same.length === 1) continue;
    same.sort((a, b) =>
      a.effectiveFrom === b.effectiveFrom ? a.index - b.index : a.effectiveFrom - b.effectiveFrom,
    );
    for (let i = 1; i < same.length; i++) {
      const [earlier, later] = [same[i - 1]!, same[i]!].toSorted((a, b) => a.index - b.index) as [Rate, Rate];
      if (same[i]!.effectiveFrom >= same[i - 1]!.effectiveTo) continue;
      found = true;
      const line = placeOfRate[earlier.index]!('prefix').line;
      problems.add(
        'TOLL_CATALOG_PREFIX_DUPLICATE',
        placeOfRate[later.index]!('prefix'),
        `Prefix ${later.prefix} holds at the same time as on line ${line}`,
      );
    }
  }
  return found;
}
