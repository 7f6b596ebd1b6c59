import { openServerStoreFromEnvironment } from './kafka-options.ts';
import { print } from './terminal.ts';

export async function migrate(): Promise<void> {
  const store = openServerStoreFromEnvironment();
  try {
    const { applied, version } = await store.migrate();
    for (const name of applied) print(`applied ${name}`);
    print(`${store.database} is at version ${version}${applied.length === 0 ? '; nothing to do' : ''}.`);
  } finally {
    await store.close();
  }
}
