/** What can be wrong with a rate deck: the closed list of codes, and the problems found with their places. */

/** Every code, and what to do about it. */
export const DECK_PROBLEMS = {
  TOLL_DECK_FILE_UNREADABLE: 'Check the path and that this user may read the file.',
  TOLL_DECK_FILE_TOO_LARGE: 'Split the deck: a file may have 512 MiB.',
  TOLL_DECK_FILE_FORMAT: 'Save the deck as Excel workbook (.xlsx) without a password, or as CSV.',
  TOLL_DECK_SHEET_UNKNOWN: 'Name a sheet of the workbook with `sheet` in the mapping file.',
  TOLL_DECK_ENCODING_INVALID: 'Save the deck as UTF-8, or name its encoding in the mapping file.',
  TOLL_DECK_CSV_INVALID: 'Close the quote, or name the delimiter in the mapping file.',
  TOLL_DECK_MAPPING_INVALID: 'Correct the mapping file; docs/rate-decks.md lists its keys.',
  TOLL_DECK_EMPTY: 'Check that the file is the deck, and that `sheet` and `header_row` are right.',
  TOLL_DECK_HEADER_MISSING:
    'Name the columns in the mapping file, or the line of the header with `header_row`.',
  TOLL_DECK_COLUMN_UNKNOWN: 'Name the column in the mapping file, or list it under `ignore`.',
  TOLL_DECK_COLUMN_AMBIGUOUS: 'Say in the mapping file which of the columns counts.',
  TOLL_DECK_CODE_INVALID: 'Write 1 to 15 digits with the country code, or lists and ranges of them.',
  TOLL_DECK_CODE_AMBIGUOUS: 'Write the country code in each code of the cell, or in a column of its own.',
  TOLL_DECK_CODE_MANGLED: 'The spreadsheet has changed the code; ask for the column formatted as text.',
  TOLL_DECK_COUNTRY_CODE_AMBIGUOUS: 'Say `code_includes_country: true` or `false` in the mapping file.',
  TOLL_DECK_RANGE_INVALID:
    'Write both ends with the same number of digits, the lower first, at most 100,000 codes apart.',
  TOLL_DECK_RATE_INVALID: 'Write a decimal that is not negative, with at most eight digits after the point.',
  TOLL_DECK_DECIMAL_AMBIGUOUS: 'Say `decimal: point` or `decimal: comma` in the mapping file.',
  TOLL_DECK_DATE_INVALID: 'Write a date such as 2020-01-31 or 31-Jan-2020.',
  TOLL_DECK_DATE_AMBIGUOUS: 'Say `dates: day_first` or `dates: month_first` in the mapping file.',
  TOLL_DECK_DATE_MISSING: 'Say from when it holds with --as-of, such as --as-of 2020-02-01.',
  TOLL_DECK_DATE_INVERTED: 'Make the end later than the start; the end itself is outside.',
  TOLL_DECK_INCREMENT_INVALID: 'Write whole seconds from 1 to 86400, such as 60/60 or 30/6.',
  TOLL_DECK_STATUS_UNKNOWN: 'Say what the word means under `status_words` in the mapping file.',
  TOLL_DECK_CURRENCY_MISMATCH:
    'Import the deck into a tariff of its currency; amounts are never converted in silence.',
  TOLL_DECK_CURRENCY_MISSING: 'Say `currency` in the mapping file.',
  TOLL_DECK_CONFLICT: 'Keep one of the two lines.',
  TOLL_DECK_DUPLICATE: 'Nothing: both lines say the same.',
  TOLL_DECK_FUTURE_CONFLICT:
    'Repeat the later rate in the deck with its date, or import a full deck with --mode replace.',
  TOLL_DECK_END_AMBIGUOUS: 'Say with --as-of when the codes end that the deck does not have.',
  TOLL_DECK_ORIGIN_INVALID:
    'Write digits such as 4479, a country such as GB or unknown, or say what the word means under `origin_words` in the mapping file.',
  TOLL_DECK_ORIGINS_OPEN:
    'Say `other_origins: keep` or `other_origins: end` in the mapping file, or import with --mode delta.',
  TOLL_DECK_JURISDICTION_INVALID: 'Give the row a rate for each jurisdiction, or one for all others.',
  TOLL_DECK_DISCONTINUED_UNKNOWN: 'Nothing: the tariff does not have the code.',
  TOLL_DECK_TARIFF_INVALID: 'Mend the tariff first; `tollstream catalog check` lists its problems.',
  TOLL_DECK_TARIFF_INLINE: 'Move the rates into a CSV file beside it (`rates: NAME.csv`), then import.',
  TOLL_DECK_UNDATED:
    'Give --as-of to keep the rates of earlier calls; without it they would be re-rated with the new ones.',
} as const;

export type DeckProblemCode = keyof typeof DECK_PROBLEMS;

/** A place in a deck or a mapping file. Line and column count from 1; 0 when the whole file or line is meant. */
export interface DeckPlace {
  readonly file: string;
  /** Sheet of a workbook; '' in text files. */
  readonly sheet: string;
  readonly line: number;
  readonly column: number;
  /** The offending text; '' when something is missing. */
  readonly text: string;
}

export interface DeckProblem extends DeckPlace {
  readonly code: DeckProblemCode;
  readonly message: string;
  readonly remedy: string;
}

/** Problems past this many are counted and not kept: a deck read with the wrong mapping has one a row. */
const PROBLEMS_KEPT_MAX = 1000;
const TEXT_SHOWN_CHARACTERS_MAX = 60;

/** Collects problems; what reads the deck goes on after each, so that all are found at once. */
export class DeckProblemList {
  readonly #kept: DeckProblem[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(code: DeckProblemCode, place: DeckPlace, message: string, remedy: string = DECK_PROBLEMS[code]): void {
    this.#count++;
    if (this.#kept.length >= PROBLEMS_KEPT_MAX) return;
    const { file, sheet, line, column, text } = place;
    this.#kept.push({ code, file, sheet, line, column, text: shorten(text), message, remedy });
  }

  /** In line and column order. */
  list(): readonly DeckProblem[] {
    return this.#kept.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}

export function wholeDeck(file: string, text = ''): DeckPlace {
  return { file, sheet: '', line: 0, column: 0, text };
}

/** For the terminal: a line per problem as compilers write it, its remedy below. Ends in a newline when there is any. */
export function renderDeckProblems(problems: readonly DeckProblem[]): string {
  let output = '';
  for (const problem of problems) {
    const text = problem.text === '' ? '' : `: ${visible(problem.text)}`;
    output += `${placeText(problem)}: ${problem.message}${text} [${problem.code}]\n    ${problem.remedy}\n`;
  }
  return output;
}

/** `deck.csv:12:3` or, for a workbook, `deck.xlsx Rates!C12`. */
function placeText({ file, sheet, line, column }: DeckPlace): string {
  if (line === 0) return file;
  if (sheet !== '') return `${file} ${sheet}!${column > 0 ? columnLetters(column) : ''}${line}`;
  return column > 0 ? `${file}:${line}:${column}` : `${file}:${line}`;
}

/** 1 → 'A', 27 → 'AA'. */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

function shorten(text: string): string {
  const line = text.split('\n', 1)[0]!;
  return line.length > TEXT_SHOWN_CHARACTERS_MAX ? `${line.slice(0, TEXT_SHOWN_CHARACTERS_MAX)}…` : line;
}

// A deck from elsewhere must not be able to move the cursor or colour the terminal.
function visible(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The deck cannot be imported at all, or cannot be without an answer: every problem that was found. */
export class DeckError extends Error {
  override readonly name = 'DeckError';
  readonly code: DeckProblemCode;
  readonly remedy: string;

  constructor(code: DeckProblemCode, message: string, options?: ErrorOptions & { remedy?: string }) {
    super(message, options);
    this.code = code;
    this.remedy = options?.remedy ?? DECK_PROBLEMS[code];
  }
}
