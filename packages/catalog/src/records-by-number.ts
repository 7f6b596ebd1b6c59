/** The records of a list by the numbers that stand in them: one double and, in a table twice as long, four bytes each. */
import { hashOfNumber, slotCount } from './hash-slots.ts';

export class RecordsByNumber {
  /** By record; 0 = it claimed none. */
  readonly #numbers: Float64Array;
  /** Record + 1; 0 = free. */
  readonly #slots: Int32Array;

  /** @param records how many there are */
  constructor(records: number) {
    this.#numbers = new Float64Array(records);
    this.#slots = new Int32Array(slotCount(records));
  }

  /** @returns the record that has the number: this one, unless another one came before */
  claim(number: number, record: number): number {
    const slots = this.#slots;
    let slot = hashOfNumber(number) & (slots.length - 1);
    for (let held = slots[slot]!; held !== 0; held = slots[slot]!) {
      if (this.#numbers[held - 1] === number) return held - 1;
      slot = (slot + 1) & (slots.length - 1);
    }
    slots[slot] = record + 1;
    this.#numbers[record] = number;
    return record;
  }
}
