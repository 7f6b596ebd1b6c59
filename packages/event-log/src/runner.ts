import { withBacklogMark } from './backlog.ts';
import type {
  Committed,
  EventLog,
  JoinOptions,
  Membership,
  OutputRecord,
  PartitionClaim,
  PartitionTask,
  RecordBatch,
} from './port.ts';

/** What one batch becomes. */
export interface Processed {
  readonly outputs: readonly OutputRecord[];
  /** The note beside the committed offset (at most 4,000 bytes): running totals. */
  readonly metadata: string;
}

/**
 * A stage of the pipeline. `process` may change the state in place: when the commit fails, the state is dropped and restored
 * from the log.
 */
export interface Processor<State> {
  /** Builds the state of one partition as of the claim's committed position. */
  restore(claim: PartitionClaim, log: EventLog): Promise<State>;
  /** Fetches what a batch needs that is not there yet. */
  prepare?(batch: RecordBatch): Promise<void>;
  /** Pure but for `state`: no I/O, clock or randomness. */
  process(state: State, batch: RecordBatch): Processed;
  /** Who looks at a state that was restored, between its batches; absent: nobody. */
  follow?(state: State, claim: PartitionClaim, log: EventLog): StateFollower;
}

/**
 * Looks at the state of a partition when all of it is committed: never while a batch is in hand, and never again once one has failed.
 * What it throws fails the task.
 */
export interface StateFollower {
  /** After each commit, before the next batch. */
  committed(position: Committed): Promise<void>;
  /** Now and then, also when nothing comes. */
  tick(): Promise<void>;
  /** The state is given up or dropped. */
  close(): Promise<void>;
}

export interface RunProcessorOptions<State> extends Omit<JoinOptions, 'open' | 'mode'> {
  readonly log: EventLog;
  readonly processor: Processor<State>;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
  /** Told after each commit: metrics and progress. `elapsedMs` from the batch in hand to the durable commit. */
  readonly onCommitted?:
    ((committed: { batch: RecordBatch; processed: Processed; elapsedMs: number }) => void) | undefined;
}

/** Runs a processor as a member of a group, exactly once: outputs and position are committed in one step. */
export async function runProcessor<State>(options: RunProcessorOptions<State>): Promise<Membership> {
  const { log, processor, onCommitted, now = Date.now, ...join } = options;
  return log.join({
    ...join,
    mode: 'transactional',
    open: async (claim) => {
      const state = await processor.restore(claim, log);
      return openTask(claim, state, {
        processor,
        now,
        follower: processor.follow?.(state, claim, log),
        onCommitted,
      });
    },
  });
}

function openTask<State>(
  claim: PartitionClaim,
  state: State,
  {
    processor,
    now,
    follower,
    onCommitted,
  }: Pick<RunProcessorOptions<State>, 'processor' | 'onCommitted'> & {
    now: () => number;
    follower: StateFollower | undefined;
  },
): PartitionTask {
  return {
    // 1 the batch was read, committed records only.
    process: async (batch) => {
      const startedMs = performance.now();
      await processor.prepare?.(batch);
      // 2 process, pure.
      const processed = processor.process(state, batch);
      // 3 begin → 4 send outputs → 5 send the position → 6 commit: one step of the claim.
      await claim.commit({
        outputs: withBacklogMark(processed.outputs, batch, now()),
        metadata: processed.metadata,
        nextOffset: batch.nextOffset,
      });
      // 7 keep the new state. Any failure before this line closes the task: the state goes, and `restore` builds it
      //   anew from what the log says was committed.
      onCommitted?.({ batch, processed, elapsedMs: performance.now() - startedMs });
      await follower?.committed({ offset: batch.nextOffset, metadata: processed.metadata });
    },
    tick: async () => follower?.tick(),
    close: async () => follower?.close(),
  };
}
