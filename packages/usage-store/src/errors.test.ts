import { expect, test } from 'vitest';
import { toStoreError } from './errors.ts';

test.each([
  ['connect ECONNREFUSED 127.0.0.1:8123', 'TOLL_STORE_UNREACHABLE', true],
  ['Timeout error.', 'TOLL_STORE_UNREACHABLE', true],
  ['socket hang up', 'TOLL_STORE_UNREACHABLE', true],
  ['Code: 252. DB::Exception: Too many parts (300). (TOO_MANY_PARTS)', 'TOLL_STORE_BUSY', true],
  [
    'Code: 241. DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)',
    'TOLL_STORE_BUSY',
    true,
  ],
  [
    'Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)',
    'TOLL_STORE_DISK_FULL',
    true,
  ],
  ['ENOSPC: no space left on device, write', 'TOLL_STORE_DISK_FULL', true],
  [
    'Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)',
    'TOLL_STORE_ACCESS_DENIED',
    false,
  ],
  ['Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE)', 'TOLL_STORE_SCHEMA_MISSING', false],
  ['Code: 33. DB::Exception: Cannot read all data. (CANNOT_READ_ALL_DATA)', 'TOLL_STORE_QUERY_FAILED', false],
])('%s is %s', (message, code, transient) => {
  expect(toStoreError(new Error(message), 'ClickHouse')).toMatchObject({ code, transient });
});

test('takes the number that the client keeps apart from its text, and the code of a failure without text', () => {
  expect(
    toStoreError(Object.assign(new Error('Too many parts'), { code: '252' }), 'ClickHouse').transient,
  ).toBe(true);
  const refused = new AggregateError([], '');
  expect(toStoreError(Object.assign(refused, { code: 'ECONNREFUSED' }), 'ClickHouse').code).toBe(
    'TOLL_STORE_UNREACHABLE',
  );
});
