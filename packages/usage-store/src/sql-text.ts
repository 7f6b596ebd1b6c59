import { StoreError } from './errors.ts';

/** A value of a ClickHouse setting. */
export type SettingValue = string | number;
export type Settings = Readonly<Record<string, SettingValue>>;

/** SQL string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** `name = value, …` of a SETTINGS clause or a SET statement. */
export function settingList(settings: Settings): string {
  return Object.entries(settings)
    .map(
      ([name, value]) => `${identifier(name)} = ${typeof value === 'number' ? String(value) : quoted(value)}`,
    )
    .join(', ');
}

/** Refuses whatever is no plain name, so that it can stand in SQL as it is. */
export function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new StoreError(
    'TOLL_STORE_QUERY_FAILED',
    `'${name}' is no name.`,
    'Use letters, digits and underscores.',
  );
}

export function databaseName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) return name;
  throw new StoreError(
    'TOLL_STORE_DATABASE_NAME',
    `'${name}' cannot be the name of a database.`,
    'Use letters, digits and underscores, not beginning with a digit, at most 63.',
  );
}

/** The text form in which ClickHouse takes the value of a query parameter: its Escaped (TSV) format. */
export function parameterText(value: string | number | bigint | boolean): string {
  return String(value)
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', '\\0');
}

/** Statements of a file: separated by `;` at the end of a line; a part of comments only is none. */
export function statementsOf(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^--.*$/gm, '').trim() !== '');
}

/** The statement without comments before it. */
export function withoutLeadingComments(sql: string): string {
  return sql.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '');
}

/** Whether a statement is a query whose result can be made piece by piece. */
export function isSelect(sql: string): boolean {
  return /^(?:SELECT\b|WITH\b|FROM\b|\()/i.test(withoutLeadingComments(sql));
}
