/** A time for each record of a topic, by partition and offset, without an object for any. */
const INITIAL_RECORDS = 1 << 16;

export class RecordTimes {
  readonly #partitions: Float64Array[] = [];

  /** @param timeMs of `performance.now()`, not 0 */
  set(partition: number, offset: number, timeMs: number): void {
    let times = (this.#partitions[partition] ??= new Float64Array(INITIAL_RECORDS));
    if (offset >= times.length) {
      const longer = new Float64Array(Math.max(offset + 1, times.length * 2));
      longer.set(times);
      this.#partitions[partition] = times = longer;
    }
    times[offset] = timeMs;
  }

  /** @param source `<partition>/<offset>` */
  get(source: string): number | undefined {
    const [partition = '', offset = ''] = source.split('/');
    const time = this.#partitions[Number(partition)]?.[Number(offset)];
    return time === 0 ? undefined : time;
  }
}
