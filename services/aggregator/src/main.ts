import { kafkaOptionsOf } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import { fetchLimits, groupName, reportMembership, startService } from '@tollstream/service-kit';
import type { ServiceContext } from '@tollstream/service-kit';
import { openServerStore } from '@tollstream/usage-store';
import { startAggregator } from './aggregator.ts';
import { AGGREGATOR_CONFIG } from './config.ts';
import type { AggregatorObserver } from './table-writer.ts';

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
  const membership = await startAggregator({
    log,
    store,
    topics: {
      rated: config.topicRated,
      suspended: config.topicSuspended,
      resolved: config.topicResolved,
      alerts: config.topicAlerts,
      rejected: config.topicRejected,
    },
    metrics: context.metrics,
    group: groupName('aggregator', config.groupPrefix),
    limits: {
      rowsMax: config.insertRowsMax,
      bytesMax: config.insertBytesMax,
      ageMsMax: config.insertAgeMsMax,
      ageGrowingMsMax: config.insertAgeGrowingMsMax,
      ageBehindMsMax: config.insertAgeBehindMsMax,
    },
    retry: { tryForMs: config.insertTryForMs },
    shared: { insertsMax: config.insertsMax, heldBytesMax: config.insertHeldBytesMax },
    fetch: fetchLimits(config),
    observer: observerOf(context),
    onEvent: (event) => reportMembership(context, event, 'it is opened anew'),
    signal: stop.signal,
  });
  context.onStop('membership', async () => {
    stop.abort();
    await membership.stop();
  });
  context.watch('membership', membership.done);
}

function observerOf({ health, log }: Context): AggregatorObserver {
  return {
    stored(block) {
      health.dependency('clickhouse', null);
      if (block.replayed) log.info(block, 'wrote the block that was left over');
    },
    waiting({ table, partitions, error, attempt, waitMs }) {
      health.dependency('clickhouse', error.message);
      log.warn(
        { table, partitions, attempt, waitMs, err: error },
        'ClickHouse does not take the block; waiting',
      );
    },
  };
}
