/** The four services over a real broker give exactly what the embedded run gives on the same calls. */
import path from 'node:path';
import { expect, inject, test } from 'vitest';
import { temporaryDirectory, tollstream, totalsOf } from '../support/cli.ts';
import { startServices } from '../support/services.ts';
import { until } from '../support/until.ts';

const brokers = inject('kafkaBrokers');
const CALLS = 60_000;

test.skipIf(brokers === null)('four processes over Kafka = the embedded run', async () => {
  await using directory = await temporaryDirectory();
  const calls = path.join(directory.path, 'calls.jsonl');
  await tollstream(['generate', '--calls', String(CALLS), '--seed', '11', '--output', calls]);
  const embedded = totalsOf(
    await tollstream([
      'run',
      '--calls',
      calls,
      '--data',
      path.join(directory.path, 'embedded'),
      '--exit-when-done',
      '--json',
    ]),
  );

  const services = await startServices({
    brokers: (brokers ?? []).join(','),
    directory: directory.path,
    partitions: 4,
  });
  const imported = await tollstream(
    ['import', calls, '--topic', services.env['TOLLSTREAM_TOPIC_RAW'] ?? ''],
    { env: services.env },
  );
  expect(imported.code, imported.stderr).toBe(0);

  const counts = async (): Promise<{ rated: number; suspended: number; rejected: number }> => {
    const [row] = await services.query<Record<string, string>>(
      `SELECT (SELECT count() FROM tollstream.usage) AS rated, (SELECT count() FROM tollstream.usage_suspended) AS suspended,
       (SELECT count() FROM tollstream.usage_rejected) AS rejected`,
    );
    return {
      rated: Number(row?.['rated']),
      suspended: Number(row?.['suspended']),
      rejected: Number(row?.['rejected']),
    };
  };
  await until('all calls in ClickHouse', async () => {
    const { rated, suspended, rejected } = await counts();
    return rated + suspended + rejected >= embedded.rated + embedded.suspended + embedded.rejected;
  });
  expect(await counts()).toEqual({
    rated: embedded.rated,
    suspended: embedded.suspended,
    rejected: embedded.rejected,
  });
  const charges = await services.query<{ currency: string; charge: string }>(
    "SELECT currency, toString(sum(charge)) AS charge FROM tollstream.usage FINAL WHERE currency != '' GROUP BY currency ORDER BY currency",
  );
  expect(charges.map(({ currency, charge }) => [currency, Number(charge)])).toEqual(
    Object.entries(embedded.charge).map(([currency, charge]) => [currency, Number(charge)]),
  );

  for (const name of ['ingest', 'rating', 'aggregator', 'billing']) {
    const metrics = await (await fetch(`${services.operations[name]}/metrics`)).text();
    expect(metrics, name).toContain(`service="${name}"`);
    expect((await fetch(`${services.operations[name]}/readyz`)).status, name).toBe(200);
    if (name !== 'billing') {
      for (const metric of [
        'tollstream_calls_total',
        'tollstream_lag_records',
        'tollstream_batch_records_count',
        'tollstream_batch_seconds_count',
      ]) {
        expect(metrics, `${name} ${metric}`).toMatch(new RegExp(`^${metric}\\{`, 'm'));
      }
    }
  }
  expect(await services.stop()).toEqual({ ingest: 0, rating: 0, aggregator: 0, billing: 0 });
});
