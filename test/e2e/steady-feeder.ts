/** Publishes calls to the raw topic a few at a time, to each partition, until it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog } from '@tollstream/event-log';

const FEED_MS = 50;
/** To each partition each time. */
const CALLS_AT_A_TIME = 10;

export interface Feeder {
  /** @returns all lines that were published, as they stand in a file of calls */
  stop(): Promise<readonly Buffer[]>;
}

export function startFeeder({
  log,
  topic,
  partitions,
  calls,
}: {
  log: EventLog;
  topic: string;
  partitions: number;
  calls: Iterable<Buffer>;
}): Feeder {
  const stopped = new AbortController();
  const published: Buffer[] = [];
  const lines = calls[Symbol.iterator]();
  const feed = async (): Promise<void> => {
    const claim = await log.claim(`feeder-${topic}`, topic, 0);
    while (!stopped.signal.aborted) {
      const next: Buffer[] = [];
      while (next.length < partitions * CALLS_AT_A_TIME) {
        const { value, done } = lines.next();
        if (done === true) throw new Error('There are no more calls to publish.');
        next.push(value);
      }
      await claim.commit({
        outputs: next.map((value, i) => ({ topic, partition: i % partitions, value })),
        nextOffset: 0,
        metadata: '',
      });
      published.push(...next);
      await sleep(FEED_MS);
    }
    await claim.release();
  };
  const fed = feed();
  // What went wrong is thrown by the stop.
  fed.catch(() => undefined);
  return {
    async stop() {
      stopped.abort();
      await fed;
      return published;
    },
  };
}
