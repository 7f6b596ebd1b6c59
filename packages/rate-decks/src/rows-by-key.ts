/** Things that come in the order of their keys, or in none, to be found by their key. */

export interface Keyed {
  readonly key: string;
}

/**
 * Groups of equal keys, in the order in which the keys come first. Decks and tariffs come sorted, most of the time: then nothing is kept
 * of the keys, and questions that rise as well, as those of a second sorted list do, are answered by a look at the place of the last one.
 */
export class RowsByKey<Row extends Keyed> implements Iterable<readonly [key: string, rows: readonly Row[]]> {
  /** How many keys there are. */
  readonly size: number;
  readonly #rows: readonly Row[];
  /** Null where equal keys stand together and the keys rise. */
  readonly #groups: ReadonlyMap<string, readonly Row[]> | null;
  /** Where the last key was found, or would stand. */
  #at = 0;

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
    const keys = risingKeys(rows);
    this.#groups = keys === null ? Map.groupBy(rows, ({ key }) => key) : null;
    this.size = keys ?? this.#groups!.size;
  }

  *[Symbol.iterator](): Generator<readonly [key: string, rows: readonly Row[]]> {
    if (this.#groups !== null) {
      yield* this.#groups;
      return;
    }
    for (let at = 0; at < this.#rows.length;) {
      const group = this.#groupAt(at);
      yield [group[0]!.key, group];
      at += group.length;
    }
  }

  has(key: string): boolean {
    if (this.#groups !== null) return this.#groups.has(key);
    this.#seek(key);
    return this.#rows[this.#at]?.key === key;
  }

  /** @returns the rows of the key; none when there is no such key */
  of(key: string): readonly Row[] {
    if (this.#groups !== null) return this.#groups.get(key) ?? [];
    return this.has(key) ? this.#groupAt(this.#at) : [];
  }

  #groupAt(at: number): readonly Row[] {
    const first = this.#rows[at]!;
    let end = at + 1;
    while (this.#rows[end]?.key === first.key) end++;
    return this.#rows.slice(at, end);
  }

  /** Moves to the first row whose key is not below this one. */
  #seek(key: string): void {
    const rows = this.#rows;
    const isBelow = (at: number): boolean => rows[at]!.key < key;
    let low = this.#at;
    let step = 1;
    let high = low;
    if (low > 0 && !isBelow(low - 1)) low = 0;
    else {
      // In strides that grow, since the next question is most likely about what stands near.
      while (high < rows.length && isBelow(high)) {
        low = high + 1;
        high += step;
        step *= 2;
      }
    }
    high = Math.min(high, rows.length);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBelow(middle)) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
  }
}

/** @returns how many there are; null when they do not rise */
function risingKeys(rows: readonly Keyed[]): number | null {
  let keys = 0;
  let before: string | null = null;
  for (const { key } of rows) {
    if (before !== null && key < before) return null;
    if (key !== before) keys++;
    before = key;
  }
  return keys;
}
