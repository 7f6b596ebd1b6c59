/** The workbench's questions over the real engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedStore } from '@tollstream/usage-store';
import type { EmbeddedStore } from '@tollstream/usage-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAlerts, showAlert } from './alerts.ts';
import { listConflicts } from './conflicts.ts';
import {
  listRejected,
  listSuspended,
  showRejected,
  showSuspended,
  summariseRejected,
  summariseSuspended,
} from './queries.ts';

let directory: string;
let store: EmbeddedStore;

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-workbench-'));
  store = await openEmbeddedStore({ dataDirectory: directory });
  await store.migrate();
  const insert = (sql: string) => store.engine.run(sql, { format: 'Null' });
  // Six calls, a minute apart; the first two to one missing rate, the others of an unknown account.
  await insert(
    `INSERT INTO tollstream.usage_suspended
       (call_id, switch_id, account_id, direction, disposition, started_at, destination_number, code, detail, source_topic, source_offset)
     SELECT concat('call-', toString(number)), 'sbc-1', if(number < 2, 'dental', 'nobody'), 'outbound', 'answered',
            toDateTime64('2020-01-15 10:00:00.000', 3, 'UTC') + toIntervalMinute(number),
            if(number < 2, 5511987650123, 12125550100), if(number < 2, 'rate_missing', 'account_unknown'), 'why', 'calls.raw', number
     FROM numbers(6)`,
  );
  await insert(
    `INSERT INTO tollstream.usage_rejected (code, detail, format, position, raw, received_at, source_topic, source_partition, source_offset)
     SELECT 'unreadable', 'no JSON', 'json', concat('calls.jsonl:', toString(number + 1)), unhex('7BFF0A1B5B'),
            toDateTime64('2020-01-15 10:00:00.000', 3, 'UTC'), 'calls.raw', 0, number
     FROM numbers(3)`,
  );
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

test('suspended calls are counted by what is to be mended', async () => {
  expect(await summariseSuspended(store, {}, 10)).toEqual([
    {
      reason: 'account_unknown',
      detail: 'why',
      calls: '4',
      accounts: '1',
      first: '2020-01-15T10:02:00.000Z',
      last: '2020-01-15T10:05:00.000Z',
    },
    {
      reason: 'rate_missing',
      detail: 'why',
      calls: '2',
      accounts: '1',
      first: '2020-01-15T10:00:00.000Z',
      last: '2020-01-15T10:01:00.000Z',
    },
  ]);
});

test.each([
  [{ reason: 'rate_missing' }, ['call-0', 'call-1']],
  [{ account: 'nobody', to: '2020-01-15T10:04:00Z' }, ['call-2', 'call-3']],
  [{ destination: '+5511' }, ['call-0', 'call-1']],
  [{ destination: '1212', from: '2020-01-15T10:05:00Z' }, ['call-5']],
  [{ account: "' OR 1 = 1 --" }, []],
])('suspended calls are chosen by %o', async (chosen, expected) => {
  const rows = await listSuspended(store, chosen, 10);
  expect(rows.map((row) => row['call_id'])).toEqual(expected);
});

test('what was rated or discarded since shows only when all is asked for, and the rest by its latest reason', async () => {
  const state = async (all: boolean): Promise<unknown[]> =>
    (await listSuspended(store, { account: 'dental', all }, 10)).map((row) => [
      row['call_id'],
      row['state'],
      row['reason'],
      row['tries'],
    ]);
  const resolve = async (call: number, outcome: string, code: string, at: string): Promise<unknown> =>
    store.engine.run(
      `INSERT INTO tollstream.usage_resolved (call_id, source_topic, source_partition, source_offset, outcome, code, requested_at, run)
       VALUES ('call-${call}', 'calls.raw', 0, ${call}, '${outcome}', '${code}', '${at}', '${at}')`,
      { format: 'Null' },
    );
  await resolve(0, 'kept', 'account_inactive', '2020-02-01 00:00:00.000');
  await resolve(0, 'kept', 'plan_missing', '2020-02-02 00:00:00.000');
  await resolve(1, 'kept', 'plan_missing', '2020-02-01 00:00:00.000');
  await resolve(1, 'rated', '', '2020-02-02 00:00:00.000');
  expect(await state(false)).toEqual([['call-0', 'open', 'plan_missing', '2']]);
  expect(await state(true)).toEqual([
    ['call-0', 'open', 'plan_missing', '2'],
    ['call-1', 'rated', 'plan_missing', '2'],
  ]);
  await store.engine.run('TRUNCATE TABLE tollstream.usage_resolved', { format: 'Null' });
});

test('a list ends at its limit', async () => {
  expect(await listSuspended(store, {}, 3)).toHaveLength(3);
});

test('one suspended call is shown whole', async () => {
  const [call] = await showSuspended(store, 'call-0');
  expect(call).toMatchObject({
    reason: 'rate_missing',
    destination: '+5511987650123',
    started: '2020-01-15T10:00:00.000Z',
  });
  expect(await showSuspended(store, 'call')).toEqual([]);
});

test('rejected records are counted, listed and shown with their bytes', async () => {
  expect(await summariseRejected(store, { reason: 'unreadable' }, 10)).toMatchObject([
    { format: 'json', records: '3' },
  ]);
  expect(await listRejected(store, { position: 'calls.jsonl:2' }, 10)).toMatchObject([
    { source: 'calls.raw/0 offset 1' },
  ]);
  const [byPosition] = await showRejected(store, 'calls.jsonl:2');
  expect(byPosition).toMatchObject({ bytes: '5', detail: 'no JSON' });
  expect(await showRejected(store, 'calls.raw/0 offset 1')).toEqual([byPosition]);
});

test('records that do not agree stand side by side, also where two accounts were charged for one call', async () => {
  const at = (second: number): string => `toDateTime64('2021-05-01 10:00:0${second}.000', 3, 'UTC')`;
  const values = (id: string, account: string, ended: number, offset: number): string =>
    `'${id}', 'sbc-1', '${account}', 'outbound', 'answered', ${at(0)}, ${at(1)}, ${at(ended)}, 'calls.raw', ${offset}`;
  const columns =
    'call_id, switch_id, account_id, direction, disposition, started_at, answered_at, ended_at, source_topic, source_offset';
  await store.engine.run(
    `INSERT INTO tollstream.usage (${columns}) SELECT ${values('same', 'dental', 5, 100)}
     UNION ALL SELECT ${values('differs', 'dental', 5, 101)} UNION ALL SELECT ${values('moved', 'dental', 5, 102)}
     UNION ALL SELECT ${values('moved', 'bakery', 5, 103)}`,
    { format: 'Null' },
  );
  await store.engine.run(
    `INSERT INTO tollstream.usage_suspended (${columns}, code) SELECT ${values('differs', 'dental', 9, 104)}, 'content_conflict'`,
    { format: 'Null' },
  );
  expect(await listConflicts(store, { from: '2021-05-01T00:00:00Z' }, 10)).toEqual([
    {
      call_id: 'differs',
      switch_id: 'sbc-1',
      first_record: 'calls.raw/0 offset 101',
      other_record: 'calls.raw/0 offset 104',
      other_is: 'conflict',
      difference: 'ended_at: 2021-05-01 10:00:05.000 / 2021-05-01 10:00:09.000',
    },
    {
      call_id: 'moved',
      switch_id: 'sbc-1',
      first_record: 'calls.raw/0 offset 102',
      other_record: 'calls.raw/0 offset 103',
      other_is: 'rated',
      difference: 'account_id: dental / bakery',
    },
  ]);
  expect(await listConflicts(store, { to: '2021-05-01T00:00:00Z' }, 10)).toEqual([]);
});

test('alerts are listed and shown with exact amounts', async () => {
  await store.engine.run(
    `INSERT INTO tollstream.usage_alerts
       (alert_id, account_id, limit_id, window, window_start, window_end, threshold_percent, limit_amount, spent, currency, call_id,
        switch_id, started_at, charge, source_topic, source_offset, counted_from, catalog_version)
     SELECT concat(toString(number), 'abcdef0123456789abcdef012345678'), if(number < 2, 'dental', 'legal'),
            if(number = 1, 'all', 'fraud'), 'day', toDateTime64('2020-01-15 05:00:00.000', 3, 'UTC'),
            toDateTime64('2020-01-16 05:00:00.000', 3, 'UTC'), 50 * (number + 1), 50, toDecimal64('50.000001', 6) + number, 'USD',
            concat('call-', toString(number)), 'sbc-1', toDateTime64('2020-01-15 10:00:00.000', 3, 'UTC') + toIntervalMinute(number),
            0.3, 'calls.raw', number, 7, 3
     FROM numbers(3)`,
    { format: 'Null' },
  );
  const idsOf = async (chosen: Parameters<typeof listAlerts>[1]): Promise<unknown[]> =>
    (await listAlerts(store, chosen, 10)).map(({ call_id }) => call_id);
  expect((await listAlerts(store, {}, 1))[0]).toEqual({
    alert: '0abcdef0',
    account: 'dental',
    spend_limit: 'fraud',
    percent: 50,
    spent: '50.000001',
    limit_amount: '50',
    currency: 'USD',
    window: 'day',
    window_start: '2020-01-15T05:00:00.000Z',
    call_started: '2020-01-15T10:00:00.000Z',
    call_id: 'call-0',
  });
  expect(await idsOf({ account: 'dental' })).toEqual(['call-0', 'call-1']);
  expect(await idsOf({ limitId: 'fraud' })).toEqual(['call-0', 'call-2']);
  expect(await idsOf({ from: '2020-01-15T10:01:00Z', to: '2020-01-15T10:02:00Z' })).toEqual(['call-1']);
  expect(await idsOf({ account: "x' OR 1 = 1 --" })).toEqual([]);
  expect(await showAlert(store, '2ABC')).toEqual([
    {
      alert: '2abcdef0123456789abcdef012345678',
      account: 'legal',
      spend_limit: 'fraud',
      percent: 150,
      limit_amount: '50',
      spent: '52.000001',
      currency: 'USD',
      window: 'day',
      window_start: '2020-01-15T05:00:00.000Z',
      window_end: '2020-01-16T05:00:00.000Z',
      call_id: 'call-2',
      switch_id: 'sbc-1',
      leg: 0,
      call_started: '2020-01-15T10:02:00.000Z',
      call_charge: '0.3',
      source: 'calls.raw/0 offset 2',
      counted_from: '7',
      catalog_version: 3,
    },
  ]);
  expect([await showAlert(store, ''), await showAlert(store, 'none')]).toEqual([[], []]);
});
