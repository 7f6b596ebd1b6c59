/**
 * Takes up again what a stage kept: publishes it, with what it becomes, once, whoever asks at the same time and wherever he is killed:
 *
 *   1 claim: fences every other who asks → 2 wait until the table holds every resolution that was asked for so far → 3 read what is
 *   open → 4 publish it, with the count of all that was asked for, in one step of the claim → 3 …
 *
 * Whoever is killed before 4 published nothing; whoever comes after 4 reads the new count, and waits at 2 until what was published is
 * resolved, and so no longer open.
 */
import type { SourcePosition } from '@tollstream/contracts';
import type { EventLog, OutputRecord } from '@tollstream/event-log';

/** What the tables say of what was kept. */
export interface KeptTable<T> {
  /** Resolutions that are stored. */
  resolutions(): Promise<number>;
  /** What is open and was chosen, in order of its source, from behind a source on. */
  open(after: SourcePosition | null, limit: number): Promise<readonly T[]>;
}

export interface AskOptions<T> {
  readonly log: EventLog;
  readonly table: KeptTable<T>;
  /** Its first partition carries the count of all that was asked for, as a position of `group`. */
  readonly topic: string;
  readonly group: string;
  readonly run: string;
  readonly countMax: number;
  /** Of one step of the claim. */
  readonly stepMax: number;
  /** Waits until the condition holds. @throws when that takes too long */
  readonly until: (condition: () => Promise<boolean>) => Promise<void>;
  /** @param requested all that was ever asked for, these included */
  readonly publish: (open: readonly T[], requested: number) => OutputRecord[];
}

export interface Asked {
  readonly count: number;
  /** All that was ever asked for, this included: so many resolutions the table holds once all is done. */
  readonly requested: number;
}

export async function askOnce<T extends { readonly source: SourcePosition }>(
  options: AskOptions<T>,
): Promise<Asked> {
  const { log, table, topic, group, countMax, stepMax, until, publish, run } = options;
  // 1
  const claim = await log.claim(group, topic, 0);
  try {
    let requested = claim.committed?.offset ?? 0;
    // 2
    await until(async () => (await table.resolutions()) >= requested);
    let count = 0;
    let after: SourcePosition | null = null;
    while (count < countMax) {
      // 3
      const open: readonly T[] = await table.open(after, Math.min(stepMax, countMax - count));
      if (open.length === 0) break;
      // 4
      requested += open.length;
      await claim.commit({
        outputs: publish(open, requested),
        nextOffset: requested,
        metadata: JSON.stringify({ run }),
      });
      count += open.length;
      after = open.at(-1)!.source;
    }
    return { count, requested };
  } finally {
    await claim.release();
  }
}
