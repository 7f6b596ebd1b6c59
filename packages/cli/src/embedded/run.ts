/** `tollstream run`: from call records in a file to rated usage, an invoice and a CDR file, on this machine. */
import { once } from 'node:events';
import path from 'node:path';
import {
  createHealth,
  createMetrics,
  letHeapDouble,
  onStopSignals,
  startOperationsServer,
} from '@tollstream/service-kit';
import { serveClickHouseHttp } from '@tollstream/usage-store';
import { DEFAULT_CLICKHOUSE_PORT, DEFAULT_METRICS_PORT } from '../commands/run.ts';
import type { RunOptions } from '../commands/run.ts';
import { EXIT_INTERRUPTED } from '../failure.ts';
import { importCalls } from '../import/importer.ts';
import type { ImportSource } from '../import/importer.ts';
import { readOptions } from '../import/source-options.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { print, say } from '../terminal.ts';
import { OWN_DATA, SAMPLE_DATA } from './open-store.ts';
import { startPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { ProgressDisplay } from './progress.ts';
import { catalogOfRun, loadDirectory } from './run-catalog.ts';
import { sampleCallsFile } from './sample.ts';
import { writeSettings } from './settings.ts';
import { EMBEDDED_TOPICS, pipelineLag, pipelineTotals, progressSnapshot } from './status.ts';
import type { PipelineTotals } from './status.ts';
import { showSummary } from './summary.ts';
import { openWorkspace } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** The import waits while ingest is further behind than this: the log must not grow far ahead of the rating. */
const IMPORT_LAG_RECORDS_MAX = 200_000;
/** How often the committed positions are looked at. */
const WATCH_INTERVAL_MS = 50;

export async function runEmbedded(options: RunOptions): Promise<void> {
  letHeapDouble();
  const startedMs = performance.now();
  const isSample = options.calls === undefined;
  const directory = options.data ?? (isSample ? SAMPLE_DATA : OWN_DATA);
  const catalogDirectory = path.resolve(options.catalog ?? SAMPLE_CATALOG);
  // Before anything is made: a catalog with problems leaves no data directory behind.
  const named =
    options.catalog === undefined ? null : await loadDirectory(catalogDirectory, options.defaultPlan);

  const stopping = new AbortController();
  const removeSignals = onStopSignals({
    onStop: () => {
      say('Stopping: what is in hand is finished; the next run goes on from here. (Again to end at once.)');
      stopping.abort();
    },
    // Nothing is lost by that either: the next run resumes from what was committed.
    onForce: () => process.exit(EXIT_INTERRUPTED),
  });
  const workspace = await openWorkspace(directory);
  const cleanUps: (() => Promise<void>)[] = [() => workspace.close()];
  try {
    const loaded = await catalogOfRun(workspace.log, named, options.defaultPlan);
    const { catalog } = loaded;
    const settings = { catalog: catalogDirectory, defaultPlan: options.defaultPlan ?? null };
    const metrics = createMetrics({ service: 'run' });
    const endpoints = await serve(options, workspace, metrics, cleanUps);
    await writeSettings(directory, { ...settings, clickhouseUrl: endpoints.clickhouse });
    cleanUps.push(() => writeSettings(directory, { ...settings, clickhouseUrl: null }));

    const files = options.calls ?? [await sampleCallsFile(directory, catalog)];
    const source: ImportSource = { files, options: readOptions(options) };
    const before = await pipelineTotals(workspace.log, EMBEDDED_TOPICS);
    const pipeline = await startPipeline({
      log: workspace.log,
      store: workspace.store,
      catalog,
      metrics,
      snapshots: workspace.snapshots,
    });
    const pipelineStartMs = performance.now();
    let totals: PipelineTotals;
    try {
      totals = await Promise.race([
        rateEverything(workspace, source, stopping.signal),
        // A stage that cannot go on ends the run with its error.
        pipeline.done.then(() => pipelineTotals(workspace.log, EMBEDDED_TOPICS)),
      ]);
    } catch (error) {
      await pipeline.stop().catch(() => {});
      throw error;
    }
    const seconds = (performance.now() - pipelineStartMs) / 1_000;
    const callsPerSecond = Math.round((totals.seen - before.seen) / seconds);

    if (stopping.signal.aborted) {
      process.exitCode = EXIT_INTERRUPTED;
    } else {
      await showSummary({ workspace, catalog, totals, callsPerSecond, seconds, before, isSample });
      say(`Total time ${((performance.now() - startedMs) / 1_000).toFixed(1)} s.`);
      if (options.exitWhenDone !== true) await stayUp(endpoints, pipeline, stopping.signal);
    }
    await pipeline.stop();
    if (options.json === true) {
      totals = await pipelineTotals(workspace.log, EMBEDDED_TOPICS);
      print(JSON.stringify({ ...totals, calls_per_second: callsPerSecond }));
    }
  } finally {
    removeSignals();
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }
}

/** Reads the source to its end and waits until every call of it is in ClickHouse. */
async function rateEverything(
  workspace: Workspace,
  source: ImportSource,
  signal: AbortSignal,
): Promise<PipelineTotals> {
  const { log } = workspace;
  const display = new ProgressDisplay();
  const beforeImport = await pipelineTotals(log, EMBEDDED_TOPICS);
  let published = beforeImport.seen + (await pipelineLag(log, EMBEDDED_TOPICS)).ingest;
  const alreadyPublished = published;
  const watch = setInterval(() => {
    void pipelineTotals(log, EMBEDDED_TOPICS).then((totals) =>
      display.update(progressSnapshot(totals, published), performance.now()),
    );
  }, display.intervalMs);
  try {
    await importCalls({
      log,
      rawTopic: EMBEDDED_TOPICS.raw,
      source,
      signal,
      ready: () =>
        until(
          async () =>
            signal.aborted || (await pipelineLag(log, EMBEDDED_TOPICS)).ingest < IMPORT_LAG_RECORDS_MAX,
        ),
      onProgress: ({ records }) => {
        published = alreadyPublished + records;
      },
    });
    await until(async () => {
      if (signal.aborted) return true;
      const lag = await pipelineLag(log, EMBEDDED_TOPICS);
      return lag.ingest + lag.rating + lag.aggregator === 0;
    });
    return await pipelineTotals(log, EMBEDDED_TOPICS);
  } finally {
    clearInterval(watch);
    display.close();
  }
}

interface Endpoints {
  readonly clickhouse: string | null;
  readonly metrics: string | null;
}

/** A run that ends by itself opens no ports unless they are asked for: many may run side by side. */
async function serve(
  options: RunOptions,
  workspace: Workspace,
  metrics: ReturnType<typeof createMetrics>,
  cleanUps: (() => Promise<void>)[],
): Promise<Endpoints> {
  const staysUp = options.exitWhenDone !== true;
  let clickhouse: string | null = null;
  let metricsUrl: string | null = null;
  if (staysUp || options.clickhousePort !== undefined) {
    const front = await serveClickHouseHttp({
      engine: workspace.store.engine,
      port: options.clickhousePort ?? DEFAULT_CLICKHOUSE_PORT,
      database: workspace.store.database,
      readsStandardInput: () =>
        options.calls?.includes('-') === true && !process.stdin.readableEnded && !process.stdin.destroyed,
    });
    clickhouse = front.url;
    cleanUps.push(() => front.close());
  }
  if (staysUp || options.metricsPort !== undefined) {
    const health = createHealth();
    health.started();
    const server = await startOperationsServer({
      host: '127.0.0.1',
      port: options.metricsPort ?? DEFAULT_METRICS_PORT,
      registry: metrics.registry,
      health,
      portSetting: '--metrics-port',
    });
    metricsUrl = server.address;
    cleanUps.push(() => server.close());
  }
  return { clickhouse, metrics: metricsUrl };
}

async function stayUp(endpoints: Endpoints, pipeline: Pipeline, signal: AbortSignal): Promise<void> {
  say('');
  say(
    `ClickHouse  ${endpoints.clickhouse}   try: curl '${endpoints.clickhouse}' --data 'SELECT call_type, count(), sum(charge) FROM usage FINAL GROUP BY 1'`,
  );
  say(`Metrics     ${endpoints.metrics}/metrics`);
  say('Up until Ctrl-C.');
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), pipeline.done]);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
}
