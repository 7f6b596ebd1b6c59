/**
 * When rows become visible in ClickHouse, seen from outside: the parts of the table are listed again and again, and the rows of those that
 * were not there before are read. A row counts as visible when the answer that listed its part was there: never too early.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** One row in so many is followed, chosen by its source offset. */
export const FOLLOWED_ONE_IN = 32;
/** A row is seen at most this much too late; each look costs the engine as much as a small insert. */
const POLL_MS = 100;

interface Part {
  readonly name: string;
  readonly partition_id: string;
  readonly first: string;
  readonly last: string;
}

export type Query = <Row>(sql: string) => Promise<Row[]>;

export class VisibleRows {
  /** `<partition>/<offset>` of the raw topic → time of `performance.now()`. */
  readonly visibleAt = new Map<string, number>();
  readonly #query: Query;
  /** Block of a table partition → when it was listed first. */
  readonly #listed = new Map<string, number>();
  readonly #read = new Set<string>();
  #following: Promise<void> | undefined;
  #stopped = false;

  constructor(query: Query) {
    this.#query = query;
  }

  start(): void {
    this.#following = this.#follow();
    this.#following.catch(() => undefined);
  }

  /** Looks once more, and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#following;
    await this.#look();
  }

  async #follow(): Promise<void> {
    while (!this.#stopped) {
      await this.#look();
      await sleep(POLL_MS);
    }
  }

  async #look(): Promise<void> {
    const parts = await this.#query<Part>(
      `SELECT name, partition_id, toString(min_block_number) AS first, toString(max_block_number) AS last
       FROM system.parts WHERE database = 'tollstream' AND table = 'usage' AND active`,
    );
    const nowMs = performance.now();
    const fresh = parts.filter((part) => blocksOf(part).some((block) => !this.#read.has(block)));
    if (fresh.length === 0) return;
    for (const part of fresh)
      for (const block of blocksOf(part)) if (!this.#listed.has(block)) this.#listed.set(block, nowMs);
    const byName = new Map(fresh.map((part) => [part.name, part]));
    const rows = await this.#query<{ part: string; partition: number; offset: string }>(
      `SELECT _part AS part, source_partition AS partition, toString(source_offset) AS offset FROM tollstream.usage
       WHERE _part IN (${fresh.map(({ name }) => `'${name}'`).join(', ')}) AND source_offset % ${FOLLOWED_ONE_IN} = 0`,
    );
    const found = new Set<string>();
    for (const { part, partition, offset } of rows) {
      found.add(part);
      const key = `${partition}/${offset}`;
      if (!this.visibleAt.has(key)) this.visibleAt.set(key, this.#listedAt(byName.get(part)!));
    }
    // A part that was merged away in between shows up in the merged one, with the time at which it was listed here.
    for (const name of found) for (const block of blocksOf(byName.get(name)!)) this.#read.add(block);
  }

  /** Of the last of the part's blocks that had not been read. */
  #listedAt(part: Part): number {
    return Math.max(
      ...blocksOf(part)
        .filter((block) => !this.#read.has(block))
        .map((block) => this.#listed.get(block)!),
    );
  }
}

function blocksOf({ partition_id, first, last }: Part): string[] {
  const from = Number(first);
  return Array.from({ length: Number(last) - from + 1 }, (_, index) => `${partition_id}:${from + index}`);
}
