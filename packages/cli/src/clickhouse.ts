import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { openEmbeddedStore, serveClickHouseHttp } from '@tollstream/usage-store';
import type { ClickHouseOptions } from './commands/clickhouse.ts';
import { print, say } from './terminal.ts';

export async function serveClickHouse(options: ClickHouseOptions): Promise<void> {
  await mkdir(options.data, { recursive: true });
  const store = await openEmbeddedStore({ dataDirectory: options.data });
  try {
    const front = await serveClickHouseHttp({
      engine: store.engine,
      port: options.port,
      database: 'default',
    });
    // Before anybody knows that it is up: who reads the address may end it at once.
    const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    print(front.url);
    say('Up until Ctrl-C.');
    await told;
    await front.close();
  } finally {
    await store.close();
  }
}
