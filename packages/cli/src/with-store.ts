/** The usage that a command asks of: of a data directory, or of ClickHouse by environment. */
import type { UsageStore } from '@tollstream/usage-store';
import { openStoreOf } from './embedded/open-store.ts';
import { openServerStoreFromEnvironment } from './kafka-options.ts';

/** Asks the store and closes it. */
export async function withStore<T>(
  data: string | undefined,
  ask: (store: UsageStore) => Promise<T>,
): Promise<T> {
  const opened = data === undefined ? null : await openStoreOf(data);
  const store = opened?.store ?? openServerStoreFromEnvironment();
  try {
    return await ask(store);
  } finally {
    await (opened ?? store).close();
  }
}
