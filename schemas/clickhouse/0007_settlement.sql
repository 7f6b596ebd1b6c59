-- Settlement and re-rating: what they changed, what they settled, and how far they are. Rows name themselves by their sort keys: one that
-- is written again after a crash takes the place of its twin, so ask these tables with FINAL.
-- usage_adjustments holds the row of usage as it was, under the names that it has there, and the price from then on under new_…; `migrate`
-- adds these columns from usage itself, so that the two tables never differ. The row is written before usage gets the new one.
CREATE TABLE IF NOT EXISTS {{database}}.usage_adjustments
(
    account_id LowCardinality(String) COMMENT 'Who pays',
    started_at DateTime64(3, 'UTC') COMMENT 'UTC, ms' CODEC(Delta, LZ4),
    call_id String COMMENT 'Identity of the call within its switch',
    leg UInt8 COMMENT 'Leg of the call; 0 = the only or first one',
    switch_id LowCardinality(String) COMMENT 'Switch that reported the call',
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone',
    new_revision UInt32 COMMENT 'Revision of the row in usage from then on; revision, where the call is late and its price stays',
    reason Enum8('settlement' = 1, 'rerate' = 2, 'late_call' = 3) COMMENT 'Why: the order of calls, another catalog, or a call that came after its month was settled',
    difference Decimal(18, 6) COMMENT 'What the account owes more; of a late call its whole charge. Signed, in currency units of new_currency',
    run_id LowCardinality(String) COMMENT 'Run that wrote it: see settlement_runs',
    run_number UInt32 COMMENT 'Place of the run among those of its month',
    adjusted_at DateTime64(3, 'UTC') COMMENT 'UTC, ms; when the run began'
)
ENGINE = ReplacingMergeTree
PARTITION BY billing_month
ORDER BY (account_id, started_at, call_id, leg, switch_id, new_revision, reason)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Rows of usage that settlement or re-rating replaced, as they were, with the price that replaced theirs; late calls';

CREATE TABLE IF NOT EXISTS {{database}}.settled_calls
(
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone',
    account_id LowCardinality(String) COMMENT 'Who pays',
    call_key UInt64 COMMENT 'sipHash64(started_at, call_id, leg, switch_id)',
    run_number UInt32 COMMENT 'Run that settled it: see settlement_runs'
)
ENGINE = ReplacingMergeTree
PARTITION BY billing_month
ORDER BY (account_id, call_key)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 134217728
COMMENT 'Calls that were there when their month was settled: what is not among them and in no adjustment came late';

CREATE TABLE IF NOT EXISTS {{database}}.settlement_accounts
(
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone',
    account_id String COMMENT 'Who pays',
    run_number UInt32 COMMENT 'Run: see settlement_runs',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    calls UInt64 COMMENT 'Calls in this currency',
    charge Decimal(18, 6) COMMENT 'Their charges, in currency units'
)
ENGINE = ReplacingMergeTree
PARTITION BY billing_month
ORDER BY (account_id, run_number, currency)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What each account''s month came to in each run; a run that was interrupted goes on after these';

CREATE TABLE IF NOT EXISTS {{database}}.settlement_runs
(
    billing_month UInt32 COMMENT 'yyyymm',
    run_number UInt32 COMMENT 'Place among the runs of the month, from 1',
    run_id String COMMENT 'yyyymm-number',
    kind Enum8('settlement' = 1, 'rerate' = 2),
    account_id String COMMENT 'The only account; '''' = all',
    catalog_version UInt32 COMMENT 'Catalog that priced; 0 = each call with the one it was rated with',
    state Enum8('running' = 1, 'done' = 2, 'abandoned' = 3),
    owner String COMMENT 'Process that does it, and its host',
    started_at DateTime64(3, 'UTC') COMMENT 'UTC, ms',
    changed_at DateTime64(3, 'UTC') COMMENT 'UTC, ms; while it runs, when it was last heard of'
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY (billing_month, run_number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Settlements and re-ratings. A month is closed for an account when a settlement of it, or of all, is done';
