/**
 * Ingest, rating and aggregator in this process, over one event log and one store. They are the same services that run as
 * processes of their own: only what stands behind the ports differs.
 */
import { startAggregator } from '@tollstream/service-aggregator';
import { startIngest } from '@tollstream/service-ingest';
import { startRating } from '@tollstream/service-rating';
import type { SnapshotEvent, SpendAlert } from '@tollstream/service-rating';
import type { Catalog } from '@tollstream/catalog';
import { followCatalog } from '@tollstream/catalog-versions';
import { CHARGE_SCALE } from '@tollstream/contracts';
import type { EventLog, Membership, MembershipEvent, SnapshotStore } from '@tollstream/event-log';
import { formatScaled } from '@tollstream/money';
import { createMetrics } from '@tollstream/service-kit';
import type { Metrics } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { say } from '../terminal.ts';
import { EMBEDDED_TOPICS } from './status.ts';
import { WaitTeller } from './wait-teller.ts';

/**
 * Rating runs beside the reading of files and the commits of all stages: with batches of 4 MiB it would hold them up for 80 ms at
 * a time, and the thread of ingest would wait for its next batch.
 */
const RATING_FETCH_BYTES_MAX = 1_048_576;

/** Larger than by default: between two batches the thread of ingest waits, so they are few. */
const INGEST_FETCH = { fetchBytesMax: 16_777_216, recordsMax: 50_000 };

/** Alerts that a run says as they come. */
const ALERTS_SAID_MAX = 5;

/** How often a version is looked for that was published into the data directory. */
const CATALOG_POLL_MS = 500;

export interface PipelineParts {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly catalog: Catalog;
  /** One registry for all three: each stage's series carry its name. */
  readonly metrics: Metrics;
  /** Where the state of rating is kept, so that the next run need not read all that was rated. */
  readonly snapshots: SnapshotStore;
}

export interface Pipeline {
  /** Rejects when a stage cannot go on. */
  readonly done: Promise<void>;
  /** Front to back, so that each stage finishes what the one before it still gave. */
  stop(): Promise<void>;
}

export async function startPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { log, store, catalog, metrics, snapshots } = parts;
  const topics = EMBEDDED_TOPICS;
  const of = (service: string): Metrics => createMetrics({ service, registry: metrics.registry });
  const teller = new WaitTeller(say);
  const onEvent = (event: MembershipEvent): void => {
    if (event.kind === 'retry') teller.waiting(event.topic, event.error);
  };
  const ingest = await startIngest({
    log,
    onEvent,
    catalog,
    topics,
    metrics: of('ingest'),
    inThread: true,
    fetch: INGEST_FETCH,
  });
  const rating = await startRating({
    log,
    onEvent,
    catalog,
    topics,
    metrics: of('rating'),
    fetch: { fetchBytesMax: RATING_FETCH_BYTES_MAX },
    onAlert: alertTeller(),
    snapshots: { store: snapshots },
    onSnapshot: tellOfSnapshot,
  });
  const aggregator = await startAggregator({
    log,
    store,
    topics,
    metrics: of('aggregator'),
    onEvent,
    observer: { waiting: ({ table, error }) => teller.waiting(table, error) },
  });
  const stages: Membership[] = [ingest, rating, aggregator];
  const follower = followCatalog({
    log,
    defaultPlan: catalog.defaultPlan?.id,
    pollMs: CATALOG_POLL_MS,
    inUse: catalog.version,
    async prepare(loaded) {
      const swapRating = rating.prepareCatalog(loaded.catalog);
      const swapIngest = await ingest.prepareCatalog(loaded.catalog);
      return () => {
        // Rating first: it may know an account that ingest does not attribute calls to yet, and not the other way round.
        swapRating();
        swapIngest();
      };
    },
    onSwapped: ({ catalog: next }) => {
      metrics.set('tollstream_catalog_version', {}, next.version);
      say(`Version ${next.version} of the catalog is in use.`);
    },
    onFailure({ error, version }) {
      metrics.add('tollstream_catalog_failures_total', { code: codeOf(error) }, 1);
      if (version !== null) say(`Version ${version} of the catalog cannot be used: ${error.message}`);
    },
  });
  return {
    done: Promise.all(stages.map((stage) => stage.done)).then(() => undefined),
    async stop() {
      await follower.stop();
      for (const stage of stages) await stage.stop();
    },
  };
}

/** What is as it should be is not said. */
function tellOfSnapshot(event: SnapshotEvent): void {
  if (event.kind === 'refused') say(`Snapshot ${event.name} of the state is passed over: ${event.reason}.`);
  if (event.kind === 'failed')
    say(`No snapshot of the state could be written, so the next start takes longer: ${event.error.message}`);
}

/** Says the first alerts; of a month of calls there may be thousands. */
function alertTeller(): (alert: SpendAlert) => void {
  let told = 0;
  return ({ account, limit, spent, currency, thresholdPercent, limitAmount }) => {
    told += 1;
    if (told === ALERTS_SAID_MAX + 1)
      say('There are more alerts of spend limits: `tollstream alerts list` has them.');
    if (told > ALERTS_SAID_MAX) return;
    const [sum, of] = [spent, limitAmount].map((amount) =>
      formatScaled(amount, CHARGE_SCALE, { trim: true }),
    );
    say(`Account ${account} spent ${sum} ${currency}: ${thresholdPercent} % of its limit ${limit} of ${of}.`);
  };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
