/** What can be wrong with a catalog: the closed list of codes, and the problems found with their places. */

/** Every code, what it means and what to do about it. */
export const CATALOG_PROBLEMS = {
  TOLL_CATALOG_DIRECTORY_MISSING: 'Name a directory that holds a catalog.yaml.',
  TOLL_CATALOG_FILE_MISSING: 'Add the file, or correct the name that refers to it.',
  TOLL_CATALOG_FILE_UNREADABLE: 'Make the file readable for the user that runs Tollstream.',
  TOLL_CATALOG_FILE_TOO_LARGE: 'Split the file: a YAML file may have 16 MiB, a CSV file 512 MiB.',
  TOLL_CATALOG_ENCODING_INVALID: 'Save the file as UTF-8.',
  TOLL_CATALOG_YAML_INVALID: 'Correct the YAML at this place; an editor with YAML support shows it too.',
  TOLL_CATALOG_CSV_INVALID: 'Correct the quotes and commas of this record (RFC 4180).',
  TOLL_CATALOG_COLUMN_UNKNOWN: 'Use the column names that docs/catalog.md lists, or remove the column.',
  TOLL_CATALOG_COLUMN_MISSING: 'Add the column to the header line.',
  TOLL_CATALOG_STRUCTURE_INVALID:
    'Compare with schemas/catalog.schema.json; an editor that knows it completes the keys.',
  TOLL_CATALOG_EMPTY: 'Add at least one plan and one tariff.',
  TOLL_CATALOG_ID_DUPLICATE: 'Rename one of the two, or remove it.',
  TOLL_CATALOG_REFERENCE_UNKNOWN: 'Correct the name, or add what it refers to.',
  TOLL_CATALOG_DECIMAL_INVALID: 'Write a plain decimal that is not negative, such as 0.0215.',
  TOLL_CATALOG_INCREMENT_INVALID: 'Write whole seconds from 1 to 86400, such as 60 or 6.',
  TOLL_CATALOG_SECONDS_INVALID: 'Write whole seconds from 0 to 86400, such as 10.',
  TOLL_CATALOG_TIME_INVALID: 'Write hours and minutes from 00:00 to 24:00 in quotes, such as "21:00".',
  TOLL_CATALOG_TIERS_INVALID:
    'Write seconds and rates in ascending order, such as 600=0.015; 3600=0.01, beside a rate.',
  TOLL_CATALOG_WINDOW_GAP:
    'Give the row a rate for the times outside of its windows, or calls at that time are suspended.',
  TOLL_CATALOG_ORIGIN_INVALID:
    'Write digits such as 4479, a country such as GB, unknown, or a group of origin_groups in catalog.yaml.',
  TOLL_CATALOG_ORIGIN_GAP:
    'Add a row without origin for all other callers, or leave it so if their calls are to be suspended.',
  TOLL_CATALOG_JURISDICTION_INVALID:
    'Give the row a rate beside the rates by jurisdiction, and keep tiers, windows and initial_rate out of it.',
  TOLL_CATALOG_CHARGE_INVERTED: 'Make maximum_charge at least minimum_charge, or remove one of them.',
  TOLL_CATALOG_PREFIX_INVALID: 'Write 1 to 15 digits with the country code and without +, such as 5511.',
  TOLL_CATALOG_PREFIX_DUPLICATE: 'Keep one of the rows, or end the earlier one where the later one starts.',
  TOLL_CATALOG_DATE_INVALID: 'Write a date (2020-01-31, midnight) or an instant (2020-01-31T00:00:00Z).',
  TOLL_CATALOG_DATE_INVERTED: 'Make effective_to later than effective_from; the end itself is outside.',
  TOLL_CATALOG_QUARTER_INVALID: 'Write year and quarter, such as 2020Q1.',
  TOLL_CATALOG_TABLE_OVERLAP: 'End the earlier row on the day on which the later one starts.',
  TOLL_CATALOG_TABLE_GAP:
    'Add what held in between, if it was nothing with 0: invoices of these days are refused until then.',
  TOLL_CATALOG_LOGO_INVALID:
    'Save it as a JPEG, or as a PNG without transparency and interlacing, of at most 48 KiB and 2,000 pixels a side, beside billing.yaml.',
  TOLL_CATALOG_EMAIL_INVALID: 'Write an address such as billing@example.com, or leave it out.',
  TOLL_CATALOG_BILLING_START_EARLY:
    'Let billing start when the free months of the contract have ended, or later.',
  TOLL_CATALOG_FLAG_INVALID: 'Write true or false.',
  TOLL_CATALOG_VALUE_UNKNOWN: 'Use one of the values that the message lists.',
  TOLL_CATALOG_CURRENCY_UNKNOWN: 'Use the ISO 4217 code of a currency that Tollstream knows, such as USD.',
  TOLL_CATALOG_CURRENCY_MISMATCH: 'Use a tariff in the currency of the plan.',
  TOLL_CATALOG_ZONE_UNKNOWN: 'Use an IANA time zone such as America/New_York.',
  TOLL_CATALOG_COUNTRY_UNKNOWN: 'Use an ISO 3166 two-letter code such as US.',
  TOLL_CATALOG_NUMBER_INVALID: 'Write the number in E.164 with its country code, such as +12125550100.',
  TOLL_CATALOG_NUMBER_DUPLICATE: 'Leave the number to one account.',
  TOLL_CATALOG_DEFAULT_PLAN_UNKNOWN: 'Name one of the plans of the catalog.',
  TOLL_CATALOG_PREFIX_SHADOWED: 'Remove the row, or one of the longer ones that should not be there.',
  TOLL_CATALOG_RATE_CHEAPER_BEFORE:
    'Add a row with the price until then, start the row earlier, or leave it so if that is what was agreed.',
  TOLL_CATALOG_RATE_UNLIKE_NEIGHBOURS: 'Check the decimal point; leave it so if the price is meant.',
  TOLL_CATALOG_POOL_SIZE_INVALID:
    'Give the pool one of minutes_per_month, calls_per_month and amount_per_month.',
  TOLL_CATALOG_POOL_SCOPE_INVALID: 'Give the pool the scope that the message names, or remove the key.',
  TOLL_CATALOG_POOL_ORDER_INVALID:
    'List each pool once under pools, in the order in which they are used up, those in money last.',
  TOLL_CATALOG_POOL_UNREACHABLE: 'Name the pool in a rule whose calls can use it, or remove it.',
  TOLL_CATALOG_SET_OVERLAP: 'Remove the longer prefix from the set; it changes nothing.',
  TOLL_CATALOG_FILE_UNUSED: 'Move the file into plans/, tariffs/ or accounts/, refer to it, or remove it.',
  TOLL_CATALOG_TARIFF_UNUSED: 'Refer to the tariff from a plan, or remove it.',
  TOLL_CATALOG_PREMIUM_WITHOUT_RATE:
    "Add the prefix to the tariff of the plan's premium rule, or calls to it are suspended.",
} as const;

export type CatalogProblemCode = keyof typeof CATALOG_PROBLEMS;

/** A place in a file. Line and column count from 1; 0 when the whole file is meant. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The offending text; '' when something is missing. */
  readonly text: string;
}

export interface CatalogProblem extends Place {
  readonly code: CatalogProblemCode;
  readonly message: string;
  readonly remedy: string;
}

/** Problems past this many are counted and not kept: a deck in the wrong format has one a row. */
const PROBLEMS_KEPT_MAX = 1000;
const TEXT_SHOWN_CHARACTERS_MAX = 60;

/** Collects problems; what reads the catalog goes on after each, so that all are found at once. */
export class ProblemList {
  readonly #kept: CatalogProblem[] = [];
  #count = 0;

  /** Whether one more would only be counted. */
  get isFull(): boolean {
    return this.#kept.length >= PROBLEMS_KEPT_MAX;
  }

  get count(): number {
    return this.#count;
  }

  add(
    code: CatalogProblemCode,
    place: Place,
    message: string,
    remedy: string = CATALOG_PROBLEMS[code],
  ): void {
    this.#count++;
    if (this.isFull) return;
    const { file, line, column, text } = place;
    this.#kept.push({ code, file, line, column, text: shorten(text), message, remedy });
  }

  addAll(others: ProblemList): void {
    this.#count += others.#count;
    this.#kept.push(...others.#kept.slice(0, PROBLEMS_KEPT_MAX - this.#kept.length));
  }

  /** In file, line and column order. */
  list(): readonly CatalogProblem[] {
    return this.#kept.toSorted(
      (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column,
    );
  }
}

export function wholeFile(file: string, text = ''): Place {
  return { file, line: 0, column: 0, text };
}

/** For the terminal: a line per problem as compilers write it, its remedy below. Ends in a newline when there is any. */
export function renderProblems(problems: readonly CatalogProblem[]): string {
  let output = '';
  for (const problem of problems) {
    const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
    const text = problem.text === '' ? '' : `: ${visible(problem.text)}`;
    output += `${place}: ${problem.message}${text} [${problem.code}]\n    ${problem.remedy}\n`;
  }
  return output;
}

function shorten(text: string): string {
  const line = text.split('\n', 1)[0]!;
  return line.length > TEXT_SHOWN_CHARACTERS_MAX ? `${line.slice(0, TEXT_SHOWN_CHARACTERS_MAX)}…` : line;
}

// A catalog from elsewhere must not be able to move the cursor or colour the terminal.
function visible(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
