import type { PrefixIndex } from '@tollstream/catalog';
import type { RatedAccount } from './rate-table.ts';

/** Numbers that are read ahead at a time. */
const NUMBERS_MAX = 128;

/**
 * Reads what the prices of the next calls will ask of large decks, so that it is near by then: a look-up in a million rows waits three or four times for
 * memory, and of calls that are looked up side by side none waits for the one before. Prices nothing, and changes no price.
 */
export class RatesAhead {
  readonly #numbers = new Float64Array(NUMBERS_MAX);
  #count = 0;
  #index: PrefixIndex | null = null;

  /** @param destination E.164 digits; 0 = no number */
  add({ plan }: RatedAccount, destination: number): void {
    const { largeIndex } = plan;
    if (largeIndex === null || destination === 0) return;
    if (largeIndex !== this.#index || this.#count === NUMBERS_MAX) this.flush();
    this.#index = largeIndex;
    this.#numbers[this.#count++] = destination;
  }

  /** Reads for those that were added since. */
  flush(): void {
    this.#index?.approach(this.#numbers, 0, this.#count);
    this.#count = 0;
    // A catalog that is not used any more must not be kept for this.
    this.#index = null;
  }
}
