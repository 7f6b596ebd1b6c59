-- What carriers charge us, as `tollstream costs load` writes it from tariffs, and from it the margin of each call.
-- A load is never changed: it is written whole, and from the row in cost_decks on it is the one in force.
CREATE TABLE IF NOT EXISTS {{database}}.cost_decks
(
    direction Enum8('outbound' = 1, 'toll_free' = 2) COMMENT 'Calls that leave over a carrier, or those to our own toll-free numbers',
    trunk LowCardinality(String) COMMENT 'Trunk of the carrier; '''' = all trunks without a deck of their own',
    load UInt64 COMMENT 'Identity of the load; the highest one of a direction and trunk is in force',
    deck LowCardinality(String) COMMENT 'Tariff that was loaded last; '''' = the deck was removed',
    rows UInt64 COMMENT 'Rows in cost_rates',
    loaded_at DateTime64(3, 'UTC') COMMENT 'UTC, ms'
)
ENGINE = ReplacingMergeTree(load)
ORDER BY (direction, trunk)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Cost decks in force, by direction and trunk';

-- The digits of a row hold at all times what the longest prefix in force then costs, those of shorter prefixes included where its own rates end: so a
-- call is looked up by the longest digits that there are, and by its time.
CREATE TABLE IF NOT EXISTS {{database}}.cost_rates
(
    load UInt64 COMMENT 'See cost_decks',
    digits UInt64 COMMENT 'What numbers begin with that are looked up here',
    effective_from DateTime64(3, 'UTC') COMMENT 'UTC, ms; first instant; 1970-01-01 = always',
    effective_to DateTime64(3, 'UTC') COMMENT 'UTC, ms; first instant no more; 2299-12-31 = no end',
    prefix UInt64 COMMENT 'Prefix of the deck that the rates are of, digits',
    description LowCardinality(String) COMMENT 'Destination, as the deck names it',
    deck LowCardinality(String) COMMENT 'Tariff',
    currency LowCardinality(String) COMMENT 'ISO 4217',
    initial_seconds UInt32 COMMENT 'First billing interval, s',
    step_seconds UInt32 COMMENT 'Every further billing interval, s',
    duration_rounding Enum8('up' = 1, 'nearest' = 2),
    cost_rounding Enum8('half_up' = 1, 'up' = 2, 'down' = 3, 'half_even' = 4),
    connect_fee Decimal(18, 6) COMMENT 'Currency units an answered call',
    initial_rate Decimal(18, 8) COMMENT 'Of the first interval, currency units a minute; -1 = no rate',
    rate Decimal(18, 8) COMMENT 'Of the steps after it, likewise',
    rate_interstate Decimal(18, 8) COMMENT 'Of the whole call where it went between states; likewise',
    rate_intrastate Decimal(18, 8) COMMENT 'Where it stayed in one; likewise',
    rate_indeterminate Decimal(18, 8) COMMENT 'Where that cannot be told; likewise'
)
ENGINE = ReplacingMergeTree
PARTITION BY load
ORDER BY (load, digits, effective_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'What carriers charge by prefix and time; from tariffs by tollstream costs load';

CREATE VIEW IF NOT EXISTS {{finance}}.margin
(
    account_id LowCardinality(String) COMMENT 'Who pays',
    billing_month UInt32 COMMENT 'yyyymm in the account''s time zone',
    day Date COMMENT 'Of the answer (attempt, when nobody did), UTC',
    direction LowCardinality(String) COMMENT 'outbound, inbound or internal',
    call_type LowCardinality(String) COMMENT 'What the calls were',
    country LowCardinality(String) COMMENT 'ISO 3166 alpha-2 of the far end; '''' = not applicable',
    trunk LowCardinality(String) COMMENT 'Trunk that the switch named; '''' = none',
    cost_basis LowCardinality(String) COMMENT 'deck = a deck says the cost, none = no carrier is paid, unknown = one is, and no deck says how much',
    deck LowCardinality(String) COMMENT 'Tariff of the cost; '''' = none',
    cost_prefix String COMMENT 'Prefix of that deck, digits; '''' = none',
    destination LowCardinality(String) COMMENT 'What that deck calls it',
    currency LowCardinality(String) COMMENT 'Of the revenue, ISO 4217',
    cost_currency LowCardinality(String) COMMENT 'Of the cost, ISO 4217; '''' where no deck says one',
    calls UInt64 COMMENT 'Calls, answered or not',
    duration_seconds Decimal(38, 3) COMMENT 'Answered time, s',
    cost_seconds UInt64 COMMENT 'Durations rounded to the increments of the deck, s',
    revenue Decimal(38, 6) COMMENT 'Sum of the charges, units of currency',
    cost Nullable(Decimal(38, 6)) COMMENT 'What the carrier charges, each call rounded by itself, units of cost_currency; NULL = unknown',
    margin Nullable(Decimal(38, 6)) COMMENT 'Revenue without cost, units of currency; NULL = the cost is unknown or of another currency'
)
SQL SECURITY INVOKER
AS WITH
    -- Which number is looked up where: only what leaves over a carrier costs anything, and calls to our own toll-free numbers.
    (
        SELECT mapFromArrays(groupArray(concat(toString(direction), ' ', trunk)), groupArray(load))
        FROM {{database}}.cost_decks FINAL
        WHERE rows > 0
    ) AS loads,
    calls AS
    (
        SELECT
            account_id,
            billing_month,
            started_at,
            answered_at,
            direction,
            call_type,
            country,
            trunk,
            currency,
            jurisdiction,
            duration_ms,
            charge,
            toUnixTimestamp64Milli(answered_at) > 0 AND destination_number > 0 AND multiIf(
                direction = 'outbound', call_type NOT IN ('internal', 'emergency', 'service_code'),
                direction = 'inbound', call_type = 'toll_free_inbound',
                false) AS is_carried,
            if(direction = 'outbound', 'outbound ', 'toll_free ') AS deck_direction,
            if(loads[concat(deck_direction, trunk)] > 0, loads[concat(deck_direction, trunk)], loads[deck_direction]) AS deck_load,
            if(
                is_carried AND deck_load > 0,
                -- The longest one first. One number for deck and digits: a set of pairs is ten times as slow.
                arrayFirst(
                    key -> key IN (SELECT toUInt128(load) * 1000000000000000 + digits FROM {{database}}.cost_rates),
                    arrayMap(
                        cut -> toUInt128(deck_load) * 1000000000000000 + intDiv(destination_number, cut),
                        arrayFilter(
                            cut -> cut <= destination_number,
                            [1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000]::Array(UInt64)))),
                0) AS rate_key
        FROM {{database}}.usage FINAL
    ),
    rated AS
    (
        SELECT
            calls.*,
            rates.deck AS deck,
            rates.prefix AS cost_prefix,
            rates.description AS destination,
            rates.currency AS cost_currency,
            rates.initial_seconds AS initial_seconds,
            rates.step_seconds AS step_seconds,
            rates.duration_rounding AS duration_rounding,
            rates.cost_rounding AS cost_rounding,
            multiIf(
                calls.jurisdiction = 'interstate', rates.rate_interstate,
                calls.jurisdiction = 'intrastate', rates.rate_intrastate,
                calls.jurisdiction = 'indeterminate', rates.rate_indeterminate,
                rates.rate) AS step_rate,
            if(step_rate = rates.rate, rates.initial_rate, step_rate) AS first_rate,
            rates.connect_fee AS connect_fee,
            calls.is_carried AND rates.step_seconds > 0 AND calls.answered_at < rates.effective_to AND step_rate >= 0 AS is_priced
        FROM calls
        ASOF LEFT JOIN (SELECT *, toUInt128(load) * 1000000000000000 + digits AS rate_key FROM {{database}}.cost_rates FINAL) AS rates
            ON calls.rate_key = rates.rate_key AND calls.answered_at >= rates.effective_from
    ),
    costed AS
    (
        SELECT
            *,
            duration_ms > initial_seconds * 1000 ? duration_ms - initial_seconds * 1000 : 0 AS excess_ms,
            intDiv(excess_ms, greatest(step_seconds, 1) * 1000) AS whole_steps,
            excess_ms - whole_steps * step_seconds * 1000 AS rest_ms,
            whole_steps + if(duration_rounding = 'up', rest_ms > 0, rest_ms > 0 AND rest_ms * 2 >= step_seconds * 1000) AS steps,
            is_priced AND duration_ms > 0 AS is_charged,
            if(is_charged, initial_seconds + steps * step_seconds, 0) AS call_cost_seconds,
            -- In 6,000ths of a millionth: a rate is a minute's and has two digits more than an amount.
            if(
                is_charged,
                toInt128(connect_fee * toDecimal128(1000000, 0)) * 6000
                    + toInt128(initial_seconds) * toInt128(first_rate * toDecimal128(100000000, 0))
                    + toInt128(steps) * step_seconds * toInt128(step_rate * toDecimal128(100000000, 0)),
                0) AS units,
            intDiv(units, 6000) AS whole_units,
            units - whole_units * 6000 AS rest_units,
            whole_units + multiIf(
                cost_rounding = 'half_up', rest_units * 2 >= 6000,
                cost_rounding = 'up', rest_units > 0,
                cost_rounding = 'down', false,
                rest_units * 2 > 6000 OR (rest_units * 2 = 6000 AND whole_units % 2 = 1)) AS millionths
        FROM rated
    )
SELECT
    account_id,
    billing_month,
    toDate(if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at)) AS day,
    toString(costed.direction) AS direction,
    toString(costed.call_type) AS call_type,
    country,
    trunk,
    multiIf(is_priced, 'deck', is_carried, 'unknown', 'none') AS cost_basis,
    if(is_priced, costed.deck, '') AS deck,
    if(is_priced, toString(costed.cost_prefix), '') AS cost_prefix,
    if(is_priced, costed.destination, '') AS destination,
    currency,
    if(is_priced, costed.cost_currency, '') AS cost_currency,
    count() AS calls,
    toDecimal128(sum(duration_ms), 3) / 1000 AS duration_seconds,
    sum(call_cost_seconds) AS cost_seconds,
    toDecimal128(sum(charge), 6) AS revenue,
    if(cost_basis = 'unknown', NULL, toDecimal128(sum(millionths), 6) / 1000000) AS cost,
    if(cost_currency IN ('', currency), revenue - cost, NULL) AS margin
FROM costed
GROUP BY account_id, billing_month, day, direction, call_type, country, trunk, cost_basis, deck, cost_prefix, destination, currency, cost_currency
COMMENT 'Revenue, cost and margin by account, day and destination, where cost decks are loaded';
