import type { EventLog, PartitionClaim } from '@tollstream/event-log';
import type { UsageStore, UsageTable } from '@tollstream/usage-store';
import type { Limiter } from '@tollstream/usage-store';
import { rangeChanged } from './errors.ts';
import { rangeIn, readNote } from './processor.ts';
import type { BlockMessage, Boundary, Range } from './processor.ts';
import { Turn, writeRows } from './store-writer.ts';
import type { RetryLimits, Waiting } from './store-writer.ts';

/** Boundaries of which a process remembers that it brought them into the table: those of the owners before it. */
const REMEMBERED_MAX = 64;

export interface ReplayOptions {
  readonly log: Pick<EventLog, 'read' | 'committed' | 'offsets'>;
  readonly store: UsageStore;
  readonly turns: readonly Limiter[];
  readonly table: UsageTable;
  readonly readMessage: (record: { readonly offset: number; readonly value: Buffer | null }) => BlockMessage;
  readonly retry: RetryLimits;
  readonly signal: AbortSignal;
  readonly onWaiting: (waiting: Waiting) => void;
}

export interface Replayed extends RangeRead {
  /** Rows of the whole insert that were not stored yet; told to the first partition that asks. */
  readonly missing: number;
}

interface RangeRead {
  readonly rows: number;
  readonly bytes: number;
  readonly messages: number;
}

type Brought =
  | { readonly isThere: true; readonly read: ReadonlyMap<number, RangeRead>; readonly missing: number }
  /** Records of a range are gone. Nothing was written. */
  | { readonly isThere: false };

/**
 * Brings the rows of an insert that was begun and may not have ended into the table, before anything else of its partitions.
 *
 * The insert is made again as it was, with the ranges of all its partitions, though some may be others' by now: only so do its rows have the
 * token by which the store tells a late twin, sent by an owner of the past. Each partition's owner does this; whatever the others have brought is
 * there and is not brought again (`packages/usage-store/src/replay.ts`).
 *
 * Not so where the boundary does not stand beside all its partitions, or their records are gone. Then the insert was never begun, or so long
 * ago that no twin can come, and the rows of this partition are brought alone, as the owners of the others do with theirs.
 */
export class Replays {
  readonly #options: ReplayOptions;
  /** By token: partitions of one process that were left in the middle of the same insert bring it once. */
  readonly #brought = new Map<string, Promise<Brought>>();

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** @throws AggregatorError TOLL_AGGREGATOR_RANGE_CHANGED when records of the claim's own range are gone */
  async bring(boundary: Boundary, claim: PartitionClaim): Promise<Replayed> {
    if (await this.#standsBesideAll(boundary, claim)) {
      const whole = await this.#once(boundary, claim);
      if (whole !== null) return whole;
    }
    const own = rangeIn(boundary, claim.partition);
    const alone = { token: `${boundary.token}/${claim.partition}`, ranges: [own] };
    const brought = await this.#once(boundary.ranges.length === 1 ? boundary : alone, claim);
    if (brought === null) throw rangeChanged(claim, own);
    return brought;
  }

  /** Whether each other partition has the boundary beside its offset, or is past it. */
  async #standsBesideAll(boundary: Boundary, { group, topic, partition }: PartitionClaim): Promise<boolean> {
    for (const range of boundary.ranges) {
      if (range.partition === partition) continue;
      const committed = await this.#options.log.committed(group, topic, range.partition);
      if (committed === null) return false;
      const note = readNote(committed.metadata, range.partition);
      if (committed.offset < range.next && note?.boundary?.token !== boundary.token) return false;
    }
    return true;
  }

  /** @returns null when records of the ranges are gone */
  async #once(boundary: Boundary, claim: PartitionClaim): Promise<Replayed | null> {
    const { token } = boundary;
    const earlier = this.#brought.get(token);
    const bringing = earlier ?? this.#bring(boundary, claim.topic);
    if (earlier === undefined) this.#remember(token, bringing);
    const brought = await bringing;
    if (!brought.isThere) {
      this.#brought.delete(token);
      return null;
    }
    const own = brought.read.get(claim.partition)!;
    return { ...own, missing: earlier === undefined ? brought.missing : 0 };
  }

  #remember(token: string, bringing: Promise<Brought>): void {
    this.#brought.set(token, bringing);
    bringing.catch(() => this.#brought.delete(token));
    for (const oldest of this.#brought.keys()) {
      if (this.#brought.size <= REMEMBERED_MAX) break;
      this.#brought.delete(oldest);
    }
  }

  async #bring(boundary: Boundary, topic: string): Promise<Brought> {
    const read = new Map<number, RangeRead>();
    const natives: Buffer[] = [];
    for (const range of boundary.ranges) {
      const messages = await this.#read(topic, range);
      const rows = messages.reduce((sum, message) => sum + message.rows, 0);
      if (rows !== range.rows) {
        await this.#assertReadable(topic, range);
        return { isThere: false };
      }
      const bytes = messages.reduce((sum, { native }) => sum + native.length, 0);
      read.set(range.partition, { rows, bytes, messages: messages.length });
      natives.push(...messages.map(({ native }) => native));
    }
    const { turns, ...options } = this.#options;
    const turn = new Turn(turns);
    await turn.take();
    try {
      return { isThere: true, read, missing: await writeRows({ ...options, turn }, boundary, natives, true) };
    } finally {
      turn.giveBack();
    }
  }

  /** What a former owner read may come a moment later here, after a change of the leader, say. @throws when it does: to be tried again */
  async #assertReadable(topic: string, { partition, next }: Range): Promise<void> {
    const end =
      (await this.#options.log.offsets(topic)).find((bounds) => bounds.partition === partition)?.end ?? 0;
    if (end < next)
      throw new Error(`${topic}/${partition} ends at ${end}; up to ${next} was read of it before.`);
  }

  /** The messages with rows, as they were inserted. */
  async #read(topic: string, { partition, first, next }: Range): Promise<BlockMessage[]> {
    const messages: BlockMessage[] = [];
    for await (const batch of this.#options.log.read({ topic, partition, from: first, to: next }))
      for (const record of batch.records) messages.push(this.#options.readMessage(record));
    return messages.filter(({ rows }) => rows > 0);
  }
}
