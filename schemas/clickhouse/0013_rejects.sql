-- Rejected records are taken up again, too: their bytes are published once more, or they are given up. A row of usage_resolved without a
-- call id is about one.
ALTER TABLE {{database}}.usage_resolved
    MODIFY COLUMN outcome Enum8('rated' = 1, 'discarded' = 2, 'kept' = 3, 'replayed' = 4) COMMENT 'kept = it still has no price, and stays suspended; replayed = the bytes of a rejected record were published once more';

-- Rejected records with what became of them.
CREATE OR REPLACE VIEW {{database}}.usage_rejects AS
SELECT
    rejected.*,
    multiIf(resolved.discards > 0, 'discarded', resolved.replays > 0, 'replayed', 'open') AS state,
    resolved.last_reason AS resolution_reason,
    resolved.last_requested_by AS resolved_by,
    resolved.last_requested_at AS resolved_at
FROM {{database}}.usage_rejected AS rejected
LEFT JOIN
(
    SELECT
        source_topic,
        source_partition,
        source_offset,
        countIf(outcome = 'replayed') AS replays,
        countIf(outcome = 'discarded') AS discards,
        argMax(reason, requested_at) AS last_reason,
        argMax(requested_by, requested_at) AS last_requested_by,
        max(requested_at) AS last_requested_at
    FROM {{database}}.usage_resolved
    WHERE call_id = ''
    GROUP BY source_topic, source_partition, source_offset
) AS resolved
    ON rejected.source_topic = resolved.source_topic
    AND rejected.source_partition = resolved.source_partition
    AND rejected.source_offset = resolved.source_offset
COMMENT 'Rejected records: state is open, replayed or discarded';
