/** A CSV file (RFC 4180, header line) as records of text, with the place of each cell. */
import { CsvError, parse } from 'csv-parse/sync';
import type { Place, ProblemList } from './problems.ts';

export interface CsvFile<Column extends string> {
  readonly file: string;
  readonly records: readonly (readonly string[])[];
  /** Position of the column in a record; -1 when the file does not have it. */
  position(column: Column): number;
  place(record: number, column: Column): Place;
}

const FIELD_CHARACTERS_MAX = 65_536;

/**
 * Reports what is no CSV, unknown and missing columns, and records of another width than the header; those are left out.
 * @param columns  every column the file may have
 * @param required those it must have
 */
export function readCsv<Column extends string>(
  file: string,
  text: string,
  columns: readonly Column[],
  required: readonly Column[],
  problems: ProblemList,
): CsvFile<Column> | null {
  const rows: { record: string[]; info: { lines: number } }[] = [];
  function broken(error: CsvError): undefined {
    problems.add(
      'TOLL_CATALOG_CSV_INVALID',
      { file, line: Number(error['lines'] ?? 1), column: 1, text: '' },
      `This is no valid CSV (${error.message.split('\n', 1)[0]})`,
    );
  }
  try {
    parse(text, {
      bom: true,
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: FIELD_CHARACTERS_MAX,
      skip_records_with_error: true,
      on_skip: (error) => (error instanceof CsvError ? broken(error) : undefined),
      on_record: (row: unknown) => {
        rows.push(row as (typeof rows)[number]);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    broken(error);
    return null;
  }

  const header = rows.shift();
  if (header === undefined) {
    problems.add('TOLL_CATALOG_COLUMN_MISSING', { file, line: 1, column: 1, text: '' }, 'The file is empty');
    return null;
  }
  const names = header.record;
  const lines = text.split('\n');

  function cell(endLine: number, position: number, value: string): Place {
    // A record over several lines is reported where it ends: csv-parse says no more.
    const source = lines[endLine - 1] ?? '';
    return { file, line: endLine, column: columnOf(source, position), text: value };
  }

  names.forEach((name, position) => {
    const place = cell(header.info.lines, position, name);
    if (!(columns as readonly string[]).includes(name)) {
      problems.add('TOLL_CATALOG_COLUMN_UNKNOWN', place, 'There is no such column');
    } else if (names.indexOf(name) !== position) {
      problems.add(
        'TOLL_CATALOG_COLUMN_UNKNOWN',
        place,
        'The column stands twice in the header',
        'Remove one.',
      );
    }
  });
  const absent = required.filter((name) => !names.includes(name));
  for (const name of absent) {
    problems.add(
      'TOLL_CATALOG_COLUMN_MISSING',
      cell(header.info.lines, 0, ''),
      `The column ${name} is missing`,
    );
  }
  if (absent.length > 0) return null;

  const complete = rows.filter(({ record, info }) => {
    if (record.length === names.length) return true;
    problems.add(
      'TOLL_CATALOG_CSV_INVALID',
      cell(info.lines, Math.min(record.length, names.length) - 1, record.at(-1) ?? ''),
      `The record has ${record.length} fields and the header ${names.length}`,
    );
    return false;
  });
  const positions = new Map(names.map((name, position) => [name, position]));
  return {
    file,
    records: complete.map(({ record }) => record),
    position: (column) => positions.get(column) ?? -1,
    place: (record, column) => {
      const row = complete[record]!;
      const position = positions.get(column) ?? 0;
      return cell(row.info.lines, position, row.record[position] ?? '');
    },
  };
}

/** Column, from 1, where the field at `position` of a one-line record starts. */
function columnOf(line: string, position: number): number {
  let field = 0;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (field === position) return i + 1;
    if (line[i] === '"') quoted = !quoted;
    else if (line[i] === ',' && !quoted) field++;
  }
  return line.length + 1;
}
