import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import { describe, inject } from 'vitest';
import { describeCatalogVersions } from './contract-suite.ts';

const brokers = inject('kafkaBrokers');

describe.skipIf(brokers.length === 0)('with a real broker', () => {
  describeCatalogVersions('kafka', async () => {
    const log = openKafkaEventLog({ brokers });
    return { log, dispose: () => log.close() };
  });
});
