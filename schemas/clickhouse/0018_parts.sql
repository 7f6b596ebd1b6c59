-- Parts of a call are put together: the first one is rated and stands for the call, the others are assembled.
ALTER TABLE {{database}}.usage_resolved
    MODIFY COLUMN outcome Enum8('rated' = 1, 'discarded' = 2, 'kept' = 3, 'replayed' = 4, 'assembled' = 5) COMMENT 'kept = it still has no price, and stays suspended; replayed = the bytes of a rejected record were published once more; assembled = a part of a call that was put together, rated with its first part';

-- Suspended calls with what became of them, each with why it had no price when it was tried last.
CREATE OR REPLACE VIEW {{database}}.usage_suspense AS
SELECT
    suspended.* EXCEPT (code, detail, catalog_version),
    multiIf(tried.prices > 0, 'rated', tried.joins > 0, 'assembled', tried.discards > 0, 'discarded', 'open') AS state,
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
        countIf(outcome = 'assembled') AS joins,
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
COMMENT 'Suspended calls: state is open, rated, assembled or discarded';
