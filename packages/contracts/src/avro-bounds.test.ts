import avro from 'avsc';
import type { Schema, Type } from 'avsc';
import { describe, expect, test } from 'vitest';
import { boundsCheck } from './avro-bounds.ts';

const recordOf = (type: Schema): Type =>
  avro.Type.forSchema({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'tags', type },
      { name: 'id', type: 'string' },
    ],
  });
const long = (value: number): Buffer => avro.Type.forSchema('long').toBuffer(value);
const NULLS = recordOf({ type: 'array', items: 'null' });

describe('a value that claims more entries than its bytes can hold', () => {
  test.each([
    ['items without bytes', NULLS, [long(2 ** 40)]],
    ['items without bytes, with a size', NULLS, [long(-(2 ** 40)), long(0)]],
    ['items without bytes, some at a time', NULLS, Array.from({ length: 3_000 }, () => long(1_000))],
    [
      'records without fields',
      recordOf({ type: 'array', items: { type: 'record', name: 'E', fields: [] } }),
      [long(2 ** 50)],
    ],
    ['a map', recordOf({ type: 'map', values: 'null' }), [long(2 ** 40)]],
    ['more items than there are bytes', recordOf({ type: 'array', items: 'int' }), [long(2 ** 40), long(1)]],
    [
      'a size that leads elsewhere',
      recordOf({ type: 'array', items: 'int' }),
      [long(-1), long(7), long(1), long(0), long(0)],
    ],
    [
      'an array within an array',
      recordOf({ type: 'array', items: { type: 'array', items: 'null' } }),
      [long(2), long(2 ** 40)],
    ],
    ['a union', recordOf(['null', { type: 'array', items: 'null' }]), [long(1), long(2 ** 40)]],
  ])('%s', (_, type, parts) => {
    expect(boundsCheck(type)!(Buffer.concat(parts), 0)).toBe(false);
  });
});

test('a schema without arrays and maps needs no check', () => {
  expect(boundsCheck(recordOf(['null', 'string']))).toBeNull();
});

test('a type that holds itself is checked, and nesting beyond the stack is refused', () => {
  const type = avro.Type.forSchema({
    type: 'record',
    name: 'Node',
    fields: [
      { name: 'next', type: ['null', 'Node'] },
      { name: 'tags', type: { type: 'map', values: 'bytes' } },
    ],
  });
  const value = { next: { next: null, tags: { a: Buffer.from('b') } }, tags: {} };
  const check = boundsCheck(type)!;
  expect(check(type.toBuffer(value), 0)).toBe(true);
  expect(check(Buffer.alloc(1_000_000, 2), 0)).toBe(false);
});
