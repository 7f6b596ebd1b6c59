-- What the billing of an account leaves behind. Invoices and credit notes are documents: written once, chained by hash, never changed.
-- Amounts are numeric without a scale: they keep the digits they were written with.

-- One row per kind of document. Who issues locks it, so that numbers have no gaps and each document knows the one before it.
CREATE TABLE document_series (
    series      text   PRIMARY KEY CHECK (series IN ('invoice', 'credit_note')),
    last_number bigint NOT NULL DEFAULT 0,
    last_hash   text   NOT NULL DEFAULT ''
);
INSERT INTO document_series (series) VALUES ('invoice'), ('credit_note');

CREATE TABLE invoices (
    number          text        PRIMARY KEY,
    sequence        bigint      NOT NULL UNIQUE,
    account_id      text        NOT NULL,
    month           text        NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    -- 1, or more when the invoices of the month before it were void.
    attempt         integer     NOT NULL CHECK (attempt >= 1),
    issue_date      date        NOT NULL,
    due_date        date        NOT NULL,
    currency        text        NOT NULL,
    total           numeric     NOT NULL CHECK (total >= 0),
    catalog_version bigint      NOT NULL,
    -- The invoice as JSON, byte for byte as it was issued: what the hash is of.
    document        text        NOT NULL,
    previous_hash   text        NOT NULL,
    hash            text        NOT NULL UNIQUE,
    issued_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, month, attempt)
);
CREATE INDEX invoices_by_month ON invoices (month, account_id);

CREATE TABLE invoice_lines (
    number        text    NOT NULL REFERENCES invoices,
    position      integer NOT NULL,
    section       text    NOT NULL,
    billing_group text    NOT NULL,
    description   text    NOT NULL,
    amount        numeric NOT NULL,
    -- Of usage lines: the sum of their calls' charges, to the last digit.
    exact_amount  numeric,
    PRIMARY KEY (number, position)
);

CREATE TABLE credit_notes (
    number         text        PRIMARY KEY,
    sequence       bigint      NOT NULL UNIQUE,
    invoice_number text        NOT NULL REFERENCES invoices,
    account_id     text        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('void', 'correction', 'dispute', 'late_calls')),
    reason         text        NOT NULL,
    issue_date     date        NOT NULL,
    currency       text        NOT NULL,
    amount         numeric     NOT NULL CHECK (amount >= 0),
    -- The same request twice is one credit note.
    request_key    text        NOT NULL UNIQUE,
    document       text        NOT NULL,
    previous_hash  text        NOT NULL,
    hash           text        NOT NULL UNIQUE,
    issued_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX credit_notes_by_invoice ON credit_notes (invoice_number);
-- An invoice is void once.
CREATE UNIQUE INDEX credit_notes_void ON credit_notes (invoice_number) WHERE kind = 'void';

CREATE TABLE payments (
    request_key    text        PRIMARY KEY,
    invoice_number text        NOT NULL REFERENCES invoices,
    account_id     text        NOT NULL,
    -- A failed attempt of autopay is kept beside the payments, with why.
    outcome        text        NOT NULL CHECK (outcome IN ('paid', 'failed')),
    paid_on        date        NOT NULL,
    currency       text        NOT NULL,
    amount         numeric     NOT NULL CHECK (amount > 0),
    method         text        NOT NULL,
    reference      text        NOT NULL,
    recorded_by    text        NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_by_invoice ON payments (invoice_number);

CREATE TABLE disputes (
    id                 bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_number     text        NOT NULL REFERENCES invoices,
    account_id         text        NOT NULL,
    opened_on          date        NOT NULL,
    opened_by          text        NOT NULL,
    amount             numeric     NOT NULL CHECK (amount > 0),
    reason             text        NOT NULL,
    status             text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'credited', 'refused')),
    decided_on         date,
    decided_by         text,
    decision           text,
    credit_note_number text        REFERENCES credit_notes,
    recorded_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX disputes_by_invoice ON disputes (invoice_number);

-- What of an invoice is still to be paid. An open dispute is not collected until it is decided.
CREATE VIEW invoice_balances AS
SELECT
    i.number, i.account_id, i.month, i.attempt, i.issue_date, i.due_date, i.currency, i.total,
    coalesce(c.credited, 0) AS credited,
    coalesce(p.paid, 0) AS paid,
    coalesce(d.disputed, 0) AS disputed,
    i.total - coalesce(c.credited, 0) - coalesce(p.paid, 0) AS balance,
    coalesce(c.is_void, false) AS is_void
FROM invoices i
LEFT JOIN (SELECT invoice_number, sum(amount) AS credited, bool_or(kind = 'void') AS is_void
           FROM credit_notes GROUP BY invoice_number) c ON c.invoice_number = i.number
LEFT JOIN (SELECT invoice_number, sum(amount) AS paid
           FROM payments WHERE outcome = 'paid' GROUP BY invoice_number) p ON p.invoice_number = i.number
LEFT JOIN (SELECT invoice_number, sum(amount) AS disputed
           FROM disputes WHERE status = 'open' GROUP BY invoice_number) d ON d.invoice_number = i.number;

-- What happened on an account and belongs on its next invoice.
CREATE TABLE account_events (
    id            text        PRIMARY KEY,
    account_id    text        NOT NULL,
    kind          text        NOT NULL CHECK (kind IN ('one_time', 'credit', 'late_calls', 'buy_out')),
    happened_on   date        NOT NULL,
    description   text        NOT NULL,
    billing_group text        NOT NULL DEFAULT '',
    currency      text        NOT NULL,
    -- Never negative: a credit is taken off.
    amount        numeric     NOT NULL CHECK (amount >= 0),
    recorded_by   text        NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX account_events_by_account ON account_events (account_id, happened_on);

-- Which invoice carries an event. One on a void invoice waits for the next.
CREATE TABLE invoice_events (
    event_id text NOT NULL REFERENCES account_events,
    number   text NOT NULL REFERENCES invoices,
    PRIMARY KEY (event_id, number)
);

CREATE TABLE cancellations (
    account_id   text        PRIMARY KEY,
    requested_on date        NOT NULL,
    requested_by text        NOT NULL,
    -- The last day of service.
    effective_on date        NOT NULL,
    currency     text        NOT NULL,
    buy_out      numeric     NOT NULL CHECK (buy_out >= 0),
    recorded_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE jobs (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month       text        NOT NULL,
    status      text        NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'stopped', 'failed')),
    accounts    integer     NOT NULL,
    issued      integer     NOT NULL DEFAULT 0,
    present     integer     NOT NULL DEFAULT 0,
    refused     integer     NOT NULL DEFAULT 0,
    -- Why it ended before its work was done.
    failure     text        NOT NULL DEFAULT '',
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

-- Accounts whose invoice could not be issued, and why.
CREATE TABLE job_refusals (
    job_id     bigint NOT NULL REFERENCES jobs,
    account_id text   NOT NULL,
    code       text   NOT NULL,
    message    text   NOT NULL,
    remedy     text   NOT NULL,
    PRIMARY KEY (job_id, account_id)
);

CREATE TABLE audit (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    actor   text        NOT NULL,
    action  text        NOT NULL,
    subject text        NOT NULL,
    details text        NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_subject ON audit (subject);

-- What was issued or recorded stays as it is, whoever asks.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what was issued or recorded is never changed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TRIGGER invoices_stay BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoices_stay_all BEFORE TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_lines_stay BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_lines_stay_all BEFORE TRUNCATE ON invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_notes_stay BEFORE UPDATE OR DELETE ON credit_notes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_notes_stay_all BEFORE TRUNCATE ON credit_notes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_stay BEFORE UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_stay_all BEFORE TRUNCATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_events_stay BEFORE UPDATE OR DELETE ON account_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_events_stay_all BEFORE TRUNCATE ON account_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_events_stay BEFORE UPDATE OR DELETE ON invoice_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_events_stay_all BEFORE TRUNCATE ON invoice_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_stays_all BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
