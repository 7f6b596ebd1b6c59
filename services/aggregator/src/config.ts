import {
  BATCH_RELATIONS,
  BATCH_SETTINGS,
  CLICKHOUSE_SETTINGS,
  defineConfig,
  KAFKA_SETTINGS,
  setting,
  TOPIC_SETTINGS,
} from '@tollstream/service-kit';
import { BLOCK_LIMITS, SHARED_LIMITS } from './aggregator.ts';

const { integer } = setting;
const { topicRated, topicSuspended, topicResolved, topicRejected, topicAlerts } = TOPIC_SETTINGS;

/** The broker takes a member for gone that needs longer than this to finish its batch when the group changes. */
const REBALANCE_TIMEOUT_MS = 60_000;

export const AGGREGATOR_CONFIG = defineConfig({
  name: 'aggregator',
  settings: {
    ...KAFKA_SETTINGS,
    topicRated,
    topicSuspended,
    topicResolved,
    topicRejected,
    topicAlerts,
    ...CLICKHOUSE_SETTINGS,
    ...BATCH_SETTINGS,
    insertRowsMax: integer({
      summary: 'Rows of one insert, of all partitions of a topic together.',
      min: 1_000,
      max: 1_000_000,
      default: BLOCK_LIMITS.rowsMax,
    }),
    insertBytesMax: integer({
      summary: 'Bytes of one insert.',
      min: 1_048_576,
      max: 1_073_741_824,
      default: BLOCK_LIMITS.bytesMax,
    }),
    insertAgeMsMax: integer({
      summary: 'Age at which rows are inserted even when they are few.',
      min: 10,
      max: 600_000,
      default: BLOCK_LIMITS.ageMsMax,
    }),
    insertAgeGrowingMsMax: integer({
      summary:
        'The same for suspended calls, rejected records and alerts while more of them keep coming, at least one in twice insertAgeMsMax: few rows cost an insert as much as many.',
      min: 10,
      max: 600_000,
      default: BLOCK_LIMITS.ageGrowingMsMax,
    }),
    insertAgeBehindMsMax: integer({
      summary:
        'The same while this service works off a backlog older than this, or one before it a backlog older than 5 s: larger inserts catch up sooner.',
      min: 10,
      max: 600_000,
      default: BLOCK_LIMITS.ageBehindMsMax,
    }),
    insertsMax: integer({
      summary:
        'Inserts under way at a time, one for each table at most; tables that wait for their turn collect more rows meanwhile.',
      min: 1,
      max: 64,
      default: SHARED_LIMITS.insertsMax,
    }),
    insertHeldBytesMax: integer({
      summary:
        'Bytes of rows in memory, of all partitions together. Above it, nothing more is read of a partition until its rows are stored.',
      min: 1_048_576,
      max: 17_179_869_184,
      default: SHARED_LIMITS.heldBytesMax,
    }),
    insertTimeoutMs: integer({
      summary: 'Time for one request to ClickHouse.',
      min: 1_000,
      max: 600_000,
      default: 30_000,
    }),
    insertTryForMs: integer({
      summary: 'How long an insert is tried again in place before its partitions are opened anew.',
      min: 0,
      max: 600_000,
      default: 20_000,
    }),
  },
  relations: [
    ...BATCH_RELATIONS,
    {
      holds: (values) => values.insertAgeMsMax <= values.insertAgeGrowingMsMax,
      rule: 'insertAgeMsMax must not be above insertAgeGrowingMsMax',
      about: ['insertAgeMsMax', 'insertAgeGrowingMsMax'],
    },
    {
      holds: (values) => values.insertAgeMsMax <= values.insertAgeBehindMsMax,
      rule: 'insertAgeMsMax must not be above insertAgeBehindMsMax',
      about: ['insertAgeMsMax', 'insertAgeBehindMsMax'],
    },
    {
      holds: (values) =>
        new Set([
          values.topicRated,
          values.topicSuspended,
          values.topicResolved,
          values.topicRejected,
          values.topicAlerts,
        ]).size === 5,
      rule: 'topicRated, topicSuspended, topicResolved, topicRejected and topicAlerts must be five topics',
      about: ['topicRated', 'topicSuspended', 'topicResolved', 'topicRejected', 'topicAlerts'],
    },
    {
      holds: (values) => values.insertTimeoutMs + values.insertTryForMs < REBALANCE_TIMEOUT_MS,
      rule: `insertTimeoutMs and insertTryForMs together must be below the rebalance timeout of ${REBALANCE_TIMEOUT_MS} ms`,
      about: ['insertTimeoutMs', 'insertTryForMs'],
    },
  ],
});
