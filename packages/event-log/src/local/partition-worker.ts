import { recordCount } from '../packed-records.ts';
import { TaskHolder, type TaskHolderOptions, type TaskOutcome } from '../task-holder.ts';
import { yieldToEventLoop } from '../waiting.ts';
import type { Offset, RecordBatch } from '../port.ts';

export interface PartitionWorkerOptions extends Omit<TaskHolderOptions, 'signal'> {
  readonly tickMs: number;
  readonly now: () => number;
  /** A batch from this offset; without records when there is nothing to read yet. */
  readonly fetch: (from: Offset) => RecordBatch;
  /** Calls back once when records were appended to the partition. @returns a function that forgets the callback */
  readonly onAppend: (wake: () => void) => () => void;
}

/**
 * Moves one partition: fetch, process, tick, until it is given up. It yields to the event loop after every batch, and
 * since turns are first come first served, all partitions of all groups in the process advance in a round.
 */
export class PartitionWorker {
  readonly #options: PartitionWorkerOptions;
  readonly #abort = new AbortController();
  readonly #holder: TaskHolder;
  readonly #finished: Promise<void>;
  #reason: 'stop' | 'revoked' = 'stop';
  #wake: () => void = () => undefined;

  constructor(options: PartitionWorkerOptions) {
    this.#options = options;
    this.#holder = new TaskHolder({ ...options, signal: this.#abort.signal });
    this.#finished = this.#run();
    this.#finished.catch(() => undefined);
  }

  /** Rejects when the partition met a fatal error. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Finishes the batch in hand and closes the task. */
  async giveUp(reason: 'stop' | 'revoked'): Promise<void> {
    this.#reason = reason;
    this.#abort.abort();
    this.#wake();
    await this.#finished.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { topic, partition, onEvent } = this.#options;
    onEvent({ kind: 'assigned', topic, partition });
    try {
      let outcome: TaskOutcome = 'failed';
      while (outcome === 'failed' && !this.#abort.signal.aborted) outcome = await this.#openAndMove();
      await this.#holder.close(this.#reason);
    } finally {
      this.#holder.tellGivenUp();
    }
  }

  /** @returns `done` when asked to give up */
  async #openAndMove(): Promise<TaskOutcome> {
    const { fetch, now, tickMs } = this.#options;
    let position = await this.#holder.open();
    if (position === null) return 'lost';
    // By a clock that nobody sets: a wall clock set back must not keep a task from its ticks.
    let tickedMs = performance.now();
    while (!this.#abort.signal.aborted) {
      const batch = fetch(position);
      if (recordCount(batch) > 0) {
        const outcome = await this.#holder.process(batch);
        if (outcome !== 'done') return outcome;
        await yieldToEventLoop();
      } else {
        await this.#waitForAppend(Math.max(1, tickedMs + tickMs - performance.now()));
      }
      position = batch.nextOffset;
      if (performance.now() - tickedMs >= tickMs) {
        tickedMs = performance.now();
        const outcome = await this.#holder.tick(now());
        if (outcome !== 'done') return outcome;
      }
    }
    return 'done';
  }

  async #waitForAppend(waitMs: number): Promise<void> {
    // Nothing can have been appended since the fetch: it and this registration are one synchronous step.
    const { promise, resolve } = Promise.withResolvers<void>();
    const forget = this.#options.onAppend(resolve);
    const timer = setTimeout(resolve, waitMs);
    this.#wake = resolve;
    await promise;
    this.#wake = () => undefined;
    clearTimeout(timer);
    forget();
  }
}
