import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { CallEvent } from '@tollstream/contracts';
import { describe, expect, it } from 'vitest';
import { decodeRecord } from './decode-record.ts';
import { callsOf, fixture, readAll, rejectionsOf, transactionFiles } from './testing/read-all.ts';

const INBOUND_HOSTS = [1, 2, 3].map((n) => `gw-${n}.carrier.example`);
const CDR_LINES = readFileSync(fixture('kamailio/cdr.jsonl'), 'utf8').trimEnd().split('\n');

const cdrs = callsOf(await readAll(fixture('kamailio/cdr.jsonl')));
const texts = callsOf(
  (
    await Promise.all(
      [1, 129, 130, 131, 132].map((n) => readAll(fixture(`kamailio/records/acc_cdrs_${n}.log`))),
    )
  ).flat(),
);
const joined = callsOf(await readAll(transactionFiles(), { inboundHosts: INBOUND_HOSTS }));
const events = callsOf(await readAll(fixture('kamailio/events.jsonl'), { timeZone: 'America/New_York' }));

function find(calls: readonly CallEvent[], callId: string): CallEvent {
  const found = calls.filter((call) => call.callId.startsWith(`${callId}@`));
  expect(found).toHaveLength(1);
  return found[0]!;
}

const durationOf = (call: CallEvent): number =>
  call.answeredAt === null ? 0 : call.endedAt - call.answeredAt;

function decodeCdr(changes: Record<string, string>): ReturnType<typeof decodeRecord> {
  const line = JSON.stringify({ ...(JSON.parse(CDR_LINES[1]!) as object), ...changes });
  return decodeRecord(Buffer.from(line), 'kamailio-cdr-json');
}

describe('dialog CDRs of a real switch', () => {
  it('gives one call per line, in every form the switch wrote them', async () => {
    expect(cdrs).toHaveLength(155);
    expect(texts).toHaveLength(155);
    const fromKafka = callsOf(await readAll(fixture('kamailio/sw_calls.tsv')));
    expect(new Set(fromKafka.map((call) => JSON.stringify(call)))).toEqual(
      new Set(cdrs.map((call) => JSON.stringify(call))),
    );
  });

  it('takes no 200 that was never acknowledged for a conversation', () => {
    const call = find(cdrs, '1-1dbf9e');
    expect(call).toMatchObject({ answeredAt: null, disposition: 'failed', account: '30628' });
  });

  it('bills a call that the switch ended without a BYE for the time the switch says', () => {
    expect(durationOf(find(cdrs, '1-72342a'))).toBe(20_578);
  });

  it('begins the conversation with the ACK that start_time tells, not with the set-up', () => {
    const call = find(cdrs, '1-4f405c');
    expect(call).toMatchObject({
      startedAt: 1795434290865,
      answeredAt: 1795434292623,
      endedAt: 1795434296656,
    });
  });

  it('lets no failed call end before it starts, though the switch writes its start before its set-up', () => {
    const call = find(cdrs, '10-6250cb');
    expect(call.startedAt).toBe(1795434299436);
    expect(call.endedAt).toBe(1795434299439);
  });

  it('tells how a call failed by its code', () => {
    expect(find(cdrs, '1-baa971').disposition).toBe('busy');
    expect(find(cdrs, '2-baa971').disposition).toBe('no_answer');
    expect(find(cdrs, '1-13d727').disposition).toBe('no_answer');
    expect(find(cdrs, '1-6250cb').disposition).toBe('cancelled');
    expect(find(cdrs, '7-baa971').disposition).toBe('rejected');
    expect(find(cdrs, '10-baa971').disposition).toBe('failed');
  });

  it('keeps a conversation whose sip_code a failed re-INVITE overwrote', () => {
    expect(decodeCdr({ sip_code: '488' })).toMatchObject({ kind: 'call', call: { disposition: 'answered' } });
  });

  it('takes the routing number out of the callee', () => {
    expect(find(cdrs, '1-a1c5e0')).toMatchObject({ to: '2135550128', routingNumber: '17135550173' });
  });

  it('knows anonymous and empty callers of our side by the asserted identity', () => {
    expect(find(cdrs, '46-caf19f')).toMatchObject({ from: '+19045550117', account: null });
    expect(find(cdrs, '8-baa971')).toMatchObject({ from: '+17205550191', direction: 'outbound' });
    expect(decodeCdr({ caller: '4151', pai: 'sip:+12015550166@pbx' })).toMatchObject({
      call: { from: '+12015550166', extension: '4151' },
    });
  });

  it('does not tell the called account who an anonymous inbound caller is', () => {
    expect(find(cdrs, '3-6250cb')).toMatchObject({ direction: 'inbound', from: 'anonymous' });
  });

  it('loses no call for a display name that is not UTF-8', async () => {
    const raw = readFileSync(fixture('kamailio/records/acc_cdrs_130.log'));
    const line = raw.subarray(raw.indexOf('1795434292|1795434293|1.276000'));
    const decoded = decodeRecord(line.subarray(0, line.indexOf('\n')), 'kamailio-cdr-text');
    expect(decoded).toMatchObject({ kind: 'call', call: { account: '40632' } });
    const json = Buffer.from(CDR_LINES[1]!.replace('\\"12135550166\\"', '\u00fc'), 'latin1');
    expect(decodeRecord(json, 'kamailio-cdr-json')).toMatchObject({
      kind: 'call',
      call: { account: '30424' },
    });
  });

  it('takes the microseconds of the text form, whose times are whole seconds', () => {
    const byId = new Map(cdrs.map((call) => [call.callId, call]));
    for (const call of texts) {
      const same = byId.get(call.callId)!;
      expect(durationOf(call)).toBe(durationOf(same));
      expect(call.disposition).toBe(same.disposition);
      expect(Math.abs((call.answeredAt ?? 0) - (same.answeredAt ?? 0))).toBeLessThan(1000);
    }
  });

  it('reads an escaped bar as part of the value', () => {
    const line = '5|6|1.000000|a%7Cb|f|t|1|"x%7Cy"|13055550101|||||outbound|||5.100000|200|OK|caller';
    expect(decodeRecord(Buffer.from(line), 'kamailio-cdr-text')).toMatchObject({
      kind: 'call',
      call: { callId: 'a|b;from-tag=f;to-tag=t', startedAt: 5100, answeredAt: 5100, endedAt: 6100 },
    });
  });

  it('keeps two calls that share a Call-ID apart by their tags, and the same dialog one call', () => {
    const id = (changes: Record<string, string>): string => {
      const decoded = decodeCdr(changes);
      return decoded.kind === 'call' ? decoded.call.callId : '';
    };
    expect(id({})).toBe('1-caf19f@127.0.0.1;from-tag=13869c1;to-tag=13861s1');
    expect(id({ to_tag: 'other' })).not.toBe(id({}));
    expect(id({ from_tag: 'other' })).not.toBe(id({}));
  });

  it('reads several time formats in one run', () => {
    expect(decodeCdr({ start_time: '1795434290', end_time: '1795434291.287' })).toMatchObject({
      kind: 'call',
    });
    const local = JSON.stringify({
      ...(JSON.parse(CDR_LINES[1]!) as object),
      start_time: '2026-11-23 06:44:50.160',
      end_time: '2026-11-23 06:44:51.447',
    });
    const context = { timeZone: 'America/New_York' };
    expect(decodeRecord(Buffer.from(local), 'kamailio-cdr-json', context)).toMatchObject({
      call: { answeredAt: 1795434290160 },
    });
    expect(decodeRecord(Buffer.from(local), 'kamailio-cdr-json')).toMatchObject({ code: 'time_invalid' });
  });

  it.each([
    [{ call_id: '' }, 'call_id_missing'],
    [{ start_time: '' }, 'field_missing'],
    [{ start_time: '-5' }, 'time_invalid'],
    [{ end_time: '1795434280.000' }, 'ends_before_start'],
    [{ duration: '-1' }, 'field_invalid'],
    [{ duration: '900' }, 'time_invalid'],
    [{ direction: 'sideways' }, 'field_invalid'],
    [{ callee: '' }, 'field_missing'],
  ])('rejects %o as %s', (changes, code) => {
    expect(decodeCdr(changes)).toMatchObject({ kind: 'rejected', code });
  });
});

describe('transactions joined into calls', () => {
  // Rows alone cannot tell these six from one another: four ended by the switch's timer, two never acknowledged.
  const NO_BYE = ['1-72342a', '2-72342a', '1-d4900c', '2-d4900c', '1-1dbf9e', '2-1dbf9e'];

  it('agrees with the CDRs of the same calls, but for what rows do not tell', () => {
    expect(joined).toHaveLength(155);
    const byCallId = new Map(joined.map((call) => [call.callId.split('@')[0]!, call]));
    for (const cdr of cdrs) {
      const name = cdr.callId.split('@')[0]!;
      const call = byCallId.get(name)!;
      expect([name, call.to, call.routingNumber, call.account]).toEqual([
        name,
        cdr.to,
        cdr.routingNumber,
        cdr.account,
      ]);
      if (NO_BYE.includes(name)) {
        expect(call).toMatchObject({ partialSequence: 1, disposition: 'answered' });
        continue;
      }
      expect([name, call.callId, call.partialSequence]).toEqual([name, cdr.callId, null]);
      expect([name, call.disposition]).toEqual([name, cdr.disposition]);
      // Rows bear the time of the reply, CDRs those of the ACK and of the first BYE. An ACK that came after the 200 was sent
      // again (1-4f405c) is the longest distance.
      const allowedMs = name === '1-4f405c' ? 510 : 20;
      expect(Math.abs(durationOf(call) - durationOf(cdr))).toBeLessThanOrEqual(allowedMs);
    }
  });

  it('takes no call for inbound that comes from none of the outside hosts', () => {
    const wrong = joined.filter((call) => {
      const cdr = cdrs.find((other) => other.callId.split(';')[0] === call.callId.split(';')[0])!;
      return call.direction === 'inbound' && cdr.direction !== 'inbound';
    });
    expect(wrong).toEqual([]);
  });

  it('gives the same calls from rows in one file with whole seconds, to the second', () => {
    const byId = new Map(joined.map((call) => [call.callId, call]));
    expect(events).toHaveLength(155);
    for (const call of events) {
      const precise = byId.get(call.callId)!;
      expect(call.disposition).toBe(precise.disposition);
      expect(Math.abs(durationOf(call) - durationOf(precise))).toBeLessThanOrEqual(1000);
    }
  });

  it('lets a late retransmitted BYE not lengthen the call', () => {
    expect(durationOf(find(joined, '4-4f405c'))).toBeLessThan(1_400);
  });

  it('ends a call whose both sides hung up at once with the first BYE', () => {
    expect(find(joined, '2-eb0e29').endedAt).toBe(1795434302465);
  });

  it('finds the call of a BYE that the callee sent, with its tags swapped', () => {
    const hungUpByCallee = CDR_LINES.map((line) => JSON.parse(line) as Record<string, string>).filter(
      (cdr) => cdr['hangup_by'] === 'callee',
    );
    expect(hungUpByCallee.length).toBeGreaterThan(10);
    for (const cdr of hungUpByCallee)
      expect(find(joined, cdr['call_id']!.split('@')[0]!).partialSequence).toBeNull();
  });

  it('begins no second conversation with a re-INVITE', () => {
    expect(durationOf(find(joined, '1-173786'))).toBe(3_576);
  });

  it('takes exact duplicate rows and missed-call rows for the same call', async () => {
    const rows = readFileSync(fixture('kamailio/events.jsonl'));
    const twice = callsOf(await readAll(Readable.from([rows, rows]), { timeZone: 'America/New_York' }));
    expect(new Set(twice.map((call) => JSON.stringify(call)))).toEqual(
      new Set(events.map((call) => JSON.stringify(call))),
    );
    expect(twice).toHaveLength(155);
  });

  it('gives the same calls whatever the order of the rows', async () => {
    const rows = readFileSync(fixture('kamailio/events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .toReversed()
      .join('\n');
    const reversed = callsOf(
      await readAll(Readable.from([Buffer.from(rows)]), { timeZone: 'America/New_York' }),
    );
    const text = (calls: readonly CallEvent[]): string[] =>
      calls.map((call) => JSON.stringify(call)).toSorted();
    expect(text(reversed)).toEqual(text(events));
  });

  it('reads time_usec as a number, not as decimals', () => {
    expect(find(joined, '2-d4900c').answeredAt).toBe(1795434300004);
  });

  it('joins no rows of two dialogs that share a Call-ID', async () => {
    const row = (cells: string): string =>
      `${cells}|||h|127.0.0.1|13055550101|13055550101|h|7\n`.replace('|||', '|100|');
    const rows =
      row('INVITE|a|x|id|200|OK|1000|1000|0') +
      row('INVITE|b|y|id|200|OK|1010|1010|0') +
      row('BYE|a|x|id|200|OK|1005|1005|0') +
      row('BYE|y|b|id|200|OK|1020|1020|0');
    const calls = callsOf(await readAll(Readable.from([Buffer.from(rows)])));
    expect(calls.map((call) => [call.callId, durationOf(call)])).toEqual([
      ['id;from-tag=a;to-tag=x', 5_000],
      ['id;from-tag=b;to-tag=y', 10_000],
    ]);
  });

  it('rejects rows that cannot be read and rows of no call, with line and bytes', async () => {
    const rows = 'garbage\nBYE|a|x|id|200|OK|1005|1005|0|100|h|127.0.0.1|||h|\nINVITE|a|b\n';
    const records = await readAll(Readable.from([Buffer.from(rows)]), { format: 'kamailio-acc-text' });
    expect(rejectionsOf(records)).toMatchObject([
      { line: 1, code: 'unreadable' },
      { line: 3, code: 'unreadable' },
      { line: 2, code: 'field_missing' },
    ]);
    expect(records[0]!.value.toString()).toBe('garbage');
  });

  it('goes on where an earlier read stopped, without giving a call out twice', async () => {
    const options = { timeZone: 'America/New_York', chunkRecordsMax: 40 };
    const { readCalls } = await import('./reading/read-calls.ts');
    for await (const chunk of readCalls(fixture('kamailio/events.jsonl'), options)) {
      const rest = await readAll(fixture('kamailio/events.jsonl'), { ...options, from: chunk.position });
      expect(rest).toHaveLength(155 - chunk.position.records);
    }
  });

  it('gives calls out before their end when more are open than it may hold, and says so', async () => {
    const { readCalls } = await import('./reading/read-calls.ts');
    let spilled = 0;
    for await (const chunk of readCalls(transactionFiles(), { join: { callsHeldMax: 10 } }))
      spilled = chunk.spilledCalls;
    expect(spilled).toBeGreaterThan(0);
  });
});
