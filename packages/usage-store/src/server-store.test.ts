import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openServerStore } from './server-store.ts';

test('a server that does not run, or does not answer in time, is worth waiting for', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  for (const url of ['http://127.0.0.1:1', `http://127.0.0.1:${port}`]) {
    const store = openServerStore({ url, requestTimeoutMs: 100 });
    await expect(store.ping()).rejects.toMatchObject({ code: 'TOLL_STORE_UNREACHABLE', transient: true });
    await expect(store.query('SELECT 1')).rejects.toMatchObject({ code: 'TOLL_STORE_UNREACHABLE' });
    await store.close();
  }
  silent.closeAllConnections();
  silent.close();
});

test('neither password nor user stands in what a failure says', async () => {
  const store = openServerStore({ url: 'http://somebody:secret@127.0.0.1:1' });
  await expect(store.ping()).rejects.not.toThrow(/secret|somebody/);
  await store.close();
});

test('an address that is none is refused at once', () => {
  expect(() => openServerStore({ url: 'not an address' })).toThrow("'not an address' is no URL");
});
