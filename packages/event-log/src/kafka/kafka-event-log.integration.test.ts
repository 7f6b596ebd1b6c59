import { describe, inject } from 'vitest';
import { describeEventLog } from '../contract-suite.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';

const brokers = inject('kafkaBrokers');

describe.skipIf(brokers.length === 0)('with a real broker', () => {
  describeEventLog(
    'kafka',
    async () => {
      const options = {
        brokers,
        sessionTimeoutMs: 6_000,
        heartbeatIntervalMs: 200,
        backoff: { initialMs: 5, maxMs: 100 },
      };
      const log = openKafkaEventLog(options);
      const other = openKafkaEventLog(options);
      return {
        log,
        other,
        dispose: async () => {
          await Promise.all([log.close(), other.close()]);
        },
      };
    },
    { timeoutMs: 60_000 },
  );
});
