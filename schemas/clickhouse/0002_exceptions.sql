-- Calls that could not be priced, and records that could not be read. Nothing is dropped in silence.
CREATE TABLE IF NOT EXISTS {{database}}.usage_suspended
(
    call_id String COMMENT 'Identity of the call within its switch',
    switch_id LowCardinality(String) COMMENT 'Switch that reported the call',
    leg UInt8 COMMENT 'Leg of the call; 0 = the only or first one',
    account_id LowCardinality(String) COMMENT 'Who pays; '''' when no account could be told',
    direction Enum8('outbound' = 1, 'inbound' = 2, 'internal' = 3),
    disposition Enum8('answered' = 1, 'busy' = 2, 'no_answer' = 3, 'cancelled' = 4, 'failed' = 5, 'rejected' = 6) COMMENT 'How the call ended',
    started_at DateTime64(3, 'UTC') COMMENT 'UTC, ms' CODEC(Delta, LZ4),
    answered_at DateTime64(3, 'UTC') COMMENT 'UTC, ms; 1970-01-01 = nobody answered' CODEC(Delta, LZ4),
    ended_at DateTime64(3, 'UTC') COMMENT 'UTC, ms' CODEC(Delta, LZ4),
    origin_number UInt64 COMMENT 'E.164 digits of the calling party; 0 = see origin_text',
    origin_text String COMMENT 'Calling party that is no E.164 number; '''' when it is',
    destination_number UInt64 COMMENT 'E.164 digits of the called party; 0 = see destination_text',
    destination_text String COMMENT 'Called party that is no E.164 number; '''' when it is',
    extension LowCardinality(String),
    device LowCardinality(String),
    trunk LowCardinality(String),
    charged_party String COMMENT 'Party that pays when it is neither end',
    original_destination String COMMENT 'Destination before translation',
    routing_number String COMMENT 'Routing number of a ported number (`;rn=`)',
    parent_call_id String COMMENT 'Call this leg was transferred or forwarded from',
    partial_sequence UInt32 COMMENT 'Sequence of a partial record; 0 = a whole call',
    source_topic LowCardinality(String) COMMENT 'Where the call event was read from',
    source_partition UInt32,
    source_offset UInt64 CODEC(Delta, LZ4),
    code Enum8('account_unknown' = 1, 'account_inactive' = 2, 'plan_missing' = 3, 'destination_unknown' = 4, 'destination_blocked' = 5, 'number_invalid' = 6, 'rate_missing' = 7, 'partial_incomplete' = 8, 'amount_overflow' = 9) COMMENT 'Why',
    detail String COMMENT 'What exactly',
    catalog_version UInt32 COMMENT 'Catalog that priced the call; 0 = none'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (account_id, started_at, call_id, leg, switch_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Calls that could not be priced, with the reason; they can be replayed';

CREATE TABLE IF NOT EXISTS {{database}}.usage_rejected
(
    code Enum8('unreadable' = 1, 'too_large' = 2, 'too_deep' = 3, 'invalid_utf8' = 4, 'schema_unknown' = 5, 'field_missing' = 6, 'field_invalid' = 7, 'call_id_missing' = 8, 'time_invalid' = 9, 'ends_before_start' = 10, 'answered_outside_call' = 11, 'duration_absurd' = 12, 'starts_in_future' = 13) COMMENT 'Why',
    detail String COMMENT 'What exactly',
    format LowCardinality(String) COMMENT 'Declared format of the record',
    position String COMMENT 'File and line, or key of the record',
    raw String COMMENT 'The bytes as they came' CODEC(ZSTD(3)),
    received_at DateTime64(3, 'UTC') COMMENT 'UTC, ms; the log''s timestamp' CODEC(Delta, LZ4),
    source_topic LowCardinality(String) COMMENT 'Where the call event was read from',
    source_partition UInt32,
    source_offset UInt64 CODEC(Delta, LZ4)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Records that are no call, with their bytes and the reason';
