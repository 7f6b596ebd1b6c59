/** A real receiver and the embedded billing store: every invoice is told, signed, until it is taken. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedBillingStore } from '@tollstream/billing-store';
import type { BillingStore } from '@tollstream/billing-store';
import { WEBHOOK_LIMITS, deliverDue, pauseAfter } from './deliver.ts';

const SECRET = 'whsec_c2VjcmV0IG9mIHRoZSB0ZXN0';
const NOW = Date.UTC(2020, 1, 1, 12);

interface Told {
  readonly id: string;
  readonly number: string;
}

let billing: BillingStore;
let server: Server;
let url: string;
let status = 204;
const told: Told[] = [];

beforeAll(async () => {
  billing = await openEmbeddedBillingStore();
  await billing.migrate();
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const header = (name: string): string => String(request.headers[name]);
      const signed = `${header('webhook-id')}.${header('webhook-timestamp')}.${body}`;
      const key = Buffer.from('secret of the test');
      const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
      if (header('webhook-signature') !== expected) response.statusCode = 401;
      else {
        response.statusCode = status;
        if (status === 302) response.setHeader('location', 'http://127.0.0.1:1/');
        const { number } = (JSON.parse(body) as { data: { number: string } }).data;
        told.push({ id: header('webhook-id'), number });
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  server.close();
  await billing.close();
});

const issue = (...accounts: string[]) =>
  billing.issueInvoices(
    accounts.map((accountId) => ({
      accountId,
      month: '2020-02',
      issueDate: '2020-02-01',
      dueDate: '2020-02-16',
      currency: 'USD',
      total: '12.50',
      catalogVersion: 1,
      lines: [],
      eventIds: [],
      numberPrefix: 'INV-',
      document: (number) => JSON.stringify({ number }),
    })),
    'test',
  );
/** At once again: no pause between attempts. */
const limits = { ...WEBHOOK_LIMITS, firstPauseSeconds: 0, longestPauseSeconds: 0 };
const round = (secret = SECRET, changes: Partial<typeof limits> = {}) =>
  deliverDue({ billing, target: { url, secret }, clock: () => NOW, limits: { ...limits, ...changes } });
const numbers = () =>
  told
    .splice(0)
    .map(({ number }) => number)
    .toSorted();

it('tells each invoice once when it is taken, by several tellers at once too', async () => {
  await issue('a', 'b', 'c');
  const rounds = await Promise.all([round(), round()]);
  expect(rounds.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(3);
  expect(numbers()).toEqual(['INV-000001', 'INV-000002', 'INV-000003']);
  expect(await round()).toEqual({ delivered: 0, failed: 0 });
  await issue('d');
  expect(await round()).toEqual({ delivered: 1, failed: 0 });
  expect(numbers()).toEqual(['INV-000004']);
});

it.each([500, 410, 302])('tells it again after %d, under the same id', async (refusal) => {
  await issue(`after ${refusal}`);
  status = refusal;
  expect(await round()).toEqual({ delivered: 0, failed: 1 });
  status = 204;
  expect(await round()).toEqual({ delivered: 1, failed: 0 });
  const [first, second] = told.splice(0);
  expect(first).toEqual(second);
});

it('tells it again when nobody answers, or the signature is not taken', async () => {
  await issue('unheard');
  expect(await round('another secret')).toEqual({ delivered: 0, failed: 1 });
  const nobody = { url: 'http://127.0.0.1:1/', secret: SECRET };
  expect(await deliverDue({ billing, target: nobody, clock: () => NOW, limits })).toMatchObject({
    failed: 1,
  });
  expect(told).toEqual([]);
  expect(await round()).toEqual({ delivered: 1, failed: 0 });
  expect(numbers()).toHaveLength(1);
});

it('leaves what another one is telling alone until its lease ends', async () => {
  await issue('leased');
  const taken = await billing.takeWebhookTasks({ limit: 10, leaseSeconds: 60 });
  expect(taken).toMatchObject([
    { accountId: 'leased', attempts: 1, total: '12.50', issueDate: '2020-02-01' },
  ]);
  expect(await billing.takeWebhookTasks({ limit: 10, leaseSeconds: 60 })).toEqual([]);
  await billing.endWebhookTask(taken[0]!.number, { problem: 'died', retrySeconds: 0 });
  expect(await round()).toEqual({ delivered: 1, failed: 0 });
  told.splice(0);
});

it('pauses longer with each attempt, and no longer than an hour', () => {
  const pauses = [1, 2, 3, 10, 11, 50].map((attempts) => pauseAfter(attempts, WEBHOOK_LIMITS));
  expect(pauses).toEqual([5, 10, 20, 2_560, 3_600, 3_600]);
});
