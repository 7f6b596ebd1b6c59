/** What every engine of the billing store must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BillingStore } from '../port.ts';
import { creditOf, disputeOf, eventOf, invoiceFor, paymentOf } from './requests.ts';

/** Opens stores over one fresh database. */
export interface EngineUnderTest {
  readonly store: BillingStore;
  /** Runs SQL past the program. */
  readonly sql: (text: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const CLERK = 'clerk';

export function holdsTheContract(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`the billing store over ${name}`, () => {
    let engine: EngineUnderTest;
    let store: BillingStore;
    const refusal = (code: string) => expect.objectContaining({ code });
    const issue = async (...accounts: string[]) =>
      (
        await store.issueInvoices(
          accounts.map((account) => invoiceFor(account)),
          CLERK,
        )
      ).map(({ number }) => number);

    beforeEach(async () => {
      engine = await open();
      ({ store } = engine);
      await store.migrate();
    });
    afterEach(() => engine.close());

    it('applies each schema file once', async () => {
      expect(await store.migrate()).toEqual([]);
    });

    it('bills the adjustments of a run once, and again when what carried them is void', async () => {
      const adjustments = [{ usageMonth: '2019-12', run: 2 }];
      const later = (month: string) => invoiceFor('acme', { month, adjustments });
      const carried = async () => [...((await store.billedAdjustments(['acme', 'other'])).get('acme') ?? [])];
      const [first] = await store.issueInvoices([invoiceFor('acme', { adjustments })], CLERK);
      expect(await carried()).toEqual(['2019-12/2']);
      await expect(store.issueInvoices([later('2020-03')], CLERK)).rejects.toEqual(
        refusal('TOLL_INVOICE_STALE'),
      );
      const whole = creditOf(first!.number, { kind: 'void', amount: null });
      await store.issueCreditNote(whole, CLERK);
      expect(await carried()).toEqual([]);
      // By a credit note, until its invoice is void.
      const [second] = await store.issueInvoices([invoiceFor('acme', { month: '2020-03' })], CLERK);
      const credit = creditOf(second!.number, { kind: 'late_calls', adjustments, requestKey: 'adjustments' });
      await store.issueCreditNote(credit, CLERK);
      expect(await carried()).toEqual(['2019-12/2']);
      await store.issueCreditNote(
        creditOf(second!.number, { kind: 'void', amount: null, requestKey: 'v' }),
        CLERK,
      );
      expect(await carried()).toEqual([]);
    });

    it('numbers invoices in the order of issue, and gives them back byte for byte', async () => {
      expect(await issue('acme', 'other')).toEqual(['INV-000001', 'INV-000002']);
      expect(await issue('third')).toEqual(['INV-000003']);
      const invoice = await store.invoice('INV-000002');
      expect(invoice).toMatchObject({
        account_id: 'other',
        month: '2020-02',
        attempt: 1,
        issue_date: '2020-02-01',
        due_date: '2020-02-16',
        total: '120.50',
        document: '{"number":"INV-000002","account":"other"}',
      });
      expect(await store.verifyChain()).toEqual({ invoices: 3, creditNotes: 0 });
    });

    it('keeps the invoice that a month has, and takes no number for it', async () => {
      await issue('acme');
      const [again, other] = await store.issueInvoices(
        [invoiceFor('acme', { total: '1.00' }), invoiceFor('other')],
        CLERK,
      );
      expect(again).toMatchObject({ kind: 'present', number: 'INV-000001' });
      expect(other).toMatchObject({ kind: 'issued', number: 'INV-000002' });
      expect([...(await store.accountsInvoiced('2020-02'))].sort()).toEqual(['acme', 'other']);
    });

    it('issues all of a batch or nothing of it, and leaves no gap', async () => {
      await issue('acme');
      const broken = invoiceFor('second', {
        document: () => {
          throw new Error('the pen broke');
        },
      });
      await expect(store.issueInvoices([invoiceFor('first'), broken], CLERK)).rejects.toThrow(
        'the pen broke',
      );
      expect(await store.balances({})).toHaveLength(1);
      expect(await issue('third')).toEqual(['INV-000002']);
      expect(await store.verifyChain()).toMatchObject({ invoices: 2 });
    });

    it('gives numbers without gaps to many who issue at once', async () => {
      const accounts = Array.from({ length: 24 }, (_, i) => `account-${i}`);
      // Everybody issues for everybody: each account is asked for by two.
      await Promise.all(
        [...accounts, ...accounts.toReversed()].map((account) =>
          store.issueInvoices([invoiceFor(account)], CLERK),
        ),
      );
      const numbers = (await store.balances({})).map(({ number }) => number);
      expect(numbers).toEqual(accounts.map((_, i) => `INV-${String(i + 1).padStart(6, '0')}`));
      expect(await store.verifyChain()).toMatchObject({ invoices: 24 });
    });

    it.each([
      'UPDATE invoices SET total = 0',
      'DELETE FROM invoices',
      'TRUNCATE invoices CASCADE',
      'UPDATE invoice_lines SET amount = 0',
      'DELETE FROM invoice_lines',
      'UPDATE credit_notes SET amount = 0',
      'DELETE FROM credit_notes',
      'UPDATE payments SET amount = 1',
      'DELETE FROM account_events',
      'UPDATE audit SET actor = $$nobody$$',
      'DELETE FROM audit',
      'TRUNCATE audit',
    ])('refuses %s', async (statement) => {
      await issue('acme');
      await store.issueCreditNote(creditOf('INV-000001'), CLERK);
      await store.recordPayment(paymentOf('INV-000001'), CLERK);
      await store.recordEvent(eventOf('acme'), CLERK);
      await expect(engine.sql(statement)).rejects.toThrow(
        /is refused: what was issued or recorded is never changed/,
      );
    });

    it.each([
      [
        'a changed document',
        "UPDATE invoices SET document = '{}' WHERE sequence = 2",
        /INV-000002 is not as it was issued/,
      ],
      ['a missing document', 'DELETE FROM invoices WHERE sequence = 2', /is missing/],
      ['a missing end', 'DELETE FROM invoices WHERE sequence = 3', /end at 2; 3 were issued/],
      ['another order', "UPDATE invoices SET previous_hash = 'x' WHERE sequence = 3", /does not follow/],
    ])('finds %s behind triggers that were switched off', async (_, statement, complaint) => {
      await issue('acme', 'other', 'third');
      await engine.sql('ALTER TABLE invoices DISABLE TRIGGER ALL');
      await engine.sql('ALTER TABLE invoice_lines DISABLE TRIGGER ALL');
      await engine.sql('DELETE FROM invoice_lines');
      await engine.sql(statement);
      await expect(store.verifyChain()).rejects.toThrow(complaint);
    });

    it('credits up to what an invoice has, and the same request once', async () => {
      await issue('acme');
      const credit = await store.issueCreditNote(creditOf('INV-000001'), CLERK);
      expect(credit).toMatchObject({ number: 'CN-000001', amount: '20.50', kind: 'correction' });
      expect(JSON.parse(credit.document)).toEqual({ number: 'CN-000001', amount: '20.50', of: 'INV-000001' });
      expect((await store.issueCreditNote(creditOf('INV-000001'), CLERK)).number).toBe('CN-000001');
      await expect(store.issueCreditNote(creditOf('INV-000001', { amount: '20.51' }), CLERK)).rejects.toEqual(
        refusal('TOLL_REQUEST_KEY_REUSED'),
      );
      await expect(
        store.issueCreditNote(creditOf('INV-000001', { requestKey: 'k', amount: '100.01' }), CLERK),
      ).rejects.toEqual(refusal('TOLL_CREDIT_TOO_LARGE'));
      for (const amount of ['-1', '0', '1.001', 'much', '1e3', '']) {
        await expect(
          store.issueCreditNote(creditOf('INV-000001', { requestKey: 'k', amount }), CLERK),
        ).rejects.toEqual(refusal('TOLL_AMOUNT_INVALID'));
      }
      expect(await store.balance('INV-000001')).toMatchObject({ credited: '20.50', balance: '100.00' });
      expect(await store.verifyChain()).toEqual({ invoices: 1, creditNotes: 1 });
    });

    it('makes an invoice void by a credit note of all of it, and issues the month again', async () => {
      await issue('acme');
      const voiding = creditOf('INV-000001', { kind: 'void', amount: null });
      expect(await store.issueCreditNote(voiding, CLERK)).toMatchObject({ amount: '120.50' });
      expect(await store.balance('INV-000001')).toMatchObject({ is_void: true });
      await expect(
        store.issueCreditNote(creditOf('INV-000001', { kind: 'void', amount: null, requestKey: 'k' }), CLERK),
      ).rejects.toEqual(refusal('TOLL_INVOICE_VOID'));
      expect(await issue('acme')).toEqual(['INV-000002']);
      expect(await store.invoice('INV-000002')).toMatchObject({ month: '2020-02', attempt: 2 });
      expect(await issue('acme')).toEqual(['INV-000002']);
    });

    it('does not make void what was paid', async () => {
      await issue('acme');
      await store.recordPayment(paymentOf('INV-000001', { amount: '0.01' }), CLERK);
      await expect(
        store.issueCreditNote(creditOf('INV-000001', { kind: 'void', amount: null }), CLERK),
      ).rejects.toEqual(refusal('TOLL_INVOICE_PAID'));
    });

    it('records a payment once, and failed attempts beside it', async () => {
      await issue('acme', 'other');
      await store.recordPayment(paymentOf('INV-000001', { requestKey: 'a', outcome: 'failed' }), CLERK);
      expect(await store.balance('INV-000001')).toMatchObject({ balance: '120.50' });
      await store.recordPayment(paymentOf('INV-000001'), CLERK);
      await store.recordPayment(paymentOf('INV-000001'), CLERK);
      expect(await store.balance('INV-000001')).toMatchObject({ paid: '120.50', balance: '0.00' });
      await expect(store.recordPayment(paymentOf('INV-000001', { amount: '1.00' }), CLERK)).rejects.toEqual(
        refusal('TOLL_REQUEST_KEY_REUSED'),
      );
      await expect(store.recordPayment(paymentOf('INV-000009'), CLERK)).rejects.toEqual(
        refusal('TOLL_INVOICE_UNKNOWN'),
      );
      expect((await store.balances({ unpaid: true })).map(({ number }) => number)).toEqual(['INV-000002']);
      expect((await store.payments('INV-000001')).map(({ outcome }) => outcome).sort()).toEqual([
        'failed',
        'paid',
      ]);
    });

    it('tells what is overdue: due before the day, and not paid, credited or void', async () => {
      await issue('paid', 'open', 'void');
      await store.recordPayment(paymentOf('INV-000001'), CLERK);
      await store.issueCreditNote(creditOf('INV-000003', { kind: 'void', amount: null }), CLERK);
      const overdue = async (day: string) =>
        (await store.balances({ unpaid: true, dueBefore: day })).map(({ account_id }) => account_id);
      expect(await overdue('2020-02-16')).toEqual([]);
      expect(await overdue('2020-02-17')).toEqual(['open']);
    });

    it('takes a dispute on the 15th day after issue and none on the 16th', async () => {
      await issue('acme');
      expect(await store.openDispute(disputeOf('INV-000001'), CLERK)).toMatchObject({
        status: 'open',
        id: 1,
      });
      await expect(
        store.openDispute(disputeOf('INV-000001', { openedOn: '2020-02-17' }), CLERK),
      ).rejects.toEqual(refusal('TOLL_DISPUTE_LATE'));
      await expect(store.openDispute(disputeOf('INV-000001', { amount: '100.01' }), CLERK)).rejects.toEqual(
        refusal('TOLL_CREDIT_TOO_LARGE'),
      );
      expect(await store.balance('INV-000001')).toMatchObject({ disputed: '20.50' });
    });

    it('credits or refuses a dispute, once', async () => {
      await issue('acme');
      await store.openDispute(disputeOf('INV-000001'), CLERK);
      await store.openDispute(disputeOf('INV-000001', { amount: '5' }), CLERK);
      const decision = { decidedOn: '2020-03-02', decidedBy: 'finance', decision: 'agreed' };
      const { reason, numberPrefix, document } = creditOf('INV-000001');
      const credit = { amount: '10.00', reason, numberPrefix, document };
      await expect(
        store.decideDispute({ ...decision, id: 1, credit: { ...credit, amount: '20.51' } }, CLERK),
      ).rejects.toEqual(refusal('TOLL_CREDIT_TOO_LARGE'));
      expect(await store.decideDispute({ ...decision, id: 1, credit }, CLERK)).toMatchObject({
        status: 'credited',
        credit_note_number: 'CN-000001',
      });
      expect(await store.decideDispute({ ...decision, id: 2, credit: null }, CLERK)).toMatchObject({
        status: 'refused',
        credit_note_number: null,
      });
      await expect(store.decideDispute({ ...decision, id: 1, credit }, CLERK)).rejects.toEqual(
        refusal('TOLL_DISPUTE_DECIDED'),
      );
      await expect(store.decideDispute({ ...decision, id: 9, credit }, CLERK)).rejects.toEqual(
        refusal('TOLL_DISPUTE_UNKNOWN'),
      );
      expect(await store.balance('INV-000001')).toMatchObject({ credited: '10.00', disputed: '0' });
      expect(await store.disputes({ status: 'open' })).toEqual([]);
    });

    it('bills an event once, and again when its invoice became void', async () => {
      await store.recordEvent(eventOf('acme'), CLERK);
      await store.recordEvent(eventOf('acme'), CLERK);
      await expect(store.recordEvent(eventOf('acme', { amount: '16' }), CLERK)).rejects.toEqual(
        refusal('TOLL_REQUEST_KEY_REUSED'),
      );
      const waiting = async (before = '2020-02-01') =>
        (await store.unbilledEvents(['acme', 'other'], before)).get('acme')?.map(({ id }) => id) ?? [];
      expect(await waiting('2020-01-20')).toEqual([]);
      expect(await waiting()).toEqual(['event of acme']);
      await store.issueInvoices([invoiceFor('acme', { eventIds: ['event of acme'] })], CLERK);
      expect(await waiting()).toEqual([]);
      await expect(
        store.issueInvoices([invoiceFor('acme', { month: '2020-03', eventIds: ['event of acme'] })], CLERK),
      ).rejects.toEqual(refusal('TOLL_INVOICE_STALE'));
      await store.issueCreditNote(creditOf('INV-000001', { kind: 'void', amount: null }), CLERK);
      expect(await waiting()).toEqual(['event of acme']);
    });

    it('cancels an account once and bills the buy-out', async () => {
      const cancellation = {
        accountId: 'acme',
        requestedOn: '2020-01-10',
        requestedBy: 'owner@example.com',
        effectiveOn: '2020-01-31',
        currency: 'USD',
        buyOut: '99.75',
      };
      await store.recordCancellation(cancellation, CLERK);
      await store.recordCancellation(cancellation, CLERK);
      await expect(
        store.recordCancellation({ ...cancellation, requestedOn: '2020-01-11' }, CLERK),
      ).rejects.toEqual(refusal('TOLL_CANCELLATION_PRESENT'));
      expect((await store.cancellations(['acme', 'other'])).get('acme')).toEqual(cancellation);
      expect((await store.unbilledEvents(['acme'], '2020-02-01')).get('acme')).toMatchObject([
        { kind: 'buy_out', amount: '99.75' },
      ]);
    });

    it('keeps jobs with what they refused', async () => {
      const id = await store.startJob('2020-02', 3, CLERK);
      const refused = { accountId: 'acme', code: 'TOLL_X', message: 'no address', remedy: 'add one' };
      await store.recordRefusal(id, refused);
      await store.endJob(id, { status: 'done', issued: 1, present: 1, refused: 1, failure: '' });
      expect(await store.jobs()).toMatchObject([
        { id: 1, month: '2020-02', status: 'done', accounts: 3, issued: 1, refusals: [refused] },
      ]);
    });

    it('starts one job, and opens one dispute, for a key, with many who send it at once', async () => {
      await issue('acme', 'other');
      const start = () => store.startJobOnce({ month: '2020-02', accounts: 3, requestKey: 'k' }, CLERK);
      const started = await Promise.all([start(), start(), start()]);
      expect(new Set(started.map(({ job }) => job.id)).size).toBe(1);
      expect(started.filter(({ isNew }) => isNew)).toHaveLength(1);
      await expect(
        store.startJobOnce({ month: '2020-03', accounts: 3, requestKey: 'k' }, CLERK),
      ).rejects.toEqual(refusal('TOLL_REQUEST_KEY_REUSED'));

      const open = (number = 'INV-000001') =>
        store.openDispute(disputeOf(number, { requestKey: 'd' }), CLERK);
      const opened = await Promise.all([open(), open(), open()]);
      expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
      await expect(open('INV-000002')).rejects.toEqual(refusal('TOLL_REQUEST_KEY_REUSED'));
      expect(await store.disputes({})).toHaveLength(1);
    });

    it('gives documents in the order of their series, page by page', async () => {
      await issue('acme', 'other', 'third');
      await store.issueCreditNote(creditOf('INV-000002'), CLERK);
      const numbers = async (series: 'invoice' | 'credit_note', sequence: number, limit = 2) =>
        (await store.documentsAfter(series, { sequence, limit })).map(({ number }) => number);
      expect(await numbers('invoice', 0)).toEqual(['INV-000001', 'INV-000002']);
      expect(await numbers('invoice', 2)).toEqual(['INV-000003']);
      expect(await numbers('credit_note', 0)).toEqual(['CN-000001']);
      expect(await numbers('credit_note', 1)).toEqual([]);
      expect((await store.creditNotesOf('other')).map(({ number }) => number)).toEqual(['CN-000001']);
      expect(await store.creditNotesOf('acme')).toEqual([]);
    });

    it('gives each issued invoice to one teller of the webhook, until it is delivered', async () => {
      await issue('acme', 'other', 'third');
      const take = () => store.takeWebhookTasks({ limit: 2, leaseSeconds: 600 });
      const taken = (await Promise.all([take(), take(), take()])).flat();
      expect(taken.map(({ number }) => number).toSorted()).toEqual([
        'INV-000001',
        'INV-000002',
        'INV-000003',
      ]);
      expect(taken[0]).toMatchObject({
        month: '2020-02',
        issueDate: '2020-02-01',
        dueDate: '2020-02-16',
        currency: 'USD',
        total: '120.50',
        attempts: 1,
      });
      expect(await take()).toEqual([]);
      await store.endWebhookTask('INV-000001', { problem: '', retrySeconds: null });
      await store.endWebhookTask('INV-000002', { problem: 'the answer was 500', retrySeconds: 0 });
      expect(await take()).toMatchObject([{ number: 'INV-000002', attempts: 2 }]);
    });

    it('says who did what', async () => {
      await issue('acme');
      await store.recordPayment(paymentOf('INV-000001'), 'bank import');
      expect((await store.audit('INV-000001')).map(({ actor, action }) => [actor, action])).toEqual([
        [CLERK, 'issue invoice'],
        ['bank import', 'record payment'],
      ]);
    });
  });
}
