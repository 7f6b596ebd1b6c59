import { expect, test } from 'vitest';
import { rejectedCondition, suspendedCondition } from './filter.ts';

test('nothing chosen is everything', () => {
  expect(suspendedCondition({})).toEqual({ sql: '1', parameters: {} });
  expect(rejectedCondition({})).toEqual({ sql: '1', parameters: {} });
});

test('all that is chosen holds at once, and values go as parameters', () => {
  const { sql, parameters } = suspendedCondition({
    reason: 'rate_missing',
    account: "o'neil",
    destination: '+5511',
    from: '2020-01-01T00:00:00Z',
    to: '2020-02-01T00:00:00-05:00',
  });
  expect(sql.split(' AND ')).toHaveLength(5);
  expect(sql).not.toContain("o'neil");
  expect(parameters).toEqual({
    reason: 'rate_missing',
    account: "o'neil",
    destination: '5511',
    from: Date.UTC(2020, 0, 1),
    to: Date.UTC(2020, 1, 1, 5),
  });
});

test('a reason of the other kind is refused with those there are', () => {
  expect(() => rejectedCondition({ reason: 'rate_missing' })).toThrow("there is no reason 'rate_missing'");
  expect(() => suspendedCondition({ reason: 'unreadable' })).toThrow("there is no reason 'unreadable'");
});

test('a time without a zone is refused', () => {
  expect(() => suspendedCondition({ from: '2020-01-01T00:00:00' })).toThrow('--from');
});
