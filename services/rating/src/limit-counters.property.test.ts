import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LimitCounters } from './limit-counters.ts';
import { emptyCounter } from './spend-limits.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_107);
const limit = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.record({ kind: fc.constantFrom('set', 'set', 'delete'), limit, since: fc.nat(9) });

test('counters are found and told as a map tells them', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const counters = new LimitCounters();
      const plain = new Map<string, ReturnType<typeof emptyCounter>>();
      for (const { kind, limit: id, since } of steps) {
        const counter = emptyCounter('form', since);
        if (kind === 'set') {
          counters.set(id, counter);
          plain.set(id, counter);
        } else {
          counters.delete(id);
          plain.delete(id);
        }
        expect([...counters]).toEqual([...plain]);
        expect(counters.size).toBe(plain.size);
        for (const each of ['a', 'b', 'c', 'd']) expect(counters.get(each)).toBe(plain.get(each));
      }
    }),
    { seed, numRuns: 300 },
  );
});

test('what is deleted while counters are told is told all the same', () => {
  const counters = new LimitCounters();
  for (const id of ['a', 'b', 'c']) counters.set(id, emptyCounter('form', 0));
  const told: string[] = [];
  for (const [id] of counters) {
    told.push(id);
    counters.delete(id);
  }
  expect(told).toEqual(['a', 'b', 'c']);
  expect(counters.size).toBe(0);
});
