import { LocalEventLog } from '../local/local-event-log.ts';
import type { Backoff } from '../limits.ts';
import type { EventLog } from '../port.ts';
import { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';

export interface MemoryEventLogOptions extends MemoryStoreOptions {
  readonly now?: () => number;
  readonly backoff?: Backoff;
}

/** A log that lives and dies with the process. */
export function createMemoryEventLog(options: MemoryEventLogOptions = {}): EventLog {
  return new LocalEventLog({
    kind: 'memory',
    store: new MemoryStore(options),
    ...(options.now ? { now: options.now } : {}),
    ...(options.backoff ? { backoff: options.backoff } : {}),
  });
}
