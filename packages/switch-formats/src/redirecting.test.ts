/** Who forwarded or transferred a call, as each switch says it. */
import { describe, expect, it } from 'vitest';
import { decodeRecord } from './decode-record.ts';
import { redirectingOfDiversion, redirectingOfHistory, redirectingParty } from './parties.ts';

describe('Diversion', () => {
  it.each([
    ['<sip:+12125550100@pbx.example.net>;reason=unconditional', '+12125550100'],
    ['"Reception, New York" <sip:102@10.0.0.1:5060;user=phone>;reason=no-answer;counter=1', '102'],
    ['<sip:103@pbx>;reason=user-busy, <sip:+12125550100@pbx>;reason=unconditional', '103'], // the topmost is the latest
    ['<tel:+12125550100;phone-context=x>;reason=unconditional', '+12125550100'],
    ['sip:104@pbx;reason=unconditional', '104'],
    ['<sip:anonymous@anonymous.invalid>;reason=unknown', ''],
    ['no header at all', ''],
    ['', ''],
  ])('%s', (header, party) => {
    expect(redirectingOfDiversion(header)).toBe(party);
  });
});

describe('History-Info', () => {
  it.each([
    ['<sip:102@pbx>;index=1, <sip:+14155550199@gw;cause=302>;index=1.1', '102'],
    ['<sip:101@pbx>;index=1,<sip:102@pbx;cause=486>;index=1.1,<sip:+1415@gw;cause=408>;index=1.1.1', '102'],
    // Two branches tried from one party: the entry before is not the parent.
    ['<sip:101@pbx>;index=1,<sip:102@pbx>;index=1.1,<sip:+1415@gw;cause=408>;index=1.2;mp=1', '101'],
    ['<sip:102@pbx?Reason=SIP%3Bcause%3D302>;index=1, <sip:+14155550199@gw>;index=1.1', '102'],
    ['<sip:102@pbx>;index=1, <sip:102@10.0.0.1>;index=1.1', ''], // routed, and not diverted
    ['<sip:+1415@gw;cause=302>;index=1', ''],
    ['', ''],
  ])('%s', (header, party) => {
    expect(redirectingOfHistory(header)).toBe(party);
  });
});

it('takes what the switch names before what headers say', () => {
  expect(redirectingParty('102', '<sip:103@pbx>')).toBe('102');
  expect(redirectingParty('anonymous', '<sip:103@pbx>')).toBe('103');
  expect(redirectingParty('<sip:105@pbx;user=phone>')).toBe('105');
  expect(redirectingParty('', '', '<sip:104@pbx>;index=1,<sip:1@gw;cause=302>;index=1.1')).toBe('104');
  expect(redirectingParty('')).toBeNull();
});

function callOf(...[value, format, context]: Parameters<typeof decodeRecord>) {
  const decoded = decodeRecord(value, format, context);
  if (decoded.kind !== 'call') throw new Error(`${decoded.code}: ${decoded.detail}`);
  return decoded.call;
}

describe('records of switches', () => {
  it('CSV: a column of its own, or the headers', () => {
    const csvHeader =
      'call_id,switch_id,direction,from,to,started_at,ended_at,disposition,redirecting_number,diversion';
    const record = (own: string, header: string): Buffer =>
      Buffer.from(`a,s,outbound,+13055550188,+14155550199,1,2,busy,${own},"${header}"`);
    const read = (own: string, header = '') => callOf(record(own, header), 'csv', { csvHeader });
    expect(read('102')).toMatchObject({ redirectingNumber: '102', from: '+13055550188' });
    expect(read('', '""Front, desk"" <sip:103@pbx>;reason=deflection')).toMatchObject({
      redirectingNumber: '103',
    });
    expect(read('').redirectingNumber).toBeNull();
  });

  it('Asterisk: variables that a dialplan writes', () => {
    const cdr = {
      src: '13055550188',
      dst: '14155550199',
      dcontext: 'from-internal',
      accountcode: '60311',
      start: '2020-01-15 09:00:00',
      answer: '2020-01-15 09:00:07',
      end: '2020-01-15 09:01:10',
      duration: '70',
      billsec: '63',
      disposition: 'ANSWERED',
      uniqueid: '1579096800.42',
    };
    const read = (more: object) =>
      callOf(Buffer.from(JSON.stringify({ ...cdr, ...more })), 'asterisk-json', { timeZone: 'UTC' });
    expect(read({ rdnis: '102' })).toMatchObject({ direction: 'outbound', redirectingNumber: '102' });
    expect(read({}).redirectingNumber).toBeNull();
  });

  describe('FreeSWITCH', () => {
    const variables = {
      uuid: 'b-leg',
      start_uepoch: '1579096800000000',
      answer_uepoch: '1579096807000000',
      end_uepoch: '1579096870000000',
      hangup_cause: 'NORMAL_CLEARING',
    };
    const profile = { caller_id_number: '13055550188', destination_number: '14155550199', rdnis: '' };
    const record = (more: object, caller: object = {}): Buffer =>
      Buffer.from(
        JSON.stringify({
          variables: { ...variables, ...more },
          callflow: [{ caller_profile: { ...profile, ...caller } }],
        }),
      );

    it('takes the B leg that a forward made', () => {
      const forward = { originating_leg_uuid: 'a-leg', call_direction: 'inbound' };
      expect(callOf(record(forward, { rdnis: '12125550100' }), 'freeswitch-json', {})).toMatchObject({
        callId: 'b-leg',
        leg: 1,
        parentCallId: 'a-leg',
        direction: 'outbound',
        from: '13055550188',
        redirectingNumber: '12125550100',
      });
      const diverted = { ...forward, sip_h_Diversion: '%3Csip:102@pbx%3E;reason=unconditional' };
      expect(callOf(record(diverted), 'freeswitch-json', {}).redirectingNumber).toBe('102');
    });

    it.each([
      ['nobody is named', { call_direction: 'inbound' }, {}],
      ['it may be the far side of the A leg', { call_direction: 'outbound' }, { rdnis: '102' }],
      ['it is not known what it continues', {}, { rdnis: '102' }],
      ['it rings an extension', { call_direction: 'inbound' }, { rdnis: '102', destination_number: '1003' }],
    ])('refuses a B leg where %s', (_, more, caller) => {
      const value = record({ originating_leg_uuid: 'a-leg', ...more }, caller);
      expect(decodeRecord(value, 'freeswitch-json', {})).toMatchObject({ code: 'field_invalid' });
    });

    it('reads the variables of a CSV template', () => {
      const csvHeader =
        'caller_id_number,destination_number,start_stamp,answer_stamp,end_stamp,duration,billsec,hangup_cause,uuid,rdnis';
      const line =
        '13055550188,14155550199,2020-01-15 09:00:00,2020-01-15 09:00:07,2020-01-15 09:01:10,70,63,NORMAL_CLEARING,u,102';
      const call = callOf(Buffer.from(line), 'freeswitch-csv', { csvHeader, timeZone: 'UTC' });
      expect(call).toMatchObject({ redirectingNumber: '102', direction: 'outbound', parentCallId: null });
    });
  });

  it('CUCM: the last redirecting party, where a reason stands beside it', () => {
    const csvHeader =
      'cdrRecordType,globalCallID_callId,dateTimeOrigination,dateTimeConnect,dateTimeDisconnect,callingPartyNumber,originalCalledPartyNumber,finalCalledPartyNumber,lastRedirectDn,lastRedirectRedirectReason';
    const read = (redirect: string) =>
      callOf(
        Buffer.from(`1,7,1579096800,1579096807,1579096870,13055550188,1002,14155550199,${redirect}`),
        'cucm-csv',
        { csvHeader },
      );
    expect(read('1002,15')).toMatchObject({
      direction: 'outbound',
      redirectingNumber: '1002',
      originalTo: '1002',
    });
    expect(read('1002,0').redirectingNumber).toBeNull(); // a translation
    expect(read('14155550199,15').redirectingNumber).toBeNull(); // it cannot have redirected to itself
  });

  it('Kamailio: columns that the configuration adds', () => {
    const cdr = {
      start_time: '1579100400.061',
      end_time: '1579100463.570',
      duration: '63.509',
      call_id: 'k',
      from_tag: 'c',
      to_tag: 's',
      caller: '13055550188',
      callee: '14155550199',
      direction: 'outbound',
      sip_code: '200',
      diversion: '<sip:+12125550100@pbx>;reason=unconditional',
    };
    const call = callOf(Buffer.from(JSON.stringify(cdr)), 'kamailio-cdr-json', {});
    expect(call).toMatchObject({ redirectingNumber: '+12125550100', from: '13055550188' });
  });
});
