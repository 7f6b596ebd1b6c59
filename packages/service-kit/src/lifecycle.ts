/**
 * Ordered stop. What is started last is stopped first, so a service registers its stores before its readers:
 *
 *   start:  stores → log → readers → ready
 *   stop:   1 unready → 2 readers (stop reading, drain, commit) → 3 log → 4 stores
 */
export interface Lifecycle {
  /** Registers a step of the stop. Steps run in reverse order, one at a time, also when one of them failed. */
  onStop(what: string, stop: () => Promise<void> | void): void;
  /** Runs the steps once; later calls wait for the same stop. */
  stop(): Promise<StopReport>;
}

export interface StopReport {
  /** Steps that failed, with their errors. */
  readonly failed: readonly { readonly what: string; readonly error: unknown }[];
  /** The step that was under way when the deadline passed; null when all were done in time. */
  readonly overran: string | null;
}

/** @param options.deadlineMs time for all steps together */
export function createLifecycle(options: { deadlineMs: number; onStep?: (what: string) => void }): Lifecycle {
  const steps: { what: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<StopReport> | null = null;

  async function run(): Promise<StopReport> {
    const failed: { what: string; error: unknown }[] = [];
    let current = '';
    const inOrder = async (): Promise<StopReport> => {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        current = step.what;
        options.onStep?.(current);
        try {
          await step.stop();
        } catch (error) {
          failed.push({ what: current, error });
        }
      }
      return { failed, overran: null };
    };
    const deadline = Promise.withResolvers<StopReport>();
    const timer = setTimeout(() => deadline.resolve({ failed, overran: current }), options.deadlineMs);
    try {
      return await Promise.race([inOrder(), deadline.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    onStop: (what, stop) => void steps.push({ what, stop }),
    stop: () => (stopping ??= run()),
  };
}
