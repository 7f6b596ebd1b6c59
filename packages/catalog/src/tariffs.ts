/** Tariff files to tariffs. */
import { FieldReader, type Fields, csvFields, sequenceLength, yamlFields } from './fields.ts';
import type { ChargeRounding, DurationRounding, Rate, SpecialTerms, Tariff } from './model.ts';
import { PREFIX_DIGITS_MAX, buildPrefixIndex } from './prefix-index.ts';
import { type Place, type ProblemList, wholeFile } from './problems.ts';
import { type CsvFile, readCsv } from './read-csv.ts';
import type { YamlFile } from './read-yaml.ts';
import { CHARGE_SCALE, RATE_SCALE } from './scales.ts';
import { NO_SPECIAL_TERMS, SPECIAL_COLUMNS, isSpecial, readSpecialTerms } from './special-terms.ts';

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
  ...SPECIAL_COLUMNS,
] as const;
const RATE_COLUMNS_REQUIRED = ['prefix', 'rate'] as const;

/** What a tariff has that says nothing of itself. */
export interface TariffDefaults {
  readonly durationRounding: DurationRounding;
  readonly chargeRounding: ChargeRounding;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
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
    special: readSpecialTerms(defaultFields, NO_SPECIAL_TERMS, reader, problems),
  };
  const rows = rateRows(yaml, csvText, problems);
  const rates: Rate[] = [];
  const placeOfRate: ((field: string) => Place)[] = [];
  for (let i = 0; i < rows.count; i++) {
    const fields = rows.row(i);
    const rate = readRate(fields, rates.length, defaults, reader, problems);
    if (rate === null) continue;
    rates.push(rate);
    placeOfRate.push(fields.place);
  }
  const overlaps = reportOverlaps(rates, placeOfRate, problems);
  return {
    id: head.text('id') ?? '',
    name: head.text('name') ?? '',
    currency: reader.currency(head, 'currency', ''),
    durationRounding: defaults.durationRounding,
    chargeRounding: (rounding.text('charge') as ChargeRounding) ?? catalogDefaults.chargeRounding,
    rates,
    index: buildPrefixIndex(overlaps ? [] : rates),
  };
}

interface RateRows {
  readonly count: number;
  row(index: number): Fields;
}

function rateRows(yaml: YamlFile, csvText: (path: string) => string | null, problems: ProblemList): RateRows {
  const value = (yaml.value as { rates?: unknown } | null)?.rates;
  if (typeof value !== 'string') {
    return { count: sequenceLength(value), row: (index) => yamlFields(yaml, ['rates', index]) };
  }
  const csv = rateCsv(`tariffs/${value}`, yaml.place(['rates']), csvText, problems);
  return { count: csv?.records.length ?? 0, row: (index) => csvFields(csv!, index) };
}

function rateCsv(
  path: string,
  reference: Place,
  csvText: (path: string) => string | null,
  problems: ProblemList,
): CsvFile<(typeof RATE_COLUMNS)[number]> | null {
  const text = csvText(path);
  if (text === null) {
    problems.add('TOLL_CATALOG_FILE_MISSING', reference, `There is no file ${path}`);
    return null;
  }
  const csv = readCsv(path, text, RATE_COLUMNS, RATE_COLUMNS_REQUIRED, problems);
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
  reader: FieldReader,
  problems: ProblemList,
): Rate | null {
  const prefix = fields.text('prefix') ?? '';
  const ratePerMinute = reader.decimal(fields, 'rate', RATE_SCALE, -1);
  if (fields.text('rate') === undefined) {
    problems.add('TOLL_CATALOG_DECIMAL_INVALID', fields.place('rate'), 'The rate is missing');
  }
  const effectiveFrom = reader.instant(fields, 'effective_from', defaults.effectiveFrom);
  const effectiveTo = reader.instant(fields, 'effective_to', defaults.effectiveTo);
  const special = readSpecialTerms(fields, defaults.special, reader, problems);
  const rate: Rate = {
    index,
    prefix,
    description: fields.text('description') ?? '',
    country: reader.country(fields, 'country', defaults.country),
    effectiveFrom,
    effectiveTo,
    initialRatePerMinute: reader.decimal(fields, 'initial_rate', RATE_SCALE, ratePerMinute),
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
  rates: readonly Rate[],
  placeOfRate: readonly ((field: string) => Place)[],
  problems: ProblemList,
): boolean {
  const byPrefix = new Map<string, Rate[]>();
  for (const rate of rates) {
    const same = byPrefix.get(rate.prefix);
    if (same === undefined) byPrefix.set(rate.prefix, [rate]);
    else same.push(rate);
  }
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
