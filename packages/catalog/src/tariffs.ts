/** Tariff files to tariffs. */
import { FieldReader, type Fields, csvFields, isObject, sequenceLength, yamlFields } from './fields.ts';
import type {
  ChargeRounding,
  DurationRounding,
  Rate,
  RateOrigin,
  SpecialTerms,
  Tariff,
  TimeWindows,
} from './model.ts';
import { JURISDICTION_COLUMNS, readJurisdictionRates } from './jurisdiction-rates.ts';
import { buildOriginIndex } from './origin-index.ts';
import { ORIGIN_COLUMNS, type OriginGroups, describeOrigin, originReader } from './origins.ts';
import { PREFIX_DIGITS_MAX, buildPrefixIndex } from './prefix-index.ts';
import { type Place, type ProblemList, wholeFile } from './problems.ts';
import { type CsvFile, readCsv } from './read-csv.ts';
import type { YamlFile } from './read-yaml.ts';
import { readPriceLists, windowColumns } from './price-lists.ts';
import { CHARGE_SCALE, RATE_SCALE } from './scales.ts';
import {
  NOTHING_OF_ITS_OWN,
  NO_SPECIAL_TERMS,
  SPECIAL_COLUMNS,
  isSpecial,
  readSpecialTerms,
} from './special-terms.ts';
import { warnOfOtherCallers, warnOfRates } from './tariff-warnings.ts';
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
  ...ORIGIN_COLUMNS,
  ...JURISDICTION_COLUMNS,
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
  readonly originGroups: OriginGroups;
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
    special: readSpecialTerms(defaultFields, NO_SPECIAL_TERMS, NOTHING_OF_ITS_OWN, reader, problems),
  };
  const windows = readWindows(yaml, catalogDefaults, reader, problems);
  const originOf = originReader(catalogDefaults.originGroups, reader, problems);
  const rows = rateRows(yaml, windowColumns(windows), csvText, problems);
  const warnOfGap = gapWarnings(windows, warnings);
  const rates: Rate[] = [];
  const placeOfRate: ((field: string) => Place)[] = [];
  for (let i = 0; i < rows.count; i++) {
    const fields = rows.row(i);
    const rate = readRate(fields, rates.length, { defaults, windows, originOf }, reader, problems);
    if (rate === null) continue;
    warnOfGap(rate, fields);
    rates.push(rate);
    placeOfRate.push(fields.place);
  }
  const forAll = rates.filter((rate) => callersOf(rate) === null);
  const forSome = rates.length === forAll.length ? [] : rates.filter((rate) => callersOf(rate) !== null);
  const byPrefix = Map.groupBy(forAll, ({ prefix }) => prefix);
  const overlaps = [...byPrefix.values(), ...sameCallers(forSome)].filter((same) =>
    reportOverlaps(same, placeOfRate, problems),
  );
  const usable = overlaps.length > 0 ? [] : forAll;
  const index = buildPrefixIndex(usable);
  const originIndex =
    overlaps.length > 0 || forSome.length === 0
      ? null
      : buildOriginIndex(
          rates.map((rate) => ({ ...rate, origin: callersOf(rate) })),
          index,
        );
  if (overlaps.length === 0) {
    const placeOf = (row: number, field: string) => placeOfRate[row]!(field);
    warnOfRates({ rates, forAll, byPrefix, index }, placeOf, warnings);
    warnOfOtherCallers(forSome, index, placeOf, warnings);
  }
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
    originIndex,
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

interface RowContext {
  readonly defaults: RateDefaults;
  readonly windows: TimeWindows | null;
  readonly originOf: (fields: Fields) => RateOrigin | null;
}

function readRate(
  fields: Fields,
  index: number,
  { defaults, windows, originOf }: RowContext,
  reader: FieldReader,
  problems: ProblemList,
): Rate | null {
  const prefix = fields.text('prefix') ?? '';
  const ratePerMinute = reader.decimal(fields, 'rate', RATE_SCALE, 0);
  const initialRatePerMinute = reader.decimal(fields, 'initial_rate', RATE_SCALE, ratePerMinute);
  const hasRate = fields.text('rate') !== undefined;
  const base = hasRate ? { initialRatePerMinute, ratePerMinute } : null;
  const priceLists = readPriceLists(fields, windows, base, reader, problems);
  const jurisdictionRates = readJurisdictionRates(
    fields,
    hasRate ? ratePerMinute : null,
    priceLists !== null || fields.text('initial_rate') !== undefined,
    reader,
    problems,
  );
  if (!hasRate && priceLists === null && jurisdictionRates === null) {
    problems.add('TOLL_CATALOG_DECIMAL_INVALID', fields.place('rate'), 'The rate is missing');
  }
  const effectiveFrom = reader.instant(fields, 'effective_from', defaults.effectiveFrom);
  const effectiveTo = reader.instant(fields, 'effective_to', defaults.effectiveTo);
  const special = readSpecialTerms(
    fields,
    defaults.special,
    { priceLists, origin: originOf(fields), jurisdictionRates },
    reader,
    problems,
  );
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

/** Null = the row is for all callers. */
function callersOf({ special }: Rate): RateOrigin | null {
  return special === null ? null : special.origin;
}

/** Rows of one prefix that some callers have in common. */
function sameCallers(rates: readonly Rate[]): Iterable<Rate[]> {
  const groups = new Map<string, Rate[]>();
  for (const rate of rates) {
    const { members, numberClass } = callersOf(rate)!;
    for (const member of members.length === 0 ? [''] : members) {
      const key = `${rate.prefix} ${member} ${numberClass}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [rate]);
      else group.push(rate);
    }
  }
  return groups.values();
}

/** Rows for the same calls that hold at the same time: nothing could choose between them. */
function reportOverlaps(
  same: Rate[],
  placeOfRate: readonly ((field: string) => Place)[],
  problems: ProblemList,
): boolean {
  let found = false;
  if (same.length === 1) return found;
  same.sort((a, b) =>
    a.effectiveFrom === b.effectiveFrom ? a.index - b.index : a.effectiveFrom - b.effectiveFrom,
  );
  for (let i = 1; i < same.length; i++) {
    const [earlier, later] = [same[i - 1]!, same[i]!].toSorted((a, b) => a.index - b.index) as [Rate, Rate];
    if (same[i]!.effectiveFrom >= same[i - 1]!.effectiveTo) continue;
    found = true;
    const line = placeOfRate[earlier.index]!('prefix').line;
    const origin = callersOf(later);
    const whose = origin === null ? '' : ` for callers of ${describeOrigin(origin)}`;
    problems.add(
      'TOLL_CATALOG_PREFIX_DUPLICATE',
      placeOfRate[later.index]!('prefix'),
      `Prefix ${later.prefix}${whose} holds at the same time as on line ${line}`,
    );
  }
  return found;
}
