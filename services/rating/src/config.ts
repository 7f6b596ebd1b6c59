import {
  BATCH_RELATIONS,
  BATCH_SETTINGS,
  CATALOG_RELATIONS,
  CATALOG_SETTINGS,
  defineConfig,
  KAFKA_SETTINGS,
  setting,
  TOPIC_SETTINGS,
} from '@tollstream/service-kit';
import { DEDUPE_DEFAULTS } from './limits.ts';
import { SNAPSHOT_LIMITS } from './snapshot/snapshot-writer.ts';

const { integer, text } = setting;
const { topicAccepted, topicRated, topicSuspended, topicResolved, topicAlerts } = TOPIC_SETTINGS;

export const RATING_CONFIG = defineConfig({
  name: 'rating',
  settings: {
    ...KAFKA_SETTINGS,
    topicAccepted,
    topicRated,
    topicSuspended,
    topicResolved,
    topicAlerts,
    ...CATALOG_SETTINGS,
    ...BATCH_SETTINGS,
    dedupeWindowCallsMax: integer({
      summary:
        'Calls of one partition whose identities are remembered to tell duplicates; 48 to 96 bytes each.',
      min: 1_000,
      max: 200_000_000,
      default: DEDUPE_DEFAULTS.windowCallsMax,
    }),
    dedupeWindowAgeMs: integer({
      summary: 'Age of the oldest call start that is remembered, against the latest.',
      min: 60_000,
      max: 366 * 86_400_000,
      default: DEDUPE_DEFAULTS.windowAgeMs,
    }),
    snapshotDir: text({
      summary:
        'Directory of snapshots of the state, so that a restart reads only the output after one: on a disk that outlives the process, or one that all processes of the group share; none: no snapshots.',
      default: '.tollstream/snapshots',
    }),
    snapshotCalls: integer({
      summary:
        'A snapshot of a partition is begun after so many calls, or a quarter of the duplicate window where that is more; a restart reads the output of about as many.',
      min: 1_000,
      max: 1_000_000_000,
      default: SNAPSHOT_LIMITS.calls,
    }),
    snapshotIntervalMs: integer({
      summary: 'A snapshot of a partition is begun after so long, when any calls came.',
      min: 1_000,
      max: 86_400_000,
      default: SNAPSHOT_LIMITS.intervalMs,
    }),
  },
  relations: [
    ...CATALOG_RELATIONS,
    ...BATCH_RELATIONS,
    {
      holds: (values) =>
        new Set([
          values.topicAccepted,
          values.topicRated,
          values.topicSuspended,
          values.topicResolved,
          values.topicAlerts,
        ]).size === 5,
      rule: 'topicAccepted, topicRated, topicSuspended, topicResolved and topicAlerts must be five topics',
      about: ['topicAccepted', 'topicRated', 'topicSuspended', 'topicResolved', 'topicAlerts'],
    },
  ],
});
