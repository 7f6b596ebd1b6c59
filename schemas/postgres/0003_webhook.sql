-- Which issued invoices the webhook was told of. A row is made for each invoice in the order of issue, once a webhook is set.
CREATE TABLE webhook_deliveries (
    number        text        PRIMARY KEY REFERENCES invoices,
    sequence      bigint      NOT NULL UNIQUE,
    attempts      integer     NOT NULL DEFAULT 0,
    -- Who tries moves it on first: another one tries only when that time has passed.
    next_at       timestamptz NOT NULL DEFAULT now(),
    delivered_at  timestamptz,
    last_problem  text        NOT NULL DEFAULT ''
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (next_at) WHERE delivered_at IS NULL;
