/** The list of numbers: checked as a whole, and handed out account by account. */
import { type NormalizedNumber, normalize } from '@tollstream/numbering';
import { type NumberEntry, readService } from './accounts.ts';
import { NUMBER_KINDS } from './billing-model.ts';
import { type CsvCursor, FieldReader, type Fields, csvFields } from './fields.ts';
import { ProblemList } from './problems.ts';
import { type CsvFile, readCsv } from './read-csv.ts';
import { RecordsByAccount } from './records-by-account.ts';
import { RecordsByNumber } from './records-by-number.ts';

const NUMBER_COLUMNS = [
  'number',
  'account',
  'kind',
  'extension',
  'from',
  'to',
  'billing_group',
  'rules',
] as const;

type NumberColumn = (typeof NUMBER_COLUMNS)[number];
const NONE: readonly NumberEntry[] = [];
type NumberFile = CsvFile<NumberColumn>;

export class AccountNumbers {
  readonly #csv: NumberFile | null;
  readonly #byAccount: RecordsByAccount;
  /** Records left out because an earlier one has their number. */
  readonly #duplicates: number[] = [];
  readonly #problems: ProblemList;
  /** What is wrong was told when the file was read. */
  readonly #silent = new FieldReader(new ProblemList());
  readonly #fields: CsvCursor | null;

  private constructor(csv: NumberFile | null, problems: ProblemList) {
    this.#csv = csv;
    this.#fields = csv === null ? null : csvFields(csv);
    this.#byAccount = new RecordsByAccount(csv?.records ?? 0);
    this.#problems = problems;
  }

  /** @param text null = there is no such file */
  static read(file: string, text: string | null, problems: ProblemList): AccountNumbers {
    const csv = text === null ? null : readCsv(file, text, NUMBER_COLUMNS, ['number', 'account'], problems);
    const numbers = new AccountNumbers(csv, problems);
    if (csv !== null) numbers.#readAll(csv);
    return numbers;
  }

  #readAll(csv: NumberFile): void {
    const reader = new FieldReader(this.#problems);
    const owners = new RecordsByNumber(csv.records);
    const fields = csvFields(csv);
    for (let record = 0; record < csv.records; record++) {
      fields.moveTo(record);
      const digits = digitsOf(fields);
      const account = fields.text('account') ?? '';
      readKind(fields, reader);
      if (!isE164(digits)) {
        this.#problems.add('TOLL_CATALOG_NUMBER_INVALID', fields.place('number'), 'This is no E.164 number');
        continue;
      }
      const number = Number(digits);
      const owner = owners.claim(number, record);
      if (owner !== record) {
        const line = csv.place(owner, 'number').line;
        const message = `The number already belongs to account ${accountOf(csv, owner)} on line ${line}`;
        this.#problems.add('TOLL_CATALOG_NUMBER_DUPLICATE', fields.place('number'), message);
        this.#duplicates.push(record);
        continue;
      }
      readService(fields, reader);
      this.#byAccount.add(account, record);
    }
  }

  /** In the order of the file. */
  readonly of = (accountId: string): readonly NumberEntry[] => {
    let record = this.#byAccount.lastOf(accountId);
    if (record < 0) return NONE;
    const [csv, fields] = [this.#csv!, this.#fields!];
    const entries: NumberEntry[] = [];
    for (; record >= 0; record = this.#byAccount.before(record))
      entries.push(entryOf(csv, fields.moveTo(record), record, this.#silent));
    return entries.length === 1 ? entries : entries.reverse();
  };

  /** Tells of each number whose account is none. Those that were asked for exist. */
  checkAccounts(accountExists: (id: string) => boolean): void {
    const csv = this.#csv;
    if (csv === null) return;
    const tell = (record: number): void => {
      const place = csv.place(record, 'account');
      this.#problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', place, 'There is no such account');
    };
    for (const [account, last] of this.#byAccount.notAsked()) {
      if (accountExists(account)) continue;
      for (let record = last; record >= 0; record = this.#byAccount.before(record)) tell(record);
    }
    for (const record of this.#duplicates) if (!accountExists(accountOf(csv, record))) tell(record);
  }
}

function entryOf(csv: NumberFile, fields: Fields, record: number, reader: FieldReader): NumberEntry {
  const billingGroup = fields.text('billing_group');
  const service = readService(fields, reader);
  return {
    number: {
      number: Number(digitsOf(fields)),
      kind: readKind(fields, reader),
      extension: fields.text('extension') ?? '',
      ...(billingGroup === undefined ? {} : { billingGroup }),
      ...(service === null ? {} : { service }),
    },
    ruleSet: fields.text('rules') ?? '',
    place: (field) => csv.place(record, field as NumberColumn),
  };
}

function accountOf(csv: NumberFile, record: number): string {
  return csvFields(csv).moveTo(record).text('account') ?? '';
}

function digitsOf(fields: Fields): string {
  const text = fields.text('number') ?? '';
  return text.startsWith('+') ? text.slice(1) : text;
}

function readKind(fields: Fields, reader: FieldReader): NumberEntry['number']['kind'] {
  return reader.oneOf(fields, 'kind', NUMBER_KINDS, 'did');
}

const normalized: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };

function isE164(digits: string): boolean {
  if (!/^[1-9]\d{0,14}$/.test(digits)) return false;
  return normalize(`+${digits}`, { country: '', areaCode: '' }, normalized).kind === 'e164';
}
