import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProblemList } from './problems.ts';
import { readPlainJson } from './read-json.ts';
import { parseYaml } from './read-yaml.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);
const NODES_MAX = 10_000;

/** Sorted keys of plain objects: both readers make objects without a prototype. */
const comparable = (value: unknown): string => JSON.stringify(value);

test('JSON is read as the reader for YAML reads it', () => {
  const text = fc.stringMatching(/^[ -!#-[\]-~é€😀]{0,12}$/u);
  const json = fc.letrec<{ node: unknown; object: object }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 4 }),
      tie('object'),
    ),
    object: fc.dictionary(text, tie('node'), { maxKeys: 5 }),
  })).object;
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 2), (value, indent) => {
      const written = JSON.stringify(value, null, indent);
      const problems = new ProblemList();
      const yaml = parseYaml('accounts.yaml', written, problems);
      fc.pre(yaml !== null);
      const plain = readPlainJson(written, NODES_MAX);
      expect(plain).toBeDefined();
      expect(comparable(plain)).toBe(comparable(yaml.value));
    }),
    { seed, numRuns: 500 },
  );
});

test.each([
  ['a key twice', '{"id": "a", "id": "b"}'],
  ['an escape', '{"id": "a\\u0062"}'],
  ['no JSON', '{id: a}'],
  ['more after it', '{"id": "a"} {}'],
  ['a comma too many', '{"id": ["a",]}'],
  ['an end that is missing', '{"id": ["a"'],
  ['a list', '["a"]'],
  ['a number with a zero before it', '{"id": 01}'],
  ['a key without quotes', '{"id": {a: 1}}'],
  ['too deep', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
])('%s is left to the reader for YAML', (_, written) => {
  expect(readPlainJson(written, NODES_MAX)).toBeUndefined();
});

test('more values than a file may mean are left to the reader for YAML', () => {
  const written = JSON.stringify({ list: Array.from({ length: 20 }, (_, i) => i) });
  expect(readPlainJson(written, 22)).toBeDefined();
  expect(readPlainJson(written, 21)).toBeUndefined();
});

test('numbers that a double does not hold as written stay text', () => {
  expect(
    readPlainJson('{"a": 0.10, "b": 12, "c": 12345678901234567890, "d": -0, "e": 1e3}', NODES_MAX),
  ).toEqual({
    a: '0.10',
    b: 12,
    c: '12345678901234567890',
    d: '-0',
    e: '1e3',
  });
});
