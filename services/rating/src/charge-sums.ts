/** Sums of charges by currency, exact: numbers while they stay below 2^53, BigInt beyond. */
export class ChargeSums {
  readonly #exact = new Map<string, bigint>();
  // Nearly all calls of a block are in one currency: its sum is kept outside the map.
  #currency = '';
  #pending = 0;

  /** @param charge scaled integer, 0 or more, below 2^53 */
  add(currency: string, charge: number): void {
    if (currency !== this.#currency || charge > Number.MAX_SAFE_INTEGER - this.#pending) {
      this.#settle();
      this.#currency = currency;
    }
    this.#pending += charge;
  }

  /** Currency → sum in decimal digits. A currency whose calls were all free has the sum 0. */
  toRecord(): Record<string, string> {
    this.#settle();
    return Object.fromEntries([...this.#exact].map(([currency, sum]) => [currency, sum.toString()]));
  }

  #settle(): void {
    if (this.#currency === '') return;
    this.#exact.set(this.#currency, (this.#exact.get(this.#currency) ?? 0n) + BigInt(this.#pending));
    this.#pending = 0;
  }
}
