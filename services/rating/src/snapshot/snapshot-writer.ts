/** Writes the state of a partition beside the log now and then, while rating goes on. */
import type {
  Committed,
  EventLog,
  PartitionClaim,
  SnapshotDraft,
  SnapshotStore,
  StateFollower,
} from '@tollstream/event-log';
import { FrameWriter } from '@tollstream/event-log';
import type { DedupeLimits } from '../dedupe-window.ts';
import type { IdentityCopy } from '../identity-table.ts';
import type { RatingTopics } from '../processor.ts';
import type { RatingState } from '../state.ts';
import { OUTPUTS, STATE_SCHEMA, restOf, writeHead, writeIdentities } from './state-frames.ts';
import type { Output } from './state-frames.ts';
import { sourceOf } from './snapshot-source.ts';

export interface SnapshotLimits {
  /** A snapshot is begun after so many calls, */
  readonly calls: number;
  /** or after so long, when there were any. */
  readonly intervalMs: number;
  /** Slots of the duplicate window looked through between two batches. */
  readonly slotsPerTurn: number;
}

export const SNAPSHOT_LIMITS: SnapshotLimits = {
  calls: 2_000_000,
  intervalMs: 300_000,
  slotsPerTurn: 131_072,
};

/** Turns of one tick: it comes once in a second, when there may be nothing else to do. */
const TICK_TURNS = 8;
/** A window that holds far more than `calls` is not written again and again: not before so much of it may have changed. */
const WINDOW_SHARE = 1 / 4;

export type SnapshotEvent = { readonly partition: number } & (
  | {
      readonly kind: 'written';
      readonly offset: number;
      readonly identities: number;
      readonly bytes: number;
      readonly seconds: number;
    }
  | { readonly kind: 'failed'; readonly error: Error }
  /** Time between two batches that went into it. */
  | { readonly kind: 'paused'; readonly seconds: number }
  | { readonly kind: 'used'; readonly name: string; readonly offset: number }
  | { readonly kind: 'refused'; readonly name: string; readonly reason: string }
);

interface WriterParts {
  readonly store: SnapshotStore;
  readonly log: EventLog;
  readonly claim: PartitionClaim;
  readonly topics: RatingTopics;
  readonly limits: DedupeLimits;
  readonly state: RatingState;
  readonly snapshotLimits: SnapshotLimits;
  readonly onEvent: (event: SnapshotEvent) => void;
}

interface Copy {
  readonly draft: SnapshotDraft;
  readonly writer: FrameWriter;
  readonly identities: IdentityCopy;
  readonly startedMs: number;
}

/** What was looked up before a copy begins. */
interface Prepared {
  readonly draft: SnapshotDraft;
  readonly source: Awaited<ReturnType<typeof sourceOf>>;
  readonly outputs: Readonly<Record<Output, number>>;
}

/**
 * One snapshot after the other:
 *
 *   1 look up topics and ends of outputs, in the background
 *   2 `from` is the position now; identities are copied a piece between two batches, each written in the background
 *   3 with the last piece, `to` is the position now, and all else is copied at once
 *   4 the rest is written and the snapshot completed, in the background
 *
 * All that is copied is committed: between 2 and 3 a batch that fails ends this object, and with it the draft.
 */
export class SnapshotWriter implements StateFollower {
  readonly #parts: WriterParts;
  #position: Committed | null;
  #doneMs = performance.now();
  #preparing = false;
  #prepared: Prepared | null = null;
  #copy: Copy | null = null;
  /** What is being written. */
  #writing: Promise<void> | null = null;
  #isFinishing = false;
  #isClosed = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#position = parts.claim.committed;
  }

  async committed(position: Committed): Promise<void> {
    this.#position = position;
    this.#turn();
    return Promise.resolve();
  }

  async tick(): Promise<void> {
    for (let turn = 0; turn < TICK_TURNS; turn++) {
      this.#turn();
      if (this.#writing === null) return;
      await this.#writing;
    }
  }

  /** What is copied already is completed, what is not is dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#isFinishing) await this.#writing;
    else await this.#discard();
  }

  #turn(): void {
    if (this.#isClosed || this.#preparing || this.#writing !== null || this.#position === null) return;
    if (this.#copy === null && this.#prepared === null) {
      if (this.#isDue()) void this.#prepare();
      return;
    }
    const startedMs = performance.now();
    this.#copy ??= this.#begin(this.#prepared!);
    const { writer, identities } = this.#copy;
    const piece = identities.next(this.#parts.snapshotLimits.slotsPerTurn);
    this.#write(piece === null ? this.#finish(this.#copy) : writeIdentities(writer, piece));
    const { onEvent, claim } = this.#parts;
    onEvent({ kind: 'paused', partition: claim.partition, seconds: (performance.now() - startedMs) / 1_000 });
  }

  #isDue(): boolean {
    const { state, snapshotLimits } = this.#parts;
    const calls = callsOf(state) - state.snapshotCalls;
    if (calls === 0) return false;
    if (calls >= Math.max(snapshotLimits.calls, state.window.size * WINDOW_SHARE)) return true;
    return performance.now() - this.#doneMs >= snapshotLimits.intervalMs;
  }

  async #prepare(): Promise<void> {
    const { store, log, claim, topics, limits } = this.#parts;
    this.#preparing = true;
    try {
      const source = await sourceOf({ log, claim, topics, limits });
      const ends = await Promise.all(
        OUTPUTS.map(async (output) => {
          const bounds = (await log.offsets(topics[output])).find(
            ({ partition }) => partition === claim.partition,
          );
          return [output, bounds?.end ?? 0] as const;
        }),
      );
      if (this.#isClosed) return;
      const draft = await store.create(claim);
      this.#prepared = { draft, source, outputs: Object.fromEntries(ends) as Record<Output, number> };
      if (this.#isClosed) await this.#discard();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#preparing = false;
    }
  }

  #begin({ draft, source, outputs }: Prepared): Copy {
    const { state } = this.#parts;
    const writer = new FrameWriter(draft);
    const { bounds, size } = state.window;
    const head = {
      schema: STATE_SCHEMA,
      source,
      from: this.#position!.offset,
      outputs,
      window: { bounds, size },
    };
    const identities = state.window.copy();
    this.#write(writeHead(writer, head));
    return { draft, writer, identities, startedMs: performance.now() };
  }

  async #finish({ writer, startedMs }: Copy): Promise<void> {
    const { state, claim, onEvent } = this.#parts;
    const to = this.#position!.offset;
    const calls = callsOf(state);
    const identities = state.window.size;
    const writeRest = restOf(state, to);
    this.#isFinishing = true;
    await writeRest(writer);
    await writer.complete();
    this.#copy = null;
    this.#prepared = null;
    this.#isFinishing = false;
    state.snapshotCalls = calls;
    this.#doneMs = performance.now();
    const seconds = (performance.now() - startedMs) / 1_000;
    onEvent({
      kind: 'written',
      partition: claim.partition,
      offset: to,
      identities,
      bytes: writer.bytes,
      seconds,
    });
  }

  /** One thing after the other. */
  #write(work: Promise<void>): void {
    const before = this.#writing;
    const writing = Promise.all([before, work]).then(
      () => {
        if (this.#writing === writing) this.#writing = null;
      },
      async (error: unknown) => {
        this.#writing = null;
        this.#fail(error);
        await this.#discard();
      },
    );
    this.#writing = writing;
  }

  /** Tried again when the next one would be due. */
  #fail(failure: unknown): void {
    const error = failure instanceof Error ? failure : new Error(String(failure));
    this.#isFinishing = false;
    this.#parts.state.snapshotCalls = callsOf(this.#parts.state);
    this.#doneMs = performance.now();
    this.#parts.onEvent({ kind: 'failed', partition: this.#parts.claim.partition, error });
  }

  async #discard(): Promise<void> {
    const draft = this.#prepared?.draft;
    this.#prepared = null;
    this.#copy?.identities.close();
    this.#copy = null;
    await draft?.discard().catch(() => undefined);
  }
}

function callsOf({ totals }: RatingState): number {
  return totals.seen + totals.replayed;
}
