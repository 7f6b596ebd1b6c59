import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generator } from '../../../test/support/random.ts';
import { IdentityTable, SLOT_WORDS } from './identity-table.ts';
import type { IdentityCopy } from './identity-table.ts';

interface Held {
  readonly minute: number;
  readonly content: number;
}

/** Identities whose look-ups begin at a few places, the end of every small table among them. */
function hashOf(id: number, places: number): Uint32Array {
  return Uint32Array.of(((Math.imul(id, 0x9e3779b1) >>> 0) % places) - (places >> 1), 7, id, 1);
}

/** Keeps what a map keeps, while minutes go, the table grows and copies of it are made. */
class Compared {
  readonly table = new IdentityTable();
  readonly held = new Map<number, Held>();
  readonly #places: number;
  #copy: {
    made: IdentityCopy;
    before: ReadonlySet<number>;
    since: Set<number>;
    seen: Map<number, number>;
  } | null = null;
  copies = 0;

  constructor(places: number) {
    this.#places = places;
  }

  add(id: number, minute: number, content: number): void {
    const hash = hashOf(id, this.#places);
    const place = this.table.find(hash, 0);
    const held = this.held.get(id);
    expect(place >= 0).toBe(held !== undefined);
    if (held !== undefined) {
      expect([this.table.minuteAt(place), this.table.contentAt(place)]).toEqual([held.minute, held.content]);
      if (minute > held.minute) {
        this.table.update(place, minute, content);
        this.held.set(id, { minute, content });
      }
      return;
    }
    this.held.set(id, { minute, content });
    this.#copy?.since.add(id);
    this.table.add(place, hash, 0, minute, content, this.held.size);
  }

  letGo(oldest: number): void {
    this.table.oldest = oldest;
    for (const [id, { minute }] of this.held) if (minute < oldest) this.held.delete(id);
  }

  beginCopy(): void {
    this.#copy ??= {
      made: this.table.copy(),
      before: new Set(this.held.keys()),
      since: new Set(),
      seen: new Map(),
    };
  }

  goOnCopying(slots: number): void {
    if (this.#copy === null) return;
    const { made, before, since, seen } = this.#copy;
    const piece = made.next(slots);
    for (let at = 0; at < (piece?.length ?? 0); at += SLOT_WORDS) {
      const id = piece![at + 2]!;
      seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    if (piece !== null) return;
    for (const id of this.held.keys()) if (before.has(id) && !since.has(id)) expect(seen.get(id)).toBe(1);
    for (const id of seen.keys()) expect(before.has(id) || since.has(id)).toBe(true);
    this.#copy = null;
    this.copies += 1;
  }

  giveUpCopy(): void {
    this.#copy?.made.close();
    this.#copy = null;
  }

  compareAll(ids: number): void {
    for (let id = 0; id < ids; id++) {
      const place = this.table.find(hashOf(id, this.#places), 0);
      const held = this.held.get(id);
      if (held === undefined) expect(place).toBeLessThan(0);
      else expect(this.table.contentAt(place)).toBe(held.content);
    }
  }
}

it('keeps what a map keeps, while minutes go, the table grows and copies are made', () => {
  const runs = fc.record({
    seed: fc.integer(),
    ids: fc.constantFrom(3_000, 9_000, 30_000),
    places: fc.constantFrom(2_000, 100_000, 0x7fff_ffff),
    /** Of a minute, before the next one comes. */
    calls: fc.constantFrom(20, 200, 1_000),
    minutes: fc.constantFrom(1, 5, 30),
    copied: fc.constantFrom(2, 100),
  });
  let copies = 0;
  fc.assert(
    fc.property(runs, ({ seed, ids, places, calls, minutes, copied }) => {
      const random = generator(seed);
      const upTo = (end: number): number => Math.floor(random() * end);
      const compared = new Compared(places);
      for (let call = 0; call < 12_000; call++) {
        const newest = minutes + Math.floor(call / calls);
        if (call % calls === 0) compared.letGo(newest - minutes);
        compared.add(upTo(ids), newest - upTo(minutes), upTo(2 ** 32));
        if (upTo(1_500) === 0) compared.beginCopy();
        if (upTo(3) === 0) compared.goOnCopying(1 + upTo(copied));
        if (upTo(4_000) === 0) compared.giveUpCopy();
      }
      compared.compareAll(ids);
      copies += compared.copies;
    }),
    { numRuns: 40, seed: 20_200_101 },
  );
  expect(copies).toBeGreaterThan(30);
});

it('empties the slots of what went, a few for each identity that is added', () => {
  const table = new IdentityTable(2_000);
  for (let id = 0; id < 200_000; id++) {
    if (id % 1_000 === 0) table.oldest = id - 1_000;
    const hash = hashOf(id, 0x7fff_ffff);
    const held = id - Math.max(0, table.oldest) + 1;
    table.add(table.find(hash, 0), hash, 0, id, 0, held);
    if (table.used > held + 1_100) expect.fail(`${table.used} slots for ${held} identities`);
  }
  expect(table.byteLength).toBe(4_096 * SLOT_WORDS * 4);
});
