-- Rated calls as the aggregator writes them: one row per call leg and revision. Ask usage_final, which hides revisions.
-- The deduplication window makes a repeated insert token drop its rows; fsync makes a committed offset never outlive its rows.
-- Parts of one insert are compact (one file for all columns): a third off the cost of an insert, and fsync costs next to nothing.
-- The sort key is the identity of a call, after what is asked for most: equal keys collapse to the highest revision.
CREATE TABLE IF NOT EXISTS {{database}}.usage
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
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone, by answer time (start when unanswered)',
    catalog_version UInt32 COMMENT 'Catalog that priced the call; 0 = none',
    plan LowCardinality(String),
    plan_is_default UInt8 COMMENT '1 = the catalog does not know the account; rated on the run''s default plan',
    call_type Enum8('internal' = 1, 'local' = 2, 'long_distance' = 3, 'premium' = 4, 'toll_free_outbound' = 5, 'toll_free_inbound' = 6, 'inbound' = 7, 'international' = 8, 'emergency' = 9, 'service_code' = 10) COMMENT 'What the call was',
    rate_type Enum8('included' = 1, 'split' = 2, 'overage' = 3, 'metered' = 4, 'free' = 5, 'unanswered' = 6, 'before_billing_start' = 7) COMMENT 'How it was charged',
    country LowCardinality(String) COMMENT 'ISO 3166 alpha-2 of the far end; '''' = not applicable',
    tariff LowCardinality(String),
    prefix UInt64 COMMENT 'Matched prefix, digits; 0 = none',
    duration_ms UInt64 COMMENT 'Answered time, ms',
    initial_seconds UInt32 COMMENT 'First billing interval, s',
    step_seconds UInt32 COMMENT 'Every further billing interval, s',
    duration_rounding Enum8('up' = 1, 'nearest' = 2),
    charge_rounding Enum8('half_up' = 1, 'up' = 2, 'down' = 3, 'half_even' = 4),
    billable_seconds UInt32 COMMENT 'Duration rounded to the intervals, s',
    included_seconds UInt32 COMMENT 'Of these taken from an allowance pool, s',
    charged_seconds UInt32 COMMENT 'Of these charged, s',
    pool LowCardinality(String) COMMENT 'Allowance pool; '''' = none',
    rate_per_minute Decimal(18, 8) COMMENT 'In currency units',
    connect_fee Decimal(18, 6) COMMENT 'In currency units',
    charge Decimal(18, 6) COMMENT 'In currency units',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    revision UInt32 COMMENT 'The highest revision of a call counts'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY billing_month
ORDER BY (account_id, started_at, call_id, leg, switch_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Rated calls with all that proves their price; may hold superseded revisions: see usage_final';
