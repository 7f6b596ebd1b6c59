/**
 * The numbers of an account, as prices ask for them. There is one of these for each account that calls, and most accounts have one number,
 * which needs no set.
 */
import type { Account } from '@tollstream/catalog';

export class OwnNumbers {
  /** Where the account's extensions stand in the numbering plan: its first number; 0 when it has none. */
  readonly main: number;
  readonly #isMainTollFree: boolean;
  /** Null with fewer than two. */
  readonly #several: SeveralNumbers | null;

  constructor(numbers: Account['numbers']) {
    const [first] = numbers;
    this.main = first?.number ?? 0;
    this.#isMainTollFree = first?.kind === 'toll_free';
    this.#several = numbers.length < 2 ? null : severalNumbers(numbers);
  }

  /** Whether the catalog gives the number to the account. */
  has(number: number): boolean {
    return this.#several === null ? number === this.main && number !== 0 : this.#several.all.has(number);
  }

  /** Whether it is one of its toll-free ones. */
  hasTollFree(number: number): boolean {
    if (this.#several !== null) return this.#several.tollFree.has(number);
    return this.#isMainTollFree && number === this.main;
  }

  /** The first number that rings at the extension; the main number where there is none. */
  ofExtension(extension: string): number {
    return this.#several === null ? this.main : (this.#several.byExtension.get(extension) ?? this.main);
  }
}

interface SeveralNumbers {
  readonly all: ReadonlySet<number>;
  readonly tollFree: ReadonlySet<number>;
  readonly byExtension: ReadonlyMap<string, number>;
}

function severalNumbers(numbers: Account['numbers']): SeveralNumbers {
  const byExtension = new Map<string, number>();
  for (const { number, extension } of numbers)
    if (!byExtension.has(extension)) byExtension.set(extension, number);
  return {
    all: new Set(numbers.map(({ number }) => number)),
    tollFree: new Set(numbers.filter(({ kind }) => kind === 'toll_free').map(({ number }) => number)),
    byExtension,
  };
}
