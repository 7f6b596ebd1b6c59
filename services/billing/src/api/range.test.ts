import { expect, it } from 'vitest';
import { rangeOf } from './range.ts';

it.each([
  [undefined, null],
  ['bytes=0-', { first: 0, last: 99 }],
  ['bytes=10-19', { first: 10, last: 19 }],
  ['bytes=10-1000', { first: 10, last: 99 }],
  ['bytes=99-99', { first: 99, last: 99 }],
  ['bytes=-10', { first: 90, last: 99 }],
  ['bytes=-1000', { first: 0, last: 99 }],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  // What the standard lets a server pass over.
  ['bytes=20-10', null],
  ['bytes=0-1,5-6', null],
  ['bytes=-', null],
  ['rows=0-1', null],
])('%s of 100 bytes is %o', (header, expected) => {
  expect(rangeOf(header, 100)).toEqual(expected);
});

it('is the whole where there is nothing', () => {
  expect(rangeOf('bytes=0-', 0)).toBeNull();
  expect(rangeOf('bytes=-5', 0)).toBeNull();
});
