import { kafkaOptionsOf, openKafkaEventLog } from '@tollstream/event-log';
import type { MembershipEvent } from '@tollstream/event-log';
import { startService } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { openServerStore } from '@tollstream/usage-store';
import { runAggregator } from './aggregator.ts';
import { AGGREGATOR_CONFIG } from './config.ts';
import type { AggregatorObserver } from './partition-task.ts';

type Context = ServiceContext<(typeof AGGREGATOR_CONFIG)['settings']>;

/** @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  return startService({ name: 'aggregator', config: AGGREGATOR_CONFIG, argv, start });
}

/** Store → log → membership; stopped in reverse order. */
async function start(context: Context): Promise<void> {
  const { config } = context;
  const store = openServerStore({
    url: config.clickhouseUrl,
    username: config.clickhouseUser,
    password: config.clickhousePassword,
    database: config.clickhouseDatabase,
    requestTimeoutMs: config.insertTimeoutMs,
  });
  context.onStop('ClickHouse', async () => store.close());

  const log = openKafkaEventLog({ clientId: 'tollstream-aggregator', ...kafkaOptionsOf(config) });
  context.onStop('event log', async () => log.close());

  const stop = new AbortController();
  const membership = await runAggregator({
    log,
    store,
    topics: { rated: config.topicRated, suspended: config.topicSuspended, rejected: config.topicRejected },
    group: config.aggregatorGroup,
    limits: {
      rowsMax: config.insertRowsMax,
      bytesMax: config.insertBytesMax,
      ageMsMax: config.insertAgeMsMax,
    },
    retry: { tryForMs: config.insertTryForMs },
    fetchBytesMax: config.fetchBytesMax,
    observer: observerOf(context),
    onEvent: (event) => observeMembership(context, event),
    signal: stop.signal,
  });
  context.onStop('membership', async () => {
    stop.abort();
    await membership.stop();
  });
  context.watch('membership', membership.done);
}

function observerOf({ metrics, health, log }: Context): AggregatorObserver {
  return {
    stored(block) {
      health.dependency('clickhouse', null);
      metrics.set('tollstream_dependency_up', { dependency: 'clickhouse' }, 1);
      metrics.add('tollstream_calls_total', { outcome: 'stored', code: '' }, block.rows);
      metrics.observe('tollstream_batch_records', {}, block.rows);
      metrics.observe('tollstream_batch_seconds', { step: 'insert' }, block.insertMs / 1000);
      metrics.observe('tollstream_batch_seconds', { step: 'commit' }, block.commitMs / 1000);
      if (block.replayed) log.info(block, 'wrote the block that was left over');
    },
    waiting({ table, partition, error, attempt, waitMs }) {
      health.dependency('clickhouse', error.message);
      metrics.set('tollstream_dependency_up', { dependency: 'clickhouse' }, 0);
      metrics.add('tollstream_retries_total', { dependency: 'clickhouse' }, 1);
      log.warn(
        { table, partition, attempt, waitMs, err: error },
        'ClickHouse does not take the block; waiting',
      );
    },
  };
}

function observeMembership({ metrics, health, log }: Context, event: MembershipEvent): void {
  switch (event.kind) {
    case 'assigned':
      log.info(event, 'partition assigned');
      return;
    case 'revoked':
      health.dependency(placeOf(event), null);
      metrics.unset('tollstream_lag_records', { topic: event.topic, partition: String(event.partition) });
      log.info(event, 'partition given up');
      return;
    case 'lag':
      health.dependency(placeOf(event), null);
      metrics.set(
        'tollstream_lag_records',
        { topic: event.topic, partition: String(event.partition) },
        event.lag,
      );
      return;
    case 'retry':
      health.dependency(placeOf(event), event.error.message);
      metrics.add('tollstream_retries_total', { dependency: 'partition' }, 1);
      log.warn({ ...event, err: event.error }, 'partition failed; it is opened anew');
      return;
    case 'fatal':
      log.error({ err: event.error }, event.error.message);
  }
}

function placeOf(event: { topic: string; partition: number }): string {
  return `${event.topic}/${event.partition}`;
}
