-- What finance asks, in a database of its own, so that it can be granted and shown alone. Every call counts once, at its highest
-- revision; amounts are exact decimals. The views hold nothing: they say what usage says at this moment (docs/finance.md).
-- They read with the rights of who asks, so row policies of the tables below them hold through them.
CREATE DATABASE IF NOT EXISTS {{finance}};

CREATE VIEW IF NOT EXISTS {{finance}}.usage
(
    account_id LowCardinality(String) COMMENT 'Who pays',
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone; invoiced with the month after',
    start_utc DateTime64(3, 'UTC') COMMENT 'When the call was answered; attempted, when nobody did. UTC, ms',
    end_utc DateTime64(3, 'UTC') COMMENT 'When it ended. UTC, ms',
    call_id String COMMENT 'Identity of the call within its switch',
    leg UInt8 COMMENT 'Leg of the call; 0 = the only or first one',
    switch_id LowCardinality(String) COMMENT 'Switch that reported the call',
    direction LowCardinality(String) COMMENT 'outbound, inbound or internal',
    disposition LowCardinality(String) COMMENT 'How the call ended',
    origin String COMMENT 'Calling number, + and digits; what the switch wrote where it is no such number',
    destination String COMMENT 'Called number, alike',
    extension LowCardinality(String) COMMENT 'Extension of the account; '''' = none was told',
    device LowCardinality(String) COMMENT 'Device of the account; '''' = none was told',
    plan LowCardinality(String) COMMENT 'Plan that priced the call',
    call_type LowCardinality(String) COMMENT 'What the call was',
    rate_type LowCardinality(String) COMMENT 'How it was charged',
    jurisdiction LowCardinality(String) COMMENT 'interstate, intrastate, international or indeterminate; '''' = of no meaning, or not asked',
    country LowCardinality(String) COMMENT 'ISO 3166 alpha-2 of the far end; '''' = not applicable',
    tariff LowCardinality(String) COMMENT 'Tariff of the rate; '''' = none',
    prefix String COMMENT 'Matched prefix, digits; '''' = none',
    duration_seconds Decimal(18, 3) COMMENT 'Answered time, s',
    billable_seconds UInt32 COMMENT 'Duration rounded to the tariff''s increments, s',
    billable_minutes Decimal(38, 6) COMMENT 'The same, min, rounded half up to six decimals',
    included_seconds UInt32 COMMENT 'Of the billable ones taken from an allowance, s',
    charged_seconds UInt32 COMMENT 'Of the billable ones charged, s',
    rate_per_minute Decimal(18, 8) COMMENT 'Currency units a minute',
    connect_fee Decimal(18, 6) COMMENT 'Currency units a call',
    charge Decimal(18, 6) COMMENT 'Currency units; total_cost of call details',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    catalog_version UInt32 COMMENT 'Catalog that priced the call; 0 = none'
)
SQL SECURITY INVOKER
AS SELECT
    account_id,
    billing_month,
    if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at) AS start_utc,
    ended_at AS end_utc,
    call_id,
    leg,
    switch_id,
    toString(direction) AS direction,
    toString(disposition) AS disposition,
    if(origin_number > 0, concat('+', toString(origin_number)), origin_text) AS origin,
    if(destination_number > 0, concat('+', toString(destination_number)), destination_text) AS destination,
    extension,
    device,
    plan,
    toString(call_type) AS call_type,
    toString(rate_type) AS rate_type,
    toString(jurisdiction) AS jurisdiction,
    country,
    tariff,
    if(prefix > 0, toString(prefix), '') AS prefix,
    toDecimal64(duration_ms, 3) / 1000 AS duration_seconds,
    billable_seconds,
    toDecimal128(intDiv(toUInt64(billable_seconds) * 1000000 + 30, 60), 6) / 1000000 AS billable_minutes,
    included_seconds,
    charged_seconds,
    rate_per_minute,
    connect_fee,
    charge,
    currency,
    catalog_version
FROM {{database}}.usage FINAL
COMMENT 'Every rated call once, at its highest revision';

CREATE VIEW IF NOT EXISTS {{finance}}.usage_monthly
(
    account_id LowCardinality(String) COMMENT 'Who pays',
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone; invoiced with the month after',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    call_type LowCardinality(String) COMMENT 'What the calls were',
    rate_type LowCardinality(String) COMMENT 'How they were charged',
    jurisdiction LowCardinality(String) COMMENT 'interstate, intrastate, international or indeterminate; '''' = of no meaning, or not asked',
    calls UInt64 COMMENT 'Calls, answered or not',
    answered_calls UInt64 COMMENT 'Of these answered',
    duration_seconds Decimal(38, 3) COMMENT 'Answered time, s',
    billable_seconds UInt64 COMMENT 'Durations rounded to the tariffs'' increments, s',
    billable_minutes Decimal(38, 6) COMMENT 'The same sum, min, rounded half up to six decimals',
    included_seconds UInt64 COMMENT 'Of the billable ones taken from allowances, s',
    charged_seconds UInt64 COMMENT 'Of the billable ones charged, s',
    charge Decimal(38, 6) COMMENT 'Sum of the charges, currency units'
)
SQL SECURITY INVOKER
AS SELECT
    account_id,
    billing_month,
    currency,
    toString(usage.call_type) AS call_type,
    toString(usage.rate_type) AS rate_type,
    toString(usage.jurisdiction) AS jurisdiction,
    count() AS calls,
    countIf(disposition = 'answered') AS answered_calls,
    toDecimal128(sum(usage.duration_ms), 3) / 1000 AS duration_seconds,
    sum(usage.billable_seconds) AS billable_seconds,
    toDecimal128(intDiv(sum(usage.billable_seconds) * 1000000 + 30, 60), 6) / 1000000 AS billable_minutes,
    sum(usage.included_seconds) AS included_seconds,
    sum(usage.charged_seconds) AS charged_seconds,
    sum(usage.charge) AS charge
FROM {{database}}.usage AS usage FINAL
GROUP BY account_id, billing_month, currency, call_type, rate_type, jurisdiction
COMMENT 'Usage of each account and month by call type, rate type and jurisdiction';

CREATE VIEW IF NOT EXISTS {{finance}}.revenue_by_destination
(
    billing_month UInt32 COMMENT 'yyyymm in the accounts'' time zones',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    country LowCardinality(String) COMMENT 'ISO 3166 alpha-2 of the far end; '''' = not applicable',
    tariff LowCardinality(String) COMMENT 'Tariff of the rate; '''' = none',
    prefix String COMMENT 'Matched prefix, digits; '''' = none',
    call_type LowCardinality(String) COMMENT 'What the calls were',
    calls UInt64 COMMENT 'Calls, answered or not',
    answered_calls UInt64 COMMENT 'Of these answered',
    accounts UInt64 COMMENT 'Accounts that called',
    billable_seconds UInt64 COMMENT 'Durations rounded to the tariffs'' increments, s',
    charged_seconds UInt64 COMMENT 'Of these charged, s',
    revenue Decimal(38, 6) COMMENT 'Sum of the charges, currency units',
    revenue_per_charged_minute Nullable(Decimal(38, 6)) COMMENT 'Connect fees included, currency units a minute, cut to six decimals; NULL = no second was charged'
)
SQL SECURITY INVOKER
AS SELECT
    billing_month,
    currency,
    country,
    tariff,
    if(usage.prefix > 0, toString(usage.prefix), '') AS prefix,
    toString(usage.call_type) AS call_type,
    count() AS calls,
    countIf(disposition = 'answered') AS answered_calls,
    uniqExact(account_id) AS accounts,
    sum(usage.billable_seconds) AS billable_seconds,
    sum(usage.charged_seconds) AS charged_seconds,
    sum(charge) AS revenue,
    sum(charge) * 60 / nullIf(sum(usage.charged_seconds), 0) AS revenue_per_charged_minute
FROM {{database}}.usage AS usage FINAL
GROUP BY billing_month, currency, country, tariff, prefix, call_type
COMMENT 'What calls to each destination brought, by the prefix that priced them';

CREATE VIEW IF NOT EXISTS {{finance}}.suspended
(
    account_id LowCardinality(String) COMMENT 'Who pays; '''' when no account could be told',
    start_utc DateTime64(3, 'UTC') COMMENT 'When the call was answered; attempted, when nobody did. UTC, ms',
    end_utc DateTime64(3, 'UTC') COMMENT 'When it ended. UTC, ms',
    call_id String COMMENT 'Identity of the call within its switch',
    leg UInt8 COMMENT 'Leg of the call; 0 = the only or first one',
    switch_id LowCardinality(String) COMMENT 'Switch that reported the call',
    direction LowCardinality(String) COMMENT 'outbound, inbound or internal',
    origin String COMMENT 'Calling number, + and digits; what the switch wrote where it is no such number',
    destination String COMMENT 'Called number, alike',
    extension LowCardinality(String) COMMENT 'Extension of the account; '''' = none was told',
    duration_seconds Decimal(18, 3) COMMENT 'Answered time, s; 0 = nobody answered',
    code LowCardinality(String) COMMENT 'Why it has no price, as it was tried last',
    detail String COMMENT 'What exactly',
    tries UInt64 COMMENT 'How often it was taken up again, in vain',
    catalog_version UInt32 COMMENT 'Catalog that had no price for it; 0 = none'
)
SQL SECURITY INVOKER
AS SELECT
    account_id,
    if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at) AS start_utc,
    ended_at AS end_utc,
    call_id,
    leg,
    switch_id,
    toString(suspense.direction) AS direction,
    if(origin_number > 0, concat('+', toString(origin_number)), origin_text) AS origin,
    if(destination_number > 0, concat('+', toString(destination_number)), destination_text) AS destination,
    extension,
    if(
        toUnixTimestamp64Milli(answered_at) > 0,
        toDecimal64(toUnixTimestamp64Milli(ended_at) - toUnixTimestamp64Milli(answered_at), 3) / 1000,
        toDecimal64(0, 3)
    ) AS duration_seconds,
    code,
    detail,
    tries,
    catalog_version
FROM {{database}}.usage_suspense AS suspense
WHERE state = 'open'
COMMENT 'Calls that could not be priced and still wait: money that is not yet revenue';
