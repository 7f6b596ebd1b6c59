import type { Offset } from '@tollstream/event-log';
import type { BlockMessage } from './blocks.ts';
import type { SourceRange } from './cut.ts';

/** Rows are summed in stretches of this many source offsets, so that a difference is found again without reading everything. */
export const STRETCH_OFFSETS = 65_536;

export interface StretchSum {
  rows: number;
  /** Scaled integer. */
  charge: bigint;
  /** Sum of the hashes of the rows. */
  checksum: bigint;
}

/** A stretch of source offsets of one raw partition. */
export interface Stretch {
  readonly source: string;
  readonly index: number;
}

/** Which message holds rows of which source offsets. */
interface MessagePlace {
  readonly partition: number;
  readonly offset: Offset;
  readonly source: string;
  readonly first: Offset;
  readonly last: Offset;
}

/** What a table must hold, summed from the blocks of its topic by raw partition, stretch and currency. */
export class TableSums {
  readonly sums = new Map<string, StretchSum>();
  readonly #places: MessagePlace[] = [];
  readonly #ranges: ReadonlyMap<string, SourceRange>;
  #rows = 0;

  constructor(ranges: ReadonlyMap<string, SourceRange>) {
    this.#ranges = ranges;
  }

  get rows(): number {
    return this.#rows;
  }

  /** @param hashes of the block's rows */
  add(message: BlockMessage, hashes: Uint32Array): void {
    const { block, source, sourceOffsets } = message;
    const range = this.#ranges.get(source);
    if (range === undefined) return;
    const isRated = message.header.schema === 'rated';
    const charges = isRated ? block.column('charge').integers() : null;
    const currencies = isRated ? block.column('currency').lowCardinality() : null;
    let first = Infinity;
    let last = -1;
    // Neighbours share stretch and currency nearly always: their sums are kept in numbers.
    let open: StretchSum | null = null;
    let [openIndex, openCurrency, checksum, charge] = [-1, -1, 0, 0];
    const settle = (): void => {
      if (open === null) return;
      open.checksum += BigInt(checksum);
      open.charge += BigInt(charge);
      checksum = 0;
      charge = 0;
    };
    for (let row = 0; row < hashes.length; row++) {
      const offset = sourceOffsets[row]!;
      if (offset < range.from || offset >= range.storedTo) continue;
      const index = Math.floor(offset / STRETCH_OFFSETS);
      const currency = currencies === null ? 0 : currencies.indexes[row]!;
      const rowCharge = charges === null ? 0 : charges[row]!;
      if (
        open === null ||
        index !== openIndex ||
        currency !== openCurrency ||
        rowCharge > Number.MAX_SAFE_INTEGER - charge
      ) {
        settle();
        open = this.#sumOf({ source, index }, currencies === null ? '' : currencies.dictionary[currency]!);
        openIndex = index;
        openCurrency = currency;
      }
      open.rows += 1;
      checksum += hashes[row]!;
      charge += rowCharge;
      this.#rows += 1;
      if (offset < first) first = offset;
      if (offset > last) last = offset;
    }
    settle();
    if (last >= 0)
      this.#places.push({ partition: message.partition, offset: message.offset, source, first, last });
  }

  /** The messages that hold rows of a stretch. */
  placesOf({ source, index }: Stretch): readonly MessagePlace[] {
    const first = index * STRETCH_OFFSETS;
    return this.#places.filter(
      (place) => place.source === source && place.last >= first && place.first < first + STRETCH_OFFSETS,
    );
  }

  #sumOf(stretch: Stretch, currency: string): StretchSum {
    const key = sumKey(stretch, currency);
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { rows: 0, charge: 0n, checksum: 0n };
      this.sums.set(key, sum);
    }
    return sum;
  }
}

export function sumKey({ source, index }: Stretch, currency: string): string {
  return `${source}\0${index}\0${currency}`;
}

/** The stretches in which the sums differ, in order of source and offset. */
export function differingStretches(
  stream: ReadonlyMap<string, StretchSum>,
  table: ReadonlyMap<string, StretchSum>,
): Stretch[] {
  const found = new Map<string, Stretch>();
  for (const key of new Set([...stream.keys(), ...table.keys()])) {
    const [mine, theirs] = [stream.get(key), table.get(key)];
    const isSame =
      mine?.rows === theirs?.rows && mine?.charge === theirs?.charge && mine?.checksum === theirs?.checksum;
    if (isSame) continue;
    const [source = '', index = '0'] = key.split('\0');
    found.set(`${source}\0${index}`, { source, index: Number(index) });
  }
  return [...found.values()].toSorted((a, b) =>
    a.source === b.source ? a.index - b.index : a.source < b.source ? -1 : 1,
  );
}
