/** Versions of the catalog are published while the services, as processes, rate calls: they change to them without a pause, or stay. */
import { cp, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { PROJECT_ROOT, temporaryDirectory, tollstream } from '../support/cli.ts';
import type { Finished } from '../support/cli.ts';
import { prepareServices } from '../support/services.ts';
import type { Services } from '../support/services.ts';
import { until } from '../support/until.ts';

const brokers = inject('kafkaBrokers');
const CALLS = 6_000;
const SEED = 45;
const READINESS_EVERY_MS = 50;
const FOLLOWERS = ['ingest', 'rating', 'billing'] as const;
/** Of accounts that the catalog does not know; the services refuse a version without it. */
const DEFAULT_PLAN = 'fallback';

test.skipIf(brokers === null)(
  'services take published versions while calls flow, and keep the one in use when the next cannot be used',
  async () => {
    await using directory = await temporaryDirectory();
    const files = path.join(directory.path, 'catalog');
    await cp(path.join(PROJECT_ROOT, 'examples/hosted-phone'), files, { recursive: true });
    const plan = path.join(files, 'plans', `${DEFAULT_PLAN}.yaml`);
    const standard = await readFile(path.join(files, 'plans/standard.yaml'), 'utf8');
    await writeFile(plan, standard.replace(/^id: standard$/m, `id: ${DEFAULT_PLAN}`));
    const { parts, records } = await callsInParts(directory.path, 3);

    const topic = `catalog-${path.basename(directory.path)}`;
    const prepared = await prepareServices({
      brokers: (brokers ?? []).join(','),
      directory: directory.path,
      partitions: 2,
      env: {
        TOLLSTREAM_CATALOG_SOURCE: 'topic',
        TOLLSTREAM_TOPIC_CATALOG: topic,
        TOLLSTREAM_CATALOG_POLL_MS: '100',
        TOLLSTREAM_DEFAULT_PLAN: DEFAULT_PLAN,
      },
    });
    const { env } = prepared;
    /** Each version has another price: the same content again would be none. */
    const publish = async (version: number): Promise<void> => {
      const tariff = path.join(files, 'tariffs/us-domestic.yaml');
      const priced = (await readFile(tariff, 'utf8')).replace(/rate: 0\.02\d*/, `rate: 0.02${version}`);
      await writeFile(tariff, priced);
      const published = await tollstream(['catalog', 'publish', files, '--next', '--json'], { env });
      expect(published.code, published.stderr).toBe(0);
      expect(JSON.parse(published.stdout)).toMatchObject({ version, is_new: true });
    };
    await publish(1);
    const services = await prepared.startServices();
    const readiness = watchReadiness(services);
    const send = (part: string): Promise<Finished> =>
      tollstream(['import', part, '--topic', prepared.topics.raw], { env });

    // 1. Calls flow under version 1, and do while version 2 is published.
    const first = send(parts[0]!);
    await until('calls rated by version 1', async () => (await rowsByVersion(services)).has(1));
    const second = send(parts[1]!);
    await publish(2);
    await until('version 2 in use', () => everyService(services, 'tollstream_catalog_version', 2));
    for (const { code, stderr } of [await first, await second]) expect(code, stderr).toBe(0);

    // 2. Version 3 lacks the default plan, which nobody who publishes knows of.
    const away = path.join(directory.path, 'away.yaml');
    await rename(plan, away);
    await publish(3);
    await until('version 3 is reported', () =>
      everyService(services, 'tollstream_catalog_failures_total', 1),
    );
    const third = await send(parts[2]!);
    expect(third.code, third.stderr).toBe(0);
    await until('calls of every part rated', async () => everyCallHasAnOutcome(services, records));
    expect(await everyService(services, 'tollstream_catalog_version', 2)).toBe(true);
    for (const name of FOLLOWERS) {
      const answer = await fetch(`${services.operations[name]}/readyz`);
      expect(answer.status, name).toBe(200);
      expect(await answer.text(), name).toMatch(/Version 3 cannot be used; the version in use stays/);
    }
    expect([...(await rowsByVersion(services)).keys()]).toEqual([1, 2]);

    // 3. The next good version is taken, and the warning goes.
    await rename(away, plan);
    await publish(4);
    await until('version 4 in use', () => everyService(services, 'tollstream_catalog_version', 4));
    for (const name of FOLLOWERS)
      expect(await (await fetch(`${services.operations[name]}/readyz`)).text(), name).not.toContain(
        'Version 3',
      );

    expect(await readiness.stop()).toEqual([]);
    expect(await services.stop()).toEqual({ ingest: 0, rating: 0, aggregator: 0, billing: 0 });
  },
);

/** Generated calls, in files that follow each other. */
async function callsInParts(directory: string, parts: number): Promise<{ parts: string[]; records: number }> {
  const calls = path.join(directory, 'calls.jsonl');
  const made = await tollstream([
    'generate',
    '--calls',
    String(CALLS),
    '--seed',
    String(SEED),
    '--output',
    calls,
  ]);
  expect(made.code, made.stderr).toBe(0);
  const lines = (await readFile(calls, 'utf8')).trimEnd().split('\n');
  const size = Math.ceil(lines.length / parts);
  const files = await Promise.all(
    Array.from({ length: parts }, async (_, part) => {
      const file = path.join(directory, `part-${part}.jsonl`);
      await writeFile(file, `${lines.slice(part * size, (part + 1) * size).join('\n')}\n`);
      return file;
    }),
  );
  return { parts: files, records: lines.length };
}

async function rowsByVersion(services: Services): Promise<Map<number, number>> {
  const rows = await services.query<{ version: number; rows: string }>(
    'SELECT catalog_version AS version, count() AS rows FROM tollstream.usage GROUP BY version ORDER BY version',
  );
  return new Map(rows.map(({ version, rows: count }) => [version, Number(count)]));
}

/** Each record was accepted or rejected, each accepted one rated, suspended or left out as a duplicate, and all that is kept is stored. */
async function everyCallHasAnOutcome(services: Services, records: number): Promise<boolean> {
  const [ingest, rating] = await Promise.all([outcomes(services, 'ingest'), outcomes(services, 'rating')]);
  const { accepted = 0, rejected = 0 } = ingest;
  const { rated = 0, suspended = 0, duplicate = 0 } = rating;
  if (accepted + rejected !== records || rated + suspended + duplicate !== accepted) return false;
  const [stored] = await services.query<{ rows: string }>(
    `SELECT (SELECT count() FROM tollstream.usage) + (SELECT count() FROM tollstream.usage_suspended)
       + (SELECT count() FROM tollstream.usage_rejected) AS rows`,
  );
  return Number(stored?.rows) === rated + suspended + rejected;
}

async function outcomes(services: Services, service: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { labels, value } of await samples(services, service, 'tollstream_calls_total')) {
    const outcome = /outcome="([^"]*)"/.exec(labels)?.[1] ?? '';
    sums[outcome] = (sums[outcome] ?? 0) + value;
  }
  return sums;
}

/** Whether the metric, summed over its labels, has the value at each service that follows the catalog. */
async function everyService(services: Services, metric: string, value: number): Promise<boolean> {
  const sums = await Promise.all(
    FOLLOWERS.map(async (name) =>
      (await samples(services, name, metric)).reduce((sum, sample) => sum + sample.value, 0),
    ),
  );
  return sums.every((sum) => sum === value);
}

async function samples(
  services: Services,
  service: string,
  metric: string,
): Promise<{ labels: string; value: number }[]> {
  const text = await (await fetch(`${services.operations[service]}/metrics`)).text();
  return Array.from(text.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm')), ([, labels, value]) => ({
    labels: labels ?? '',
    value: Number(value),
  }));
}

/** Asks every service again and again whether it is ready; `stop` gives the answers that said no. */
function watchReadiness(services: Services): { stop(): Promise<string[]> } {
  const refusals: string[] = [];
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      for (const [name, address] of Object.entries(services.operations)) {
        const answer = await fetch(`${address}/readyz`);
        if (answer.status !== 200) refusals.push(`${name}: ${await answer.text()}`);
      }
      await wait(READINESS_EVERY_MS);
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return refusals;
    },
  };
}
