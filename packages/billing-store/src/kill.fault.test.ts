/** What the embedded engine has acknowledged survives the death of the process, and what it has not leaves nothing. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { openEmbeddedBillingStore } from './store.ts';
import { invoiceFor } from './testing/requests.ts';

const ISSUER = fileURLToPath(new URL('testing/issue-until-killed.ts', import.meta.url));
const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-billing-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Kills the issuer when it has said so many numbers; where in the next transaction that hits, chance decides. */
function issueAndKill(acknowledged: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const issuer = spawn(process.execPath, [ISSUER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    issuer.stdout.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (said.split('\n').length > acknowledged) issuer.kill('SIGKILL');
    });
    issuer.once('exit', (code, signal) => {
      // A line that was cut off was not said.
      if (signal === 'SIGKILL') resolve(said.split('\n').slice(0, -1));
      else reject(new Error(`the issuer ended by itself with ${code}`));
    });
  });
}

it('loses no acknowledged invoice and leaves no gap when it is killed again and again', async () => {
  const said: string[] = [];
  for (const acknowledged of [1, 14, 5]) said.push(...(await issueAndKill(acknowledged)));
  const store = await openEmbeddedBillingStore(directory);
  const numbers = (await store.balances({})).map(({ number }) => number);
  expect(said.every((line) => line.startsWith('issued '))).toBe(true);
  expect(numbers).toEqual(expect.arrayContaining(said.map((line) => line.slice('issued '.length))));
  // At most one per kill was issued and not said any more.
  expect(numbers.length - said.length).toBeLessThanOrEqual(3);
  expect(numbers).toEqual(numbers.map((_, i) => `INV-${String(i + 1).padStart(6, '0')}`));
  expect(await store.verifyChain()).toEqual({ invoices: numbers.length, creditNotes: 0 });
  const [again] = await store.issueInvoices([invoiceFor('account-0')], 'test');
  expect(again).toMatchObject({ kind: 'present', number: 'INV-000001' });
  await store.close();
});
