-- Which invoice or credit note carries what a later run changed in a month that was billed before. A run's adjustments of an account's
-- month are billed together and once; those on a void invoice, or credited to one, wait for the next.
CREATE TABLE billed_adjustments (
    account_id         text    NOT NULL,
    usage_month        text    NOT NULL CHECK (usage_month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    run                integer NOT NULL CHECK (run >= 1),
    number             text    REFERENCES invoices,
    credit_note_number text    REFERENCES credit_notes,
    CHECK (num_nonnulls(number, credit_note_number) = 1)
);
CREATE UNIQUE INDEX billed_adjustments_by_account
    ON billed_adjustments (account_id, usage_month, run, coalesce(number, credit_note_number));

CREATE TRIGGER billed_adjustments_stay BEFORE UPDATE OR DELETE ON billed_adjustments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER billed_adjustments_stay_all BEFORE TRUNCATE ON billed_adjustments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
