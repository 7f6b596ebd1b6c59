-- Alerts of spend limits: one row for each threshold that the calls of an account reached in a window. No call is held back by them.
CREATE TABLE IF NOT EXISTS {{database}}.usage_alerts
(
    alert_id String COMMENT 'Identity of the alert: the same input gives the same',
    account_id LowCardinality(String) COMMENT 'Who pays',
    limit_id LowCardinality(String) COMMENT 'Spend limit of the account or of its plan',
    window Enum8('hour' = 1, 'day' = 2, 'month' = 3) COMMENT 'What the limit is for',
    window_start DateTime64(3, 'UTC') COMMENT 'Begin of the window by the account''s clock. UTC, ms' CODEC(Delta, LZ4),
    window_end DateTime64(3, 'UTC') COMMENT 'Its end, which is outside. UTC, ms' CODEC(Delta, LZ4),
    threshold_percent UInt32 COMMENT 'Percent of limit_amount that was reached',
    limit_amount Decimal(18, 6) COMMENT 'As the catalog said it, currency units',
    spent Decimal(18, 6) COMMENT 'Sum of the charges that count in the window, this call included, currency units',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    call_id String COMMENT 'The call that reached it: identity within its switch',
    switch_id LowCardinality(String) COMMENT 'Switch that reported the call',
    leg UInt8 COMMENT 'Leg of the call; 0 = the only or first one',
    started_at DateTime64(3, 'UTC') COMMENT 'When the call began. UTC, ms' CODEC(Delta, LZ4),
    charge Decimal(18, 6) COMMENT 'What the call cost, currency units',
    source_topic LowCardinality(String) COMMENT 'Where the call event was read from',
    source_partition UInt32,
    source_offset UInt64 CODEC(Delta, LZ4),
    counted_from UInt64 COMMENT 'Offset of the accepted calls from which on calls count towards the limit in this form',
    catalog_version UInt32 COMMENT 'Catalog that had the limit'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (account_id, window_start, limit_id, threshold_percent)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Alerts of spend limits, each once';
