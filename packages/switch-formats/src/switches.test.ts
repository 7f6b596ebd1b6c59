import { describe, expect, it } from 'vitest';
import { decodeRecord } from './decode-record.ts';
import { callsOf, fixture, readAll, rejectionsOf } from './testing/read-all.ts';

const NEW_YORK = { timeZone: 'America/New_York' };
const ANSWERED_AT = Date.UTC(2020, 0, 15, 14, 0, 7);

describe('Asterisk', () => {
  it('reads Master.csv with quotes, line ends inside quotes and both hours of the night the clock goes back', async () => {
    const calls = callsOf(await readAll(fixture('asterisk/Master.csv'), NEW_YORK));
    expect(calls).toHaveLength(4);
    expect(calls[0]).toMatchObject({
      callId: '1579096800.42/SIP/carrier-a-0000001b',
      switchId: 'asterisk',
      account: '60311',
      device: 'SIP/101',
      trunk: 'SIP/carrier-a',
      direction: 'outbound',
      startedAt: ANSWERED_AT - 7_000,
      answeredAt: ANSWERED_AT,
      endedAt: ANSWERED_AT + 63_000,
    });
    expect(calls[1]).toMatchObject({ answeredAt: null, disposition: 'no_answer' });
    // Began at the first 01:30 (-04:00) and ended at the second 01:10 (-05:00), 40 minutes later.
    expect(calls[2]).toMatchObject({
      startedAt: 1604208600_000,
      endedAt: 1604208600_000 + 2_405_000,
      direction: 'inbound',
    });
    expect(calls[2]!.endedAt - calls[2]!.answeredAt!).toBe(2_400_000);
    // The same wall clock an hour later: the channel's own time in the uniqueid tells.
    expect(calls[3]!.startedAt).toBe(1604212200_000);
  });

  it('reads the keys of the AMI event and of the CDR variables', async () => {
    const [answered, busy] = callsOf(await readAll(fixture('asterisk/cdr.jsonl'), NEW_YORK));
    expect(answered).toMatchObject({ answeredAt: ANSWERED_AT, endedAt: ANSWERED_AT + 63_000 });
    expect(busy).toMatchObject({ answeredAt: null, disposition: 'busy' });
  });

  it('reads UTC when the switch writes UTC', async () => {
    const [call] = callsOf(await readAll(fixture('asterisk/Master.csv'), { timeZone: 'UTC' }));
    expect(call!.answeredAt).toBe(Date.UTC(2020, 0, 15, 9, 0, 7));
  });

  it('makes an id of the channel and the start when the switch writes no uniqueid', () => {
    const line =
      '"","100","13055550188","x","","SIP/100-01","SIP/c-02","Dial","","2020-01-15 09:00:00","","2020-01-15 09:00:09",9,0,"BUSY","3"';
    expect(decodeRecord(Buffer.from(line), 'asterisk-csv', NEW_YORK)).toMatchObject({
      call: { callId: 'SIP/100-01/SIP/c-02@2020-01-15 09:00:00' },
    });
  });

  it('refuses local times without a zone, with the remedy', async () => {
    await expect(readAll(fixture('asterisk/Master.csv'))).rejects.toMatchObject({
      code: 'TOLL_IMPORT_TIME_ZONE_MISSING',
      remedy: expect.stringContaining('--time-zone') as string,
    });
  });
});

describe('FreeSWITCH', () => {
  it('reads the default template, whose names hold quotes that nothing escapes', async () => {
    const [answered, busy] = callsOf(await readAll(fixture('freeswitch/Master.csv'), NEW_YORK));
    expect(answered).toMatchObject({
      callId: '3f2c1f0e-7d55-4e0a-9d9b-8f5a1c2b3d4e',
      from: '12125550101',
      to: '13055550188',
      account: '60311',
      answeredAt: ANSWERED_AT,
    });
    expect(busy).toMatchObject({ answeredAt: null, disposition: 'busy', to: '13055550189' });
  });

  it('reads the template sql', () => {
    const line =
      'INSERT INTO cdr VALUES ("1001","1001","13055550188","default","2020-01-15 09:00:00","2020-01-15 09:00:07",' +
      '"2020-01-15 09:01:10","70","63","NORMAL_CLEARING","3f2c1f0e-7d55-4e0a-9d9b-8f5a1c2b3d4e","", "60311");';
    expect(decodeRecord(Buffer.from(line), 'freeswitch-csv', NEW_YORK)).toMatchObject({
      call: { account: '60311', answeredAt: ANSWERED_AT },
    });
  });

  it('reads mod_json_cdr to the millisecond, decodes its values, and refuses a B leg', async () => {
    const records = await readAll(fixture('freeswitch/cdr.jsonl'));
    const [answered, busy] = callsOf(records);
    expect(answered).toMatchObject({
      switchId: 'fs1',
      from: '+12125550101',
      direction: 'outbound',
      startedAt: 1579096800123,
      answeredAt: 1579096807250,
      endedAt: 1579096870500,
    });
    expect(busy).toMatchObject({
      from: '1001',
      disposition: 'busy',
      answeredAt: null,
      endedAt: 1579097112000,
    });
    expect(rejectionsOf(records)).toMatchObject([{ line: 3, code: 'field_invalid' }]);
  });
});

describe('Cisco CUCM', () => {
  it('passes over the two header lines and reads an unanswered call and a record without an end', async () => {
    const records = await readAll(fixture('cucm/cdr.csv'));
    const [answered, busy] = callsOf(records);
    expect(answered).toMatchObject({
      callId: '1/7001/25001-25002@1579096800',
      switchId: 'StandAloneCluster',
      answeredAt: 1579096807000,
      endedAt: 1579096870000,
      disposition: 'answered',
      device: 'SEP001122334455',
    });
    expect(busy).toMatchObject({
      answeredAt: null,
      disposition: 'busy',
      to: '2009',
      originalTo: '2002',
      direction: 'internal',
    });
    expect(rejectionsOf(records)).toMatchObject([{ line: 5, code: 'time_invalid' }]);
  });
});
