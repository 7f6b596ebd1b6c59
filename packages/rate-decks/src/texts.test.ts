/** The small readers: amounts, dates, increments, cells. */
import { describe, expect, test } from 'vitest';
import { provenMark, readAmount, splitUnit } from './amounts.ts';
import { numberText } from './cells.ts';
import { instantText, needsOrder, provenOrder, readDate } from './dates.ts';
import { readIncrements } from './increments.ts';
import { columnLetters } from './problems.ts';

const RATE = { mark: 'point', scale: 8, cents: false, rounding: null } as const;

describe('amounts', () => {
  test.each([
    ['0.0125', 'point'],
    ['0,0125', 'comma'],
    [',0125', 'comma'],
    ['1.234,5', 'comma'],
    ['1,234.5', 'point'],
    ['1,234,567', 'point'],
    ['1,234', null],
    ['1.234', null],
    ['0,123', 'comma'],
    ['1,23', 'comma'],
    ['12', null],
  ])('%j proves the decimal mark %s', (text, mark) => {
    expect(provenMark(text)).toBe(mark);
  });

  test.each([
    ['0.0125', {}, '0.0125'],
    ['0,0125', { mark: 'comma' }, '0.0125'],
    ['1.234,50', { mark: 'comma' }, '1234.5'],
    ['1 234,5', { mark: 'comma' }, '1234.5'],
    ['.5', {}, '0.5'],
    ['1.25', { cents: true }, '0.0125'],
    ['0.123456789', { rounding: 'half_up' }, '0.12345679'],
    ['0.123456', { cents: true }, '0.00123456'],
  ] as const)('%j is %s', (text, reading, expected) => {
    expect(readAmount(text, { ...RATE, ...reading })).toMatchObject({ text: expected });
  });

  test.each([
    ['-0.01', 'is negative'],
    ['0.0000000000000000000000000000000000000001', 'more than 8 digits'],
    ['1234567890123456789012345678901234567890', 'too large'],
    ['0.123456789', 'rate_rounding'],
    ['abc', 'no decimal'],
    ['1,2,3', 'no decimal'],
    ['.', 'no decimal'],
    ['1e-3', 'no decimal'],
  ])('%j is refused: %s', (text, why) => {
    expect(readAmount(text, RATE)).toContain(why);
  });

  test('40 digits are refused also where rates are rounded', () => {
    expect(readAmount(`0.${'1'.repeat(40)}`, { ...RATE, rounding: 'half_up' })).toEqual(expect.any(String));
  });

  test.each([
    ['$ 0.01', '0.01', '$'],
    ['0,01 EUR', '0,01', 'EUR'],
    ['USD0.01', '0.01', 'USD'],
    ['-0.01', '-0.01', ''],
    ['free', 'free', ''],
  ])('%j has its unit apart', (text, amount, unit) => {
    expect(splitUnit(text)).toEqual({ amount, unit });
  });
});

describe('dates', () => {
  test.each([
    ['2020-02-01', '2020-02-01'],
    ['2020/2/1', '2020-02-01'],
    ['20200201', '2020-02-01'],
    ['2020-02-01 00:00:00', '2020-02-01'],
    ['2020-02-01T10:30:00Z', '2020-02-01T10:30:00.000Z'],
    ['01-Feb-2020', '2020-02-01'],
    ['1 February 2020', '2020-02-01'],
    ['1st Feb. 20', '2020-02-01'],
    ['Feb 1, 2020', '2020-02-01'],
    ['01/02/2020', '2020-02-01'],
    ['1.2.20', '2020-02-01'],
  ])('%j', (text, expected) => {
    expect(instantText(readDate(text, 'day_first')!)).toBe(expected);
  });

  test('are read in the order of the deck', () => {
    expect(instantText(readDate('01/02/2020', 'month_first')!)).toBe('2020-01-02');
  });

  test.each(['2020-02-30', '31/04/2020', '2020-13-01', 'soon', '01-Foo-2020', '43862', '2020-01-01 25:00'])(
    '%j is no date',
    (text) => {
      expect(readDate(text, 'day_first')).toBeNull();
    },
  );

  test('prove an order, or need one', () => {
    expect(provenOrder('25/12/2020')).toBe('day_first');
    expect(provenOrder('12/25/2020')).toBe('month_first');
    expect(provenOrder('01/02/2020')).toBeNull();
    expect(needsOrder('01/02/2020')).toBe(true);
    expect(needsOrder('03/03/2020')).toBe(false);
    expect(needsOrder('2020-01-02')).toBe(false);
  });
});

describe('increments', () => {
  test.each([
    ['60/60', 60, 60],
    ['30-6', 30, 6],
    ['60+60', 60, 60],
    ['30 / 6', 30, 6],
    ['60 sec/1 sec', 60, 1],
    ['6', 6, 6],
  ])('%j', (text, initialSeconds, stepSeconds) => {
    expect(readIncrements(text)).toEqual({ initialSeconds, stepSeconds });
  });

  test.each(['0/60', '60/0', '0', '', '60/', '1/2/3', '100000/1', 'per minute'])('%j are refused', (text) => {
    expect(readIncrements(text)).toBeNull();
  });
});

test.each([
  [0.0123, '0.0123'],
  [0.1 + 0.2, '0.3'],
  [1e-7, '0.0000001'],
  [447400, '447400'],
  [1.5e21, '1500000000000000000000'],
  [-0.5, '-0.5'],
  [1 / 81, '0.0123456790123457'],
])('the number %d of a workbook was typed as %s', (value, text) => {
  expect(numberText(value)).toBe(text);
});

test('columns have letters as in a spreadsheet', () => {
  expect([1, 26, 27, 702, 703].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'ZZ', 'AAA']);
});
