-- A record of a call that came before with other content is kept beside the calls without a price.
ALTER TABLE {{database}}.usage_suspended
    MODIFY COLUMN code Enum8('account_unknown' = 1, 'account_inactive' = 2, 'plan_missing' = 3, 'destination_unknown' = 4, 'destination_blocked' = 5, 'number_invalid' = 6, 'rate_missing' = 7, 'partial_incomplete' = 8, 'amount_overflow' = 9, 'content_conflict' = 10);

-- What became of suspended calls that were taken up again. A suspended row is known by its source; it is open until one of its
-- resolutions is rated or discarded.
CREATE TABLE IF NOT EXISTS {{database}}.usage_resolved
(
    call_id String COMMENT 'Identity of the call within its switch',
    switch_id LowCardinality(String) COMMENT 'Switch that reported the call',
    leg UInt8 COMMENT 'Leg of the call; 0 = the only or first one',
    account_id LowCardinality(String) COMMENT 'Who pays by now; '''' when no account could be told',
    started_at DateTime64(3, 'UTC') COMMENT 'UTC, ms' CODEC(Delta, LZ4),
    source_topic LowCardinality(String) COMMENT 'Where the call event was read from',
    source_partition UInt32,
    source_offset UInt64 CODEC(Delta, LZ4),
    reason String COMMENT 'Why it was taken up, as the one who asked said',
    requested_by LowCardinality(String) COMMENT 'Who asked',
    requested_at DateTime64(3, 'UTC') COMMENT 'UTC, ms' CODEC(Delta, LZ4),
    run LowCardinality(String) COMMENT 'The command that asked',
    outcome Enum8('rated' = 1, 'discarded' = 2, 'kept' = 3) COMMENT 'kept = it still has no price, and stays suspended',
    code LowCardinality(String) COMMENT 'Why it has no price still; '''' when it has',
    detail String COMMENT 'What exactly',
    catalog_version UInt32 COMMENT 'Catalog that was asked'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (account_id, started_at, call_id, leg, switch_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'What became of suspended calls that were taken up again';

-- Suspended calls with what became of them, each with why it had no price when it was tried last.
CREATE OR REPLACE VIEW {{database}}.usage_suspense AS
SELECT
    suspended.* EXCEPT (code, detail, catalog_version),
    multiIf(tried.discards > 0, 'discarded', tried.prices > 0, 'rated', 'open') AS state,
    if(tried.keeps > 0, tried.last_code, toString(suspended.code)) AS code,
    if(tried.keeps > 0, tried.last_detail, suspended.detail) AS detail,
    if(tried.keeps > 0, tried.last_version, suspended.catalog_version) AS catalog_version,
    tried.tries AS tries,
    tried.last_reason AS resolution_reason,
    tried.last_requested_by AS resolved_by,
    tried.last_requested_at AS resolution_requested_at
FROM {{database}}.usage_suspended AS suspended
LEFT JOIN
(
    SELECT
        source_topic,
        source_partition,
        source_offset,
        count() AS tries,
        countIf(outcome = 'rated') AS prices,
        countIf(outcome = 'discarded') AS discards,
        countIf(outcome = 'kept') AS keeps,
        argMaxIf(code, requested_at, outcome = 'kept') AS last_code,
        argMaxIf(detail, requested_at, outcome = 'kept') AS last_detail,
        argMaxIf(catalog_version, requested_at, outcome = 'kept') AS last_version,
        argMax(reason, requested_at) AS last_reason,
        argMax(requested_by, requested_at) AS last_requested_by,
        max(requested_at) AS last_requested_at
    FROM {{database}}.usage_resolved
    GROUP BY source_topic, source_partition, source_offset
) AS tried
    ON suspended.source_topic = tried.source_topic
    AND suspended.source_partition = tried.source_partition
    AND suspended.source_offset = tried.source_offset
COMMENT 'Suspended calls: state is open, rated or discarded';
