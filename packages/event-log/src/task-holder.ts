import { asError, isFatal } from './errors.ts';
import { backoffMs, type Backoff } from './limits.ts';
import {
  ClaimLostError,
  type Committed,
  type JoinOptions,
  type Offset,
  type PartitionClaim,
  type PartitionTask,
  type RecordBatch,
} from './port.ts';
import { sleepUnlessAborted } from './waiting.ts';

export interface TaskHolderOptions {
  readonly topic: string;
  readonly partition: number;
  /** Fences earlier owners and reads the committed position after that. */
  readonly claim: () => Promise<PartitionClaim>;
  readonly open: JoinOptions['open'];
  readonly onEvent: NonNullable<JoinOptions['onEvent']>;
  readonly backoff: Backoff;
  /** Aborted when the partition is to be given up. */
  readonly signal: AbortSignal;
  readonly beginning: () => Promise<Offset>;
}

/** lost: another owner has the partition. failed: the task is to be opened anew. closed: there was no open task. */
export type TaskOutcome = 'done' | 'failed' | 'lost' | 'closed';

/**
 * The life of one partition's task: claim, open, process and tick in turns, close; after a failure everything anew from
 * the committed position. Fatal errors are thrown; all others become an outcome.
 */
export class TaskHolder {
  readonly #options: TaskHolderOptions;
  #claim: PartitionClaim | undefined;
  #task: PartitionTask | undefined;
  #committed: Committed | null = null;
  #attempt = 0;
  #lastError: Error = new Error('not opened yet');
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: TaskHolderOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#task !== undefined;
  }

  /** Says that the partition was given up, and how the log told that another owner has it, if it did. */
  tellGivenUp(): void {
    const { topic, partition, onEvent } = this.#options;
    const refusal = this.#lastError instanceof ClaimLostError ? { error: this.#lastError } : {};
    onEvent({ kind: 'revoked', topic, partition, ...refusal });
  }

  /** Tries until the task is open. @returns where to read from; null when given up or lost meanwhile */
  async open(): Promise<Offset | null> {
    while (!this.#options.signal.aborted) {
      if (this.#attempt > 0) await this.#waitBeforeRetry();
      if (this.#options.signal.aborted) return null;
      try {
        const claim = await this.#options.claim();
        this.#claim = claim;
        this.#committed = claim.committed;
        this.#task = await this.#options.open(this.#remembering(claim));
        return this.#task.startOffset ?? claim.committed?.offset ?? (await this.#options.beginning());
      } catch (error) {
        if ((await this.#fail(error)) === 'lost') return null;
      }
    }
    return null;
  }

  async process(batch: RecordBatch): Promise<TaskOutcome> {
    const outcome = await this.#inTurn(async (task) => task.process(batch));
    if (outcome === 'done') {
      this.#attempt = 0;
      const { topic, partition } = this.#options;
      this.#options.onEvent({
        kind: 'lag',
        topic,
        partition,
        lag: Math.max(0, batch.endOffset - batch.nextOffset),
      });
    }
    return outcome;
  }

  /** Moves on over offsets that hold no records, so that lag can become nothing. */
  async advance(from: Offset, to: Offset): Promise<TaskOutcome> {
    return this.#inTurn(async (task) => {
      if (task.skip) {
        await task.skip(from, to);
        return;
      }
      if (this.#committed?.offset !== from || !this.#claim) return;
      await this.#remembering(this.#claim).commit({
        outputs: [],
        nextOffset: to,
        metadata: this.#committed.metadata,
      });
    });
  }

  async tick(nowMs: number): Promise<TaskOutcome> {
    return this.#inTurn(async (task) => task.tick?.(nowMs));
  }

  async close(reason: 'stop' | 'revoked'): Promise<void> {
    await this.#inTurn(async (task) => {
      this.#task = undefined;
      await task.close(reason);
    });
    await this.#release();
  }

  async #waitBeforeRetry(): Promise<void> {
    const { topic, partition, onEvent, backoff, signal } = this.#options;
    const waitMs = backoffMs(backoff, this.#attempt);
    onEvent({ kind: 'retry', topic, partition, error: this.#lastError, attempt: this.#attempt, waitMs });
    await sleepUnlessAborted(waitMs, signal);
  }

  #remembering(claim: PartitionClaim): PartitionClaim {
    const { group, topic, partition, handle, committed } = claim;
    return {
      group,
      topic,
      partition,
      handle,
      committed,
      commit: async (step) => {
        await claim.commit(step);
        this.#committed = { offset: step.nextOffset, metadata: step.metadata };
      },
      release: async () => claim.release(),
    };
  }

  /** Process, tick and close never overlap. A task that was closed meanwhile is left alone. */
  async #inTurn(work: (task: PartitionTask) => Promise<void>): Promise<TaskOutcome> {
    const turn = this.#turn.then(async (): Promise<TaskOutcome> => {
      if (this.#task === undefined) return 'closed';
      try {
        await work(this.#task);
        return 'done';
      } catch (error) {
        return this.#fail(error);
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #fail(failure: unknown): Promise<'failed' | 'lost'> {
    this.#attempt += 1;
    this.#lastError = asError(failure);
    const task = this.#task;
    this.#task = undefined;
    // The failure in hand is what must be told; a second one while closing adds nothing.
    await task?.close('failed').catch(() => undefined);
    await this.#release();
    if (failure instanceof ClaimLostError) return 'lost';
    if (isFatal(failure)) throw failure;
    return 'failed';
  }

  async #release(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    await claim?.release().catch(() => undefined);
  }
}
