-- What documents have billed of each month's usage, and from it what they have not. The billing store is the truth: these rows follow it,
-- document after document, and name themselves, so that one that is written again takes the place of its twin.
CREATE TABLE IF NOT EXISTS {{database}}.billed_usage
(
    series Enum8('invoice' = 1, 'credit_note' = 2) COMMENT 'Kind of document',
    sequence UInt64 COMMENT 'Place in its series, from 1 without gaps',
    billing_month UInt32 COMMENT 'yyyymm; month of the calls',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    account_id LowCardinality(String) COMMENT 'Who pays',
    number String COMMENT 'Number of the document',
    charge Decimal(18, 6) COMMENT 'Usage that it bills, to the last digit, currency units; negative = is given back or was made void'
)
ENGINE = ReplacingMergeTree
ORDER BY (series, sequence, billing_month, currency)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Usage that invoices and credit notes bill; follows the billing store';

CREATE VIEW IF NOT EXISTS {{finance}}.unbilled
(
    account_id LowCardinality(String) COMMENT 'Who pays',
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone; month of the calls',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    calls UInt64 COMMENT 'Calls of the month, billed or not',
    rated Decimal(38, 6) COMMENT 'Sum of their charges as they stand, currency units',
    billed Decimal(38, 6) COMMENT 'Of it billed by documents in force, currency units',
    unbilled Decimal(38, 6) COMMENT 'The rest: of months without invoice, of late calls and of calls priced again; negative = to be given back. Currency units'
)
SQL SECURITY INVOKER
AS SELECT
    account_id,
    billing_month,
    currency,
    sum(each.calls) AS calls,
    sum(each.rated) AS rated,
    sum(each.billed) AS billed,
    sum(each.rated) - sum(each.billed) AS unbilled
FROM
(
    SELECT account_id, billing_month, currency, count() AS calls, toDecimal128(sum(usage.charge), 6) AS rated, toDecimal128(0, 6) AS billed
    FROM {{database}}.usage AS usage FINAL
    GROUP BY account_id, billing_month, currency
    UNION ALL
    SELECT account_id, billing_month, currency, toUInt64(0) AS calls, toDecimal128(0, 6) AS rated, toDecimal128(charge, 6) AS billed
    FROM {{database}}.billed_usage FINAL
) AS each
GROUP BY account_id, billing_month, currency
HAVING unbilled != 0
COMMENT 'What each account owes for calls and no document in force bills yet';
