import type { AccountEvent, CreditRequest, DisputeRequest, IssueRequest, PaymentRequest } from '../port.ts';

export function invoiceFor(accountId: string, changes: Partial<IssueRequest> = {}): IssueRequest {
  return {
    accountId,
    month: '2020-02',
    issueDate: '2020-02-01',
    dueDate: '2020-02-16',
    currency: 'USD',
    total: '120.50',
    catalogVersion: 3,
    lines: [
      {
        section: 'service_fee',
        billingGroup: '',
        description: 'Phone service',
        amount: '100.00',
        exactAmount: null,
      },
      {
        section: 'overage',
        billingGroup: 'sales',
        description: 'Overage',
        amount: '20.50',
        exactAmount: '20.501234',
      },
    ],
    eventIds: [],
    numberPrefix: 'INV-',
    document: (number) => JSON.stringify({ number, account: accountId, ...changes }),
    ...changes,
  };
}

export function creditOf(invoiceNumber: string, changes: Partial<CreditRequest> = {}): CreditRequest {
  return {
    invoiceNumber,
    kind: 'correction',
    reason: 'a wrong rate',
    issueDate: '2020-02-10',
    amount: '20.50',
    requestKey: `credit of ${invoiceNumber}`,
    numberPrefix: 'CN-',
    document: ({ number, amount, invoiceDocument }) =>
      JSON.stringify({ number, amount, of: JSON.parse(invoiceDocument).number }),
    ...changes,
  };
}

export function paymentOf(invoiceNumber: string, changes: Partial<PaymentRequest> = {}): PaymentRequest {
  return {
    requestKey: `payment of ${invoiceNumber}`,
    invoiceNumber,
    outcome: 'paid',
    paidOn: '2020-02-10',
    amount: '120.50',
    method: 'card',
    reference: 'r-1',
    ...changes,
  };
}

export function disputeOf(invoiceNumber: string, changes: Partial<DisputeRequest> = {}): DisputeRequest {
  return {
    invoiceNumber,
    openedOn: '2020-02-16',
    openedBy: 'admin@example.com',
    amount: '20.50',
    reason: 'we did not call there',
    disputeDays: 15,
    ...changes,
  };
}

export function eventOf(accountId: string, changes: Partial<AccountEvent> = {}): AccountEvent {
  return {
    id: `event of ${accountId}`,
    accountId,
    kind: 'one_time',
    happenedOn: '2020-01-20',
    description: 'Change of caller id',
    billingGroup: '',
    currency: 'USD',
    amount: '15.00',
    ...changes,
  };
}
