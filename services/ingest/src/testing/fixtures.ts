/** What the tests of ingest share: a small catalog, events and batches. */
import type { Account, Catalog, Plan } from '@tollstream/catalog';
import type { CallEvent } from '@tollstream/contracts';
import type { LogRecord, RecordBatch } from '@tollstream/event-log';

const PLAN = { id: 'standard', country: 'US', currency: 'USD' } as Plan;

function account(id: string, country: string, numbers: readonly number[]): Account {
  return {
    id,
    name: id,
    plan: PLAN,
    timeZone: 'UTC',
    dialPlan: { country, areaCode: country === 'US' ? '212' : '11' },
    currency: 'USD',
    status: 'active',
    billingStart: 0,
    address: [],
    devices: [],
    numbers: numbers.map((number) => ({ number, kind: 'did', extension: '' })),
    isDefault: false,
  };
}

const ACCOUNTS = [account('acct-us', 'US', [12_125_550_100]), account('acct-br', 'BR', [551_131_234_567])];

export const CATALOG: Catalog = {
  version: 1,
  fingerprint: '',
  contentFingerprint: '',
  name: 'test',
  plans: new Map(),
  tariffs: new Map(),
  accounts: new Map(ACCOUNTS.map((each) => [each.id, each])),
  destinationSets: new Map(),
  accountByNumber: new Map(ACCOUNTS.flatMap((each) => each.numbers.map(({ number }) => [number, each]))),
  defaultPlan: null,
};

/** 2020-01-01. */
export const RECEIVED_AT = 1_577_836_800_000;

export const EVENT: CallEvent = {
  callId: 'c-1',
  switchId: 'sw-1',
  leg: 0,
  direction: 'outbound',
  from: '+12125550100',
  to: '+13105550199',
  startedAt: RECEIVED_AT - 70_000,
  answeredAt: RECEIVED_AT - 65_000,
  endedAt: RECEIVED_AT - 5_000,
  disposition: 'answered',
  account: null,
  extension: null,
  device: null,
  trunk: null,
  chargedParty: null,
  originalTo: null,
  routingNumber: null,
  parentCallId: null,
  partialSequence: null,
  redirectingNumber: null,
};

export function recordOf(value: Buffer | null, given: Partial<LogRecord> = {}): LogRecord {
  return { offset: 0, key: null, value, timestampMs: RECEIVED_AT, ...given };
}

/** Records of `calls.raw`, partition 3, with offsets from 100 on. */
export function batchOf(records: readonly LogRecord[]): RecordBatch {
  const nextOffset = 100 + records.length;
  return {
    topic: 'calls.raw',
    partition: 3,
    records: records.map((record, i) => ({ ...record, offset: 100 + i })),
    nextOffset,
    endOffset: nextOffset,
  };
}
