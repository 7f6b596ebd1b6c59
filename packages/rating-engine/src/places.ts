/** Values by their place among those that were met, so that columns can name each by a number. */
export class Places<Value> {
  readonly #values: Value[] = [];
  readonly #places = new Map<Value, number>();

  /** -1 = it was not met. */
  find(value: Value): number {
    return this.#places.get(value) ?? -1;
  }

  of(value: Value): number {
    let place = this.#places.get(value);
    if (place === undefined) {
      place = this.#values.push(value) - 1;
      this.#places.set(value, place);
    }
    return place;
  }

  at(place: number): Value {
    return this.#values[place]!;
  }
}
