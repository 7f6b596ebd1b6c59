/** Tariff files to tariffs. */
import { FieldReader, type Fields, csvFields, isObject, sequenceLength, yamlFields } from './fields.ts';
import { E164_DIGITS_MAX } from '@tollstream/numbering';
import { JURISDICTION_COLUMNS, readJurisdictionRates } from './jurisdiction-rates.ts';
import type {
  ChargeRounding,
  DurationRounding,
  PriceLists,
  SpecialTerms,
  Tariff,
  TimeWindows,
} from './model.ts';
import { buildOriginIndex } from './origin-index.ts';
import { ORIGIN_COLUMNS, type OriginGroups, describeOrigin, originReader } from './origins.ts';
import { buildPrefixIndex } from './prefix-index.ts';
import { type Place, type ProblemList, wholeFile } from './problems.ts';
import { type CsvFile, readCsv } from './read-csv.ts';
import type { YamlFile } from './read-yaml.ts';
import { readPriceLists, windowColumns } from './price-lists.ts';
import { type RateList, RateListBuilder, countryId, rateListOf } from './rate-list.ts';
import { orderByText } from './rate-order.ts';
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
/** What each row usually has for itself; what it says in the other columns it mostly shares with many. */
const OWN_COLUMNS: ReadonlySet<string> = new Set(['prefix', 'description', 'rate']);
/** Columns that mean the same whatever the rate beside them. */
const APART_FROM_RATE: ReadonlySet<string> = new Set([
  'country',
  'connect_fee',
  'initial',
  'step',
  'rounding',
  'effective_from',
  'effective_to',
  'blocked',
  ...ORIGIN_COLUMNS,
  ...SPECIAL_COLUMNS,
]);

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

/** What a row has that leaves the field empty. */
interface RateDefaults {
  readonly country: string;
  readonly effectiveFrom: number;
  readonly effectiveTo: number;
  readonly connectFee: number;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly durationRounding: DurationRounding;
  readonly special: SpecialTerms;
}

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
  const rows = rateRows(yaml, windowColumns(windows), csvText, problems);
  const context = { defaults, windows, originGroups: catalogDefaults.originGroups };
  const { rates, placeOf } = readRates(rows, context, problems, warnings);
  const { forAll, forSome } = splitByCallers(rates, orderByText(rates));
  const overlaps = [forAll, ...sameCallers(rates, forSome)].filter((same) =>
    reportOverlaps(rates, same, placeOf, problems),
  );
  const isUsable = overlaps.length === 0;
  const index = isUsable ? buildPrefixIndex(rates, forAll) : buildPrefixIndex(rateListOf([]));
  const originIndex = isUsable ? buildOriginIndex(rates, forSome, index) : null;
  if (isUsable) {
    warnOfRates({ rates, order: forAll, index }, placeOf, warnings);
    warnOfOtherCallers({ rates, order: forSome, index }, placeOf, warnings);
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
  /** Holds until the next one is asked for. */
  row(index: number): Fields;
  /** Rows with the same one agree in all but prefix, rate and description; null where that is not known. */
  termsKey(index: number): string | null;
  /** Whether the row agrees with the one before it in all but the prefix. False also where that is not known. */
  repeats(index: number): boolean;
}

/** Place of a field of the row with this index. */
type PlaceOf = (index: number, field: string) => Place;

/** What rows often have in common, read once. */
interface CommonTerms {
  readonly termsId: number;
  readonly periodId: number;
  readonly country: number;
}

/** What a row says beside its prefix. */
interface SaidOfPrefix {
  readonly ratePerMinute: number;
  readonly common: CommonTerms;
  readonly description: string;
}

interface RowContext {
  readonly defaults: RateDefaults;
  readonly windows: TimeWindows | null;
  readonly originGroups: OriginGroups;
}

function readRates(
  rows: RateRows,
  { defaults, windows, originGroups }: RowContext,
  problems: ProblemList,
  warnings: ProblemList,
): { readonly rates: RateList; readonly placeOf: PlaceOf } {
  const reader = new FieldReader(problems);
  const builder = new RateListBuilder(rows.count);
  const known = new Map<string, CommonTerms>();
  const rowOf = new Uint32Array(rows.count);
  const warnOfGap = gapWarnings(windows, warnings);
  const originOf = originReader(originGroups, reader, problems);
  /** What the row before says; null where it had problems, which are those of each row that repeats it. */
  let before: SaidOfPrefix | null = null;
  for (let row = 0; row < rows.count; row++) {
    const fields = rows.row(row);
    const prefix = fields.text('prefix') ?? '';
    const problemsBefore = problems.count;
    const said: SaidOfPrefix | null = before !== null && rows.repeats(row) ? before : readSaid(row, fields);
    if (!isPrefix(prefix)) {
      const message = 'This is no prefix of an E.164 number';
      problems.add('TOLL_CATALOG_PREFIX_INVALID', fields.place('prefix'), message);
    } else if (said !== null) {
      rowOf[builder.length] = row;
      const { ratePerMinute, common, description } = said;
      const { termsId, periodId, country } = common;
      builder.push(Number(prefix), prefix.length, ratePerMinute, termsId, periodId, country, description);
    }
    before = problems.count === problemsBefore ? said : null;
  }
  return {
    rates: builder.finish(),
    placeOf: (index, field) => rows.row(rowOf[index]!).place(field),
  };

  function readSaid(row: number, fields: Fields): SaidOfPrefix | null {
    const ratePerMinute = reader.decimal(fields, 'rate', RATE_SCALE, 0);
    const key = rows.termsKey(row);
    let common: CommonTerms | null | undefined = key === null ? undefined : known.get(key);
    if (common === undefined) {
      const problemsBefore = problems.count;
      common = readTerms(fields, ratePerMinute);
      // A problem is one of each row that has it.
      if (key !== null && common !== null && problems.count === problemsBefore) known.set(key, common);
    }
    return common && { ratePerMinute, common, description: fields.text('description') ?? '' };
  }

  function readTerms(fields: Fields, ratePerMinute: number): CommonTerms | null {
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
    const own = { priceLists, origin: originOf(fields), jurisdictionRates };
    const special = readSpecialTerms(fields, defaults.special, own, reader, problems);
    const country = countryId(reader.country(fields, 'country', defaults.country));
    const termsId = builder.termsId({
      initialRatePerMinute,
      ratePerMinute,
      connectFee: reader.decimal(fields, 'connect_fee', CHARGE_SCALE, defaults.connectFee),
      initialSeconds: reader.increment(fields, 'initial', defaults.initialSeconds),
      stepSeconds: reader.increment(fields, 'step', defaults.stepSeconds),
      durationRounding: reader.oneOf(fields, 'rounding', ['up', 'nearest'], defaults.durationRounding),
      blocked: reader.flag(fields, 'blocked', false),
      special: isSpecial(special) ? special : null,
    });
    if (effectiveTo <= effectiveFrom) {
      const message = `Prefix ${fields.text('prefix') ?? ''} ends before it starts`;
      problems.add('TOLL_CATALOG_DATE_INVERTED', fields.place('effective_to'), message);
      return null;
    }
    warnOfGap(priceLists, fields);
    return { termsId, periodId: builder.periodId(effectiveFrom, effectiveTo), country };
  }
}

/** A row without a rate outside of its windows should have windows around the clock. Said once for rows with the same windows. */
function gapWarnings(
  windows: TimeWindows | null,
  warnings: ProblemList,
): (lists: PriceLists | null, fields: Fields) => void {
  const seen = new Set<string>();
  return (lists, fields) => {
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
    return {
      count: sequenceLength(value),
      row: (index) => yamlFields(yaml, ['rates', index]),
      termsKey: () => null,
      repeats: () => false,
    };
  }
  const csv = rateCsv(`tariffs/${value}`, yaml.place(['rates']), windowFields, csvText, problems);
  return csv === null
    ? {
        count: 0,
        row: (index) => yamlFields(yaml, ['rates', index]),
        termsKey: () => null,
        repeats: () => false,
      }
    : csvRows(csv, [...RATE_COLUMNS, ...windowFields]);
}

function csvRows(csv: CsvFile<string>, columns: readonly string[]): RateRows {
  const fields = csvFields(csv);
  const positions = columns
    .filter((name) => !OWN_COLUMNS.has(name))
    .map((name) => csv.position(name))
    .filter((position) => position >= 0)
    .sort((a, b) => a - b);
  // Columns that stand beside each other go into the key together.
  const stretches: [first: number, last: number][] = [];
  for (const position of positions) {
    const stretch = stretches.at(-1);
    if (stretch !== undefined && stretch[1] === position - 1) stretch[1] = position;
    else stretches.push([position, position]);
  }
  const beside = columns
    .filter((name) => !OWN_COLUMNS.has(name) && !APART_FROM_RATE.has(name))
    .map((name) => csv.position(name))
    .filter((position) => position >= 0);
  return {
    count: csv.records,
    row: (index) => fields.moveTo(index),
    repeats: (index) => csv.position('prefix') === 0 && csv.repeats(index),
    termsKey(index) {
      let key = '';
      for (const [first, last] of stretches) {
        const written = csv.written(index, first, last);
        key += `${written.length}:${written}`;
      }
      const rate = csv.cell(index, csv.position('rate'));
      const dependsOnRate = rate === '' || beside.some((position) => csv.cell(index, position) !== '');
      return dependsOnRate ? `${key}${rate}` : key;
    },
  };
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
  if (csv !== null && csv.records === 0) {
    problems.add(
      'TOLL_CATALOG_EMPTY',
      wholeFile(path),
      'The file has no rates',
      'Add the rates below the header line.',
    );
  }
  return csv;
}

export function isPrefix(text: string): boolean {
  return text.length <= E164_DIGITS_MAX && /^[1-9]\d*$/.test(text);
}

/** The rows for all callers and those for some alone, in the same order. */
function splitByCallers(
  rates: RateList,
  order: Uint32Array,
): { readonly forAll: Uint32Array; readonly forSome: Uint32Array } {
  if (!rates.hasOrigins) return { forAll: order, forSome: new Uint32Array(0) };
  return {
    forAll: order.filter((row) => rates.originAt(row) === null),
    forSome: order.filter((row) => rates.originAt(row) !== null),
  };
}

/** Rows of one prefix that some callers have in common, in the same order. */
function sameCallers(rates: RateList, order: Uint32Array): Iterable<number[]> {
  const groups = new Map<string, number[]>();
  for (const row of order) {
    const { members, numberClass } = rates.originAt(row)!;
    for (const member of members.length === 0 ? [''] : members) {
      const key = `${rates.prefixAt(row)} ${member} ${numberClass}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [row]);
      else group.push(row);
    }
  }
  return groups.values();
}

/**
 * Rows for the same calls that hold at the same time: nothing could choose between them.
 * @param rows in the order of their prefixes, and of their times among those of one prefix
 */
function reportOverlaps(
  rates: RateList,
  rows: ArrayLike<number>,
  placeOf: PlaceOf,
  problems: ProblemList,
): boolean {
  let found = false;
  for (let i = 1; i < rows.length; i++) {
    const before = rows[i - 1]!;
    const row = rows[i]!;
    if (rates.prefixAt(row) !== rates.prefixAt(before)) continue;
    if (rates.effectiveFromAt(row) >= rates.effectiveToAt(before)) continue;
    found = true;
    const line = placeOf(Math.min(row, before), 'prefix').line;
    const origin = rates.originAt(Math.max(row, before));
    const whose = origin === null ? '' : ` for callers of ${describeOrigin(origin)}`;
    problems.add(
      'TOLL_CATALOG_PREFIX_DUPLICATE',
      placeOf(Math.max(row, before), 'prefix'),
      `Prefix ${rates.prefixAt(row)}${whose} holds at the same time as on line ${line}`,
    );
  }
  return found;
}
