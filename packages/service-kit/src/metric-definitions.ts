/**
 * Every metric of the project, in one table: the reference page, the dashboards and the alert rules are checked
 * against it. Each also carries the label `service`. Counters are exact below 2^53.
 */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, for histograms. */
  readonly buckets?: readonly number[];
}

export const METRICS = {
  tollstream_calls_total: {
    type: 'counter',
    help: 'Calls by outcome: accepted, rated, duplicate, rejected, suspended, stored; of suspended calls taken up again, rated, discarded, assembled (parts of a call but for its first), or kept for want of a price. `code` says why (empty where there is no why).',
    labels: ['outcome', 'code'],
  },
  tollstream_alerts_total: {
    type: 'counter',
    help: 'Alerts of spend limits, by id of the limit and threshold in percent; the accounts stand in table usage_alerts.',
    labels: ['limit', 'threshold'],
  },
  tollstream_records_read_total: {
    type: 'counter',
    help: 'Records read from the input topics.',
    labels: ['topic'],
  },
  tollstream_lag_records: {
    type: 'gauge',
    help: 'Records between the position of this process and the end of the partition.',
    labels: ['topic', 'partition'],
  },
  tollstream_charge_micros_total: {
    type: 'counter',
    help: 'Charges of rated calls in millionths of the currency (an exact integer). For dashboards; money comes from the tables.',
    labels: ['currency'],
  },
  tollstream_batch_records: {
    type: 'histogram',
    help: 'Records in a processed batch.',
    labels: [],
    buckets: [1, 10, 100, 1_000, 4_000, 10_000, 25_000, 50_000, 100_000, 250_000],
  },
  tollstream_batch_seconds: {
    type: 'histogram',
    help: 'Time spent on a batch, by step: process (pure work), commit (outputs and position), insert (table).',
    labels: ['step'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  tollstream_retries_total: {
    type: 'counter',
    help: 'Attempts repeated because a dependency failed.',
    labels: ['dependency'],
  },
  tollstream_dependency_up: {
    type: 'gauge',
    help: '1 while the dependency answers, 0 while the service waits for it.',
    labels: ['dependency'],
  },
  tollstream_partitions_assigned: {
    type: 'gauge',
    help: 'Partitions this process holds.',
    labels: ['topic'],
  },
  tollstream_catalog_version: {
    type: 'gauge',
    help: 'Version of the catalog in use.',
    labels: [],
  },
  tollstream_catalog_swaps_total: {
    type: 'counter',
    help: 'Published catalog versions that came into use while the process ran.',
    labels: [],
  },
  tollstream_catalog_load_seconds: {
    type: 'histogram',
    help: 'Time to read, check and compile a published catalog version beside the work.',
    labels: [],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  tollstream_catalog_swap_seconds: {
    type: 'histogram',
    help: 'Time between two batches that went into changing to another catalog version.',
    labels: [],
    buckets: [0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
  },
  tollstream_catalog_failures_total: {
    type: 'counter',
    help: 'Published catalog versions that could not be used, and failed looks for one; the version in use stays. `code` says why.',
    labels: ['code'],
  },
  tollstream_dedupe_entries: {
    type: 'gauge',
    help: 'Call identities held in the duplicate window.',
    labels: ['partition'],
  },
  tollstream_dedupe_window_seconds: {
    type: 'gauge',
    help: 'Age of the oldest call identity in the duplicate window.',
    labels: ['partition'],
  },
  tollstream_restore_records_total: {
    type: 'counter',
    help: 'Records read to rebuild the state of a partition.',
    labels: ['topic'],
  },
  tollstream_restore_left_records: {
    type: 'gauge',
    help: 'Offsets of a topic that are still to be read until the state of the partition is rebuilt; 0 once it is.',
    labels: ['topic', 'partition'],
  },
  tollstream_restore_seconds: {
    type: 'histogram',
    help: 'Time to rebuild the state of a partition, from a snapshot and the output after it or from all of the output.',
    labels: [],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600],
  },
  tollstream_snapshots_total: {
    type: 'counter',
    help: 'Snapshots of the state of partitions by outcome: written, failed (to be written), used (for a restore), refused (for a restore: damaged, or of another log).',
    labels: ['outcome'],
  },
  tollstream_snapshot_timestamp_seconds: {
    type: 'gauge',
    help: 'When the latest snapshot of the partition was completed, in seconds since the epoch; its age is `time()` less this.',
    labels: ['partition'],
  },
  tollstream_snapshot_bytes: {
    type: 'gauge',
    help: 'Size of the latest snapshot of the partition.',
    labels: ['partition'],
  },
  tollstream_snapshot_seconds: {
    type: 'histogram',
    help: 'Time from the beginning of a snapshot until it is on the disk, rating going on meanwhile.',
    labels: [],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300],
  },
  tollstream_snapshot_pause_seconds: {
    type: 'histogram',
    help: 'Time between two batches that went into a snapshot.',
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
  },
  tollstream_ready: {
    type: 'gauge',
    help: '1 while the service is ready.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
