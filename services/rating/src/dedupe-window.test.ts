import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DedupeWindow } from './dedupe-window.ts';

const MINUTE = 60_000;
const T0 = Date.parse('2020-01-01T00:00:00Z');
const wide = { windowCallsMax: 1_000_000, windowAgeMs: 60 * MINUTE };

/** Hashes of ids; every eighth shares its first word with seven others. */
function hashes(...ids: number[]): Uint32Array {
  return Uint32Array.from(ids.flatMap((id) => [Math.imul(id >>> 3, 0x9e3779b1), 7, id, 1]));
}

describe('the duplicate window', () => {
  it('tells the second of two from the first', () => {
    const window = new DedupeWindow(wide);
    expect(window.add(hashes(1), 0, T0, 0)).toBe('new');
    expect(window.add(hashes(1), 0, T0, 0)).toBe('duplicate');
    expect(window.add(hashes(9, 17, 1), 0, T0, 0)).toBe('new');
    expect(window.add(hashes(9, 17, 1), 1, T0, 0)).toBe('new');
    expect(window.add(hashes(9, 17, 1), 2, T0 + 5 * MINUTE, 0)).toBe('duplicate');
    expect(window.size).toBe(3);
  });

  it('tells a record that says something else from a copy, also after it was restored and the table was built anew', () => {
    const window = new DedupeWindow(wide);
    window.restore(hashes(1), 0, T0, 0xffff_ffff);
    expect(window.add(hashes(1), 0, T0, 0xffff_ffff)).toBe('duplicate');
    expect(window.add(hashes(1), 0, T0, 5)).toBe('conflict');
    for (let id = 2; id < 10_000; id++) window.add(hashes(id), 0, T0, id);
    expect(window.add(hashes(1), 0, T0, 0xffff_ffff)).toBe('duplicate');
    expect(window.add(hashes(9_000), 0, T0, 9_001)).toBe('conflict');
  });

  it('compares all 128 bits', () => {
    const window = new DedupeWindow(wide);
    window.add(Uint32Array.of(1, 2, 3, 4), 0, T0, 0);
    for (const other of [
      [0, 2, 3, 4],
      [1, 0, 3, 4],
      [1, 2, 0, 4],
      [1, 2, 3, 0],
      [0, 0, 0, 0],
    ]) {
      expect(window.add(Uint32Array.from(other), 0, T0, 0)).toBe('new');
      expect(window.add(Uint32Array.from(other), 0, T0, 0)).toBe('duplicate');
    }
    expect(window.add(Uint32Array.of(1, 2, 3, 4), 0, T0, 0)).toBe('duplicate');
  });

  it('holds as many as it is allowed while it grows', () => {
    const window = new DedupeWindow(wide);
    for (let id = 0; id < 50_000; id++)
      expect(window.add(hashes(id), 0, T0 + (id % 60) * MINUTE, 0)).toBe('new');
    for (let id = 0; id < 50_000; id++)
      expect(window.add(hashes(id), 0, T0 + (id % 60) * MINUTE, 0)).toBe('duplicate');
    expect(window.size).toBe(50_000);
    expect(window.spanMs).toBe(59 * MINUTE);
  });

  it('lets go by age of the start, and does not hold what is older', () => {
    const window = new DedupeWindow(wide);
    window.add(hashes(1), 0, T0, 0);
    window.add(hashes(2), 0, T0 + 60 * MINUTE, 0);
    expect(window.add(hashes(1), 0, T0, 0)).toBe('duplicate');
    window.add(hashes(3), 0, T0 + 61 * MINUTE, 0);
    expect(window.size).toBe(2);
    expect(window.add(hashes(1), 0, T0, 0)).toBe('new');
    expect(window.add(hashes(1), 0, T0, 0)).toBe('new');
    expect(window.unremembered).toBe(2);
    window.add(hashes(4), 0, T0 + 10_000 * MINUTE, 0);
    expect(window.size).toBe(1);
  });

  it('lets the oldest minutes go when there are too many', () => {
    const window = new DedupeWindow({ windowCallsMax: 3, windowAgeMs: 60 * MINUTE });
    for (const [id, minute] of [
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 2],
    ] as const)
      window.add(hashes(id), 0, T0 + minute * MINUTE, 0);
    expect(window.size).toBe(2);
    expect(window.add(hashes(3), 0, T0 + MINUTE, 0)).toBe('duplicate');
    expect(window.add(hashes(4), 0, T0 + 2 * MINUTE, 0)).toBe('duplicate');
    expect(window.add(hashes(1), 0, T0, 0)).toBe('new');
  });

  it('stays within its bound when all calls are of one minute', () => {
    const window = new DedupeWindow({ windowCallsMax: 2, windowAgeMs: 60 * MINUTE });
    for (const id of [1, 2, 3, 4]) window.add(hashes(id), 0, T0, 0);
    expect([window.size, window.unremembered]).toEqual([0, 2]);
    window.add(hashes(5), 0, T0 + MINUTE, 0);
    expect(window.add(hashes(5), 0, T0 + MINUTE, 0)).toBe('duplicate');
  });

  it('restores a call that was let go and added again by its later start', () => {
    const limits = { windowCallsMax: 100, windowAgeMs: 2 * MINUTE };
    const window = new DedupeWindow(limits);
    for (const [id, minute] of [
      [1, 0],
      [2, 3],
      [1, 1],
    ] as const)
      expect(window.add(hashes(id), 0, T0 + minute * MINUTE, 0)).toBe('new');
    const restored = new DedupeWindow(limits);
    for (const [id, minute] of [
      [1, 0],
      [1, 1],
      [2, 3],
    ] as const)
      restored.restore(hashes(id), 0, T0 + minute * MINUTE, 0);
    expect(restored.size).toBe(window.size);
    expect(restored.add(hashes(1), 0, T0, 0)).toBe('duplicate');
    expect(window.add(hashes(1), 0, T0, 0)).toBe('duplicate');
  });

  it('keeps its memory while calls come and go', () => {
    const window = new DedupeWindow({ windowCallsMax: 2_000, windowAgeMs: 10 * MINUTE });
    for (let id = 0; id < 200_000; id++) window.add(hashes(id), 0, T0 + Math.floor(id / 100) * MINUTE, 0);
    expect(window.size).toBeLessThanOrEqual(1_100);
    expect(window.byteLength).toBeLessThan(200_000);
  });

  it('refuses a window of nothing', () => {
    expect(() => new DedupeWindow({ windowCallsMax: 0, windowAgeMs: MINUTE })).toThrow(RangeError);
  });
});

it('holds the same whatever the order', () => {
  const events = fc.array(fc.record({ id: fc.nat(60), minute: fc.nat(30) }), { maxLength: 200 });
  const limits = fc.record({
    windowCallsMax: fc.constantFrom(3, 20, 400),
    windowAgeMs: fc.constantFrom(5, 20, 60),
  });
  fc.assert(
    fc.property(events, limits, fc.nat(96), (calls, { windowCallsMax, windowAgeMs }, turn) => {
      const bounds = { windowCallsMax, windowAgeMs: windowAgeMs * MINUTE };
      const through = new DedupeWindow(bounds);
      const added = calls.filter(
        ({ id, minute }) => through.add(hashes(id), 0, T0 + minute * MINUTE, 0) === 'new',
      );
      const restored = new DedupeWindow(bounds);
      for (const { id, minute } of added.toSorted(
        (a, b) => ((a.id * 31 + turn) % 97) - ((b.id * 31 + turn) % 97),
      )) {
        restored.restore(hashes(id), 0, T0 + minute * MINUTE, 0);
      }
      expect([restored.size, restored.spanMs]).toEqual([through.size, through.spanMs]);
      if (windowCallsMax === 400) {
        const newest = Math.max(0, ...added.map(({ minute }) => minute));
        const held = added.filter(({ minute }) => minute >= newest - windowAgeMs);
        expect(through.size).toBe(new Set(held.map(({ id }) => id)).size);
      }
      for (let id = 0; id <= 60; id++) {
        expect(restored.add(hashes(id), 0, 0, 0)).toBe(through.add(hashes(id), 0, 0, 0));
      }
    }),
    { numRuns: 3_000, seed: 20_200_101 },
  );
});
