import { expect, test } from 'vitest';
import { answerFormat, contentTypeOf, insertFromFile, parseHttpQuery, splitInsert } from './http-request.ts';

const noHeader = (): undefined => undefined;

test.each([
  ['INSERT INTO t FORMAT CSV\n1,2', 'INSERT INTO t ', 'CSV', '1,2'],
  [
    'insert into t (a, b) settings x = 1 format JSONEachRow {}',
    'insert into t (a, b) settings x = 1 ',
    'JSONEachRow',
    '{}',
  ],
  ['INSERT INTO t VALUES (1)', 'INSERT INTO t ', 'Values', ' (1)'],
  [
    '-- why\nINSERT INTO `format x` ("values") FORMAT TSV\r\n1',
    '-- why\nINSERT INTO `format x` ("values") ',
    'TSV',
    '1',
  ],
  [
    '/* FORMAT A */ INSERT INTO t FORMAT Native \nFORMAT',
    '/* FORMAT A */ INSERT INTO t ',
    'Native',
    'FORMAT',
  ],
  [
    "INSERT INTO t SETTINGS insert_deduplication_token = 'FORMAT x' FORMAT TSV\n",
    "INSERT INTO t SETTINGS insert_deduplication_token = 'FORMAT x' ",
    'TSV',
    '',
  ],
])('tells statement and data apart: %s', (text, statement, format, data) => {
  const split = splitInsert(text);
  expect(split).toMatchObject({ statement, format });
  expect(text.slice(split?.dataStart)).toBe(data);
});

test.each([
  'INSERT INTO t SELECT 1 FORMAT CSV',
  'SELECT 1 FORMAT CSV',
  'INSERT INTO t',
  'INSERTED INTO t FORMAT x',
  'INSERT INTO t WITH 1 AS values SELECT 1',
])('sees no data in: %s', (text) => expect(splitInsert(text)).toBeNull());

test('puts the file before the settings', () => {
  expect(insertFromFile('INSERT INTO t (a) SETTINGS b = 1 ', "'/f'", 'CSV')).toBe(
    "INSERT INTO t (a)  FROM INFILE '/f' SETTINGS b = 1  FORMAT CSV",
  );
  expect(insertFromFile('INSERT INTO t ', "'/f'", 'CSV')).toBe("INSERT INTO t  FROM INFILE '/f'  FORMAT CSV");
});

test('takes a request apart', () => {
  const url = new URL(
    'http://x/?query=SELECT+1&param_a=1&max_threads=2&user=u&password=p&database=d&default_format=CSV',
  );
  expect(parseHttpQuery(url, noHeader)).toEqual({
    sql: 'SELECT 1',
    database: 'd',
    format: 'CSV',
    queryId: null,
    parameters: { a: '1' },
    settings: { max_threads: '2' },
    compress: false,
  });
  expect(() => parseHttpQuery(new URL('http://x/?session_id=1'), noHeader)).toThrow('session_id');
});

test('knows the format of an answer', () => {
  expect(answerFormat('SELECT 1', 'TSV')).toBe('TSV');
  expect(answerFormat('SELECT 1 format JSON;', 'TSV')).toBe('JSON');
  expect(answerFormat('SELECT 1 FORMAT CSV SETTINGS a = 1', 'TSV')).toBe('CSV');
  expect(answerFormat("SELECT 'FORMAT CSV' AS a", 'TSV')).toBe('TSV');
  expect(contentTypeOf('CSVWithNames')).toBe('text/csv; charset=UTF-8; header=present');
  expect(contentTypeOf('JSON')).toBe('application/json; charset=UTF-8');
});
