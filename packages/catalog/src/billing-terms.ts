/** `billing.yaml` and the dated tables beside it: `fees.csv`, `taxes.csv`, `contribution_factors.csv`. */
import { CHARGE_SECTIONS, PERCENT_SCALE } from './billing-model.ts';
import type {
  BillingTerms,
  ChargeSection,
  DatedRate,
  FeeDefinition,
  Logo,
  OneTimePrice,
} from './billing-model.ts';
import { readEmail } from './email.ts';
import { FieldReader, type Fields, csvFields, isObject, sequenceLength, yamlFields } from './fields.ts';
import { IMAGE_NAME, readLogo } from './logo.ts';
import type { Place, ProblemList } from './problems.ts';
import { readCsv } from './read-csv.ts';
import type { Path, YamlFile } from './read-yaml.ts';
import { CHARGE_SCALE } from './scales.ts';

const SAFE_HARBOUR_DEFAULT = 64_900_000;
const RATE_COLUMNS = [
  'id',
  'name',
  'country',
  'state',
  'effective_from',
  'effective_to',
  'percent',
  'amount',
  'source',
] as const;
const FACTOR_COLUMNS = ['quarter', 'percent', 'source'] as const;

/** @param files text or bytes of a file, or null when there is none */
export function readBillingTerms(
  yaml: YamlFile,
  files: {
    readonly textOf: (path: string) => string | null;
    readonly bytesOf: (path: string) => Uint8Array | null;
  },
  problems: ProblemList,
  warnings: ProblemList,
): BillingTerms {
  const { textOf } = files;
  const reader = new FieldReader(problems);
  const terms = yamlFields(yaml, ['terms']);
  const numbering = yamlFields(yaml, ['numbering']);
  const seller = yamlFields(yaml, ['seller']);
  const fees = readFees(yaml, reader);
  const feeRates = readRates('fees.csv', textOf, reader, problems, warnings);
  for (const rate of feeRates) {
    if (fees.some(({ id }) => id === rate.id)) continue;
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', rate.idPlace, 'billing.yaml has no such fee');
  }
  return {
    seller: {
      name: seller.text('name') ?? '',
      address: textsAt(yaml, ['seller', 'address']),
      country: reader.country(seller, 'country', ''),
      taxId: seller.text('tax_id') ?? '',
      email: readEmail(seller, problems),
      phone: seller.text('phone') ?? '',
      website: seller.text('website') ?? '',
      ...logoOf(seller, files.bytesOf, problems),
    },
    remittances: listAt(yaml, ['remittance']).map((_, i) => {
      const fields = yamlFields(yaml, ['remittance', i]);
      return {
        country: reader.country(fields, 'country', ''),
        currency: reader.currency(fields, 'currency', ''),
        lines: listAt(yaml, ['remittance', i, 'lines']).map((__, line) => {
          const text = yamlFields(yaml, ['remittance', i, 'lines', line]).text;
          return { label: text('label') ?? '', value: text('value') ?? '' };
        }),
      };
    }),
    invoicePrefix: numbering.text('invoice_prefix') ?? 'INV-',
    creditNotePrefix: numbering.text('credit_note_prefix') ?? 'CN-',
    paymentDays: Number(terms.text('payment_days') ?? 15),
    disputeDays: Number(terms.text('dispute_days') ?? 15),
    cancellationDays: Number(terms.text('cancellation_days') ?? 10),
    autopayDay: Number(terms.text('autopay_day') ?? 10),
    oneTimeCharges: readOneTimePrices(yaml, reader),
    fees,
    feeRates: feeRates.map(withoutPlace),
    taxRates: readRates('taxes.csv', textOf, reader, problems, warnings).map(withoutPlace),
    contributionFactors: readFactors(textOf, reader, problems, warnings),
  };
}

function logoOf(
  seller: Fields,
  bytesOf: (path: string) => Uint8Array | null,
  problems: ProblemList,
): { logo?: Logo } {
  const name = seller.text('logo');
  if (name === undefined) return {};
  const place = seller.place('logo');
  if (!IMAGE_NAME.test(name)) {
    problems.add('TOLL_CATALOG_LOGO_INVALID', place, 'The logo is neither a PNG nor a JPEG');
    return {};
  }
  const bytes = bytesOf(name);
  if (bytes === null) {
    problems.add('TOLL_CATALOG_FILE_MISSING', place, `There is no file ${name}`);
    return {};
  }
  const logo = readLogo(bytes);
  if (typeof logo !== 'string') return { logo };
  problems.add('TOLL_CATALOG_LOGO_INVALID', place, logo);
  return {};
}

function readOneTimePrices(yaml: YamlFile, reader: FieldReader): OneTimePrice[] {
  return listAt(yaml, ['one_time']).map((value, i) => {
    const fields = yamlFields(yaml, ['one_time', i]);
    const amounts = yamlFields(yaml, ['one_time', i, 'amounts']);
    const written = isObject(value) && isObject(value['amounts']) ? Object.keys(value['amounts']) : [];
    return {
      id: fields.text('id') ?? '',
      name: fields.text('name') ?? '',
      amounts: new Map(
        written.map((currency) => [currency, reader.decimal(amounts, currency, CHARGE_SCALE, 0)]),
      ),
    };
  });
}

function readFees(yaml: YamlFile, reader: FieldReader): FeeDefinition[] {
  return listAt(yaml, ['fees']).map((_, i) => {
    const fields = yamlFields(yaml, ['fees', i]);
    const countries = textsAt(yaml, ['fees', i, 'countries']);
    return {
      id: fields.text('id') ?? '',
      name: fields.text('name') ?? '',
      kind: reader.oneOf(fields, 'kind', ['percent', 'per_unit', 'contribution'], 'percent'),
      countries,
      base: textsAt(yaml, ['fees', i, 'base']).filter((name): name is ChargeSection =>
        (CHARGE_SECTIONS as readonly string[]).includes(name),
      ),
      per: reader.oneOf(fields, 'per', ['device', 'did'], 'did'),
      share: reader.oneOf(fields, 'share', ['safe_harbour', 'actual'], 'safe_harbour'),
      safeHarbourPercent: reader.decimal(fields, 'safe_harbour_percent', PERCENT_SCALE, SAFE_HARBOUR_DEFAULT),
    };
  });
}

type PlacedRate = DatedRate & { readonly idPlace: Place; readonly place: Place };

function withoutPlace({ idPlace: _id, place: _place, ...rate }: PlacedRate): DatedRate {
  return rate;
}

function readRates(
  file: string,
  textOf: (path: string) => string | null,
  reader: FieldReader,
  problems: ProblemList,
  warnings: ProblemList,
): PlacedRate[] {
  const text = textOf(file);
  const csv =
    text === null
      ? null
      : readCsv(file, text, RATE_COLUMNS, ['id', 'country', 'effective_from', 'source'], problems);
  if (csv === null) return [];
  const fields = csvFields(csv);
  const rates = Array.from({ length: csv.records }, (_, record): PlacedRate => {
    fields.moveTo(record);
    return {
      id: fields.text('id') ?? '',
      name: fields.text('name') ?? fields.text('id') ?? '',
      country: reader.country(fields, 'country', ''),
      state: fields.text('state') ?? '',
      from: reader.day(fields, 'effective_from', ''),
      to: reader.day(fields, 'effective_to', ''),
      percent: reader.decimal(fields, 'percent', PERCENT_SCALE, 0),
      amount: reader.decimal(fields, 'amount', CHARGE_SCALE, 0),
      source: fields.text('source') ?? '',
      idPlace: csv.place(record, 'id'),
      place: csv.place(record, 'effective_from'),
    };
  });
  checkPeriods(rates, problems, warnings);
  return rates;
}

/** Two rates at once cannot both hold. Days without one refuse invoices of those days, and are said here already. */
function checkPeriods(rates: readonly PlacedRate[], problems: ProblemList, warnings: ProblemList): void {
  const keyOf = ({ id, country, state }: PlacedRate): string => `${id}/${country}/${state}`;
  const sorted = rates.toSorted((a, b) => compare(keyOf(a), keyOf(b)) || compare(a.from, b.from));
  for (const [i, rate] of sorted.entries()) {
    if (rate.to !== '' && rate.to <= rate.from) {
      problems.add('TOLL_CATALOG_DATE_INVERTED', rate.place, 'The row ends before it starts');
    }
    const next = sorted[i + 1];
    if (next === undefined || keyOf(next) !== keyOf(rate)) continue;
    if (rate.to === '' || rate.to > next.from) {
      problems.add('TOLL_CATALOG_TABLE_OVERLAP', next.place, `Another row of ${keyOf(next)} still holds`);
    } else if (rate.to < next.from) {
      const message = `From ${rate.to} to ${next.from} no row of ${keyOf(next)} holds`;
      warnings.add('TOLL_CATALOG_TABLE_GAP', next.place, message);
    }
  }
}

function readFactors(
  textOf: (path: string) => string | null,
  reader: FieldReader,
  problems: ProblemList,
  warnings: ProblemList,
): BillingTerms['contributionFactors'] {
  const factors = new Map<string, { percent: number; source: string }>();
  const text = textOf('contribution_factors.csv');
  const csv =
    text === null
      ? null
      : readCsv('contribution_factors.csv', text, FACTOR_COLUMNS, FACTOR_COLUMNS, problems);
  if (csv === null) return factors;
  let before = '';
  const fields = csvFields(csv);
  for (let record = 0; record < csv.records; record++) {
    fields.moveTo(record);
    const quarter = fields.text('quarter') ?? '';
    const place = fields.place('quarter');
    if (!/^\d{4}Q[1-4]$/.test(quarter)) {
      problems.add('TOLL_CATALOG_QUARTER_INVALID', place, 'This is no quarter');
    } else if (factors.has(quarter)) {
      problems.add('TOLL_CATALOG_ID_DUPLICATE', place, 'The quarter stands twice in the table');
    } else if (before !== '' && quarter !== quarterAfter(before)) {
      warnings.add('TOLL_CATALOG_TABLE_GAP', place, `After ${before} comes ${quarterAfter(before)}`);
    }
    before = quarter;
    factors.set(quarter, {
      percent: reader.decimal(fields, 'percent', PERCENT_SCALE, 0),
      source: fields.text('source') ?? '',
    });
  }
  return factors;
}

function quarterAfter(quarter: string): string {
  const [year, part] = [Number(quarter.slice(0, 4)), Number(quarter.slice(5))];
  return part === 4 ? `${year + 1}Q1` : `${year}Q${part + 1}`;
}

function valueAt(yaml: YamlFile, path: Path): unknown {
  let value: unknown = yaml.value;
  for (const key of path) value = isObject(value) || Array.isArray(value) ? (value as never)[key] : undefined;
  return value;
}

export function listAt(yaml: YamlFile, path: Path): unknown[] {
  const value = valueAt(yaml, path);
  return sequenceLength(value) > 0 ? (value as unknown[]) : [];
}

export function textsAt(yaml: YamlFile, path: Path): string[] {
  return listAt(yaml, path).map(String);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
