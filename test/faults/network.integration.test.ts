/** Needs the right to make network namespaces (root); elsewhere it is skipped, and the faults that use them are left out. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openNetwork } from './network.ts';
import type { Wire } from './network.ts';

const network = await openNetwork().catch(() => null);

/** Connects from the far end of a wire; an error of the connection is what it says instead. */
function ask(wire: Wire, address: string, port: number): Promise<string> {
  const script = `require('node:net').connect(${port}, '${address}').on('error', ({ code }) => console.log(code)).pipe(process.stdout)`;
  const [command, ...args] = [...wire.command, process.execPath, '-e', script];
  return text(spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout);
}

function links(): string {
  return execFileSync('ip', ['-brief', 'address']).toString();
}

test.skipIf(network === null)('no packet passes a wire that is cut, and nobody hears of it', async () => {
  const { address } = network!;
  const server = createServer((socket) => socket.end('reached'));
  server.listen(0, address);
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const [cut, whole] = [await network!.plugIn(), await network!.plugIn()];
    expect(await ask(cut, address, port)).toBe('reached');
    await cut.setCut(true);
    let answer = 'nothing';
    const asked = ask(cut, address, port).then((said) => (answer = said));
    for (const _ of [1, 2, 3]) expect(await ask(whole, address, port)).toBe('reached');
    expect(answer).toBe('nothing');
    await cut.setCut(false);
    // The kernel of the far end has gone on trying.
    expect(await asked).toBe('reached');
  } finally {
    server.close();
    expect(links()).toContain(address);
    await network!.close();
  }
  expect(links()).not.toContain(address);
});
