/** Calls that a real Kamailio wrote: from its file, and from a topic as its kafka module publishes them (JSON, no keys). */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
// Before kafkajs, which it replaces parts of.
import '@tollstream/event-log/kafka';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  billed,
  PROJECT_ROOT,
  type RunTotals,
  temporaryDirectory,
  tollstream,
  totalsOf,
} from '../support/cli.ts';
import { startServices } from '../support/services.ts';
import { until } from '../support/until.ts';

const CDRS = path.join(PROJECT_ROOT, 'test/fixtures/switches/kamailio/cdr.jsonl');
const brokers = inject('kafkaBrokers');

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let embedded: RunTotals;
const run = async (): Promise<RunTotals> =>
  totalsOf(
    await tollstream([
      'run',
      '--calls',
      CDRS,
      '--default-plan',
      'standard',
      '--data',
      path.join(folder.path, 'embedded'),
      '--exit-when-done',
      '--json',
    ]),
  );

beforeAll(async () => {
  folder = await temporaryDirectory();
  embedded = await run();
});
afterAll(() => folder[Symbol.asyncDispose]());

test('every call has one outcome, and a second run changes nothing', async () => {
  const { seen, rated, rejected, suspended, duplicate } = embedded;
  expect(seen).toBe((await readFile(CDRS, 'utf8')).trimEnd().split('\n').length);
  expect(rated + rejected + suspended + duplicate).toBe(seen);
  expect(rated).toBeGreaterThan(seen / 2);
  expect(billed(await run())).toEqual(billed(embedded));
});

test.skipIf(brokers.length === 0)(
  'the same calls from a topic with the declared format are billed the same',
  async () => {
    const topic = `kamailio.${randomUUID().slice(0, 8)}`;
    await publishWithoutKeys(topic);
    const services = await startServices({
      brokers: brokers.join(','),
      directory: folder.path,
      partitions: 2,
      env: {
        TOLLSTREAM_SOURCE_TOPICS: `${topic}=kamailio-cdr-json`,
        TOLLSTREAM_DEFAULT_PLAN: 'standard',
      },
    });
    try {
      const outcomes = async (): Promise<Record<string, number>> => {
        const [row = {}] = await services.query<Record<string, string>>(
          `SELECT (SELECT count() FROM tollstream.usage_final) AS rated, (SELECT count() FROM tollstream.usage_suspended) AS suspended,
             (SELECT count() FROM tollstream.usage_rejected) AS rejected`,
        );
        return Object.fromEntries(Object.entries(row).map(([name, count]) => [name, Number(count)]));
      };
      const { rated, suspended, rejected, charge } = embedded;
      await until('every call has its outcome', async () => {
        const counts = await outcomes();
        return Object.values(counts).reduce((sum, count) => sum + count, 0) >= rated + suspended + rejected;
      });
      expect(await outcomes()).toEqual({ rated, suspended, rejected });
      const charges = await services.query<{ currency: string; charge: string }>(
        "SELECT currency, sum(charge) AS charge FROM tollstream.usage_final WHERE currency != '' GROUP BY currency",
      );
      expect(charges.map((row) => [row.currency, Number(row.charge)])).toEqual(
        Object.entries(charge).map(([currency, amount]) => [currency, Number(amount)]),
      );
    } finally {
      await services.stop();
    }
  },
);

async function publishWithoutKeys(topic: string): Promise<void> {
  const lines = (await readFile(CDRS, 'utf8')).trimEnd().split('\n');
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: lines.map((value) => ({ value })) });
  await producer.disconnect();
}
