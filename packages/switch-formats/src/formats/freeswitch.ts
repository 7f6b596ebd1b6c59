/** FreeSWITCH CDRs: mod_cdr_csv (templates `example` and `sql`) and mod_json_cdr. */
import type { Direction, Disposition } from '@tollstream/contracts';
import { columnIndex, splitCsv } from '../csv-record.ts';
import { finishCall, quoted, rejected } from '../decoded.ts';
import type { DecodeContext, Decoded } from '../decoded.ts';
import { directionByNumbers, readCalled, redirectingParty } from '../parties.ts';
import { decodePercent, decodeText, parseJsonObject, textOf } from '../text.ts';
import { resolveWrittenTimes } from '../times.ts';

/** Columns of the template `example`, which the default configuration uses; `sql` has the first 13. */
const FREESWITCH_COLUMNS =
  'caller_id_name,caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,duration,billsec,' +
  'hangup_cause,uuid,bleg_uuid,accountcode,read_codec,write_codec';

const SQL_PREFIX = /^INSERT INTO \S+ (?:\([^)]*\) )?VALUES \(/i;

const DISPOSITIONS: Readonly<Record<string, Disposition>> = {
  USER_BUSY: 'busy',
  NO_ANSWER: 'no_answer',
  NO_USER_RESPONSE: 'no_answer',
  ALLOTTED_TIMEOUT: 'no_answer',
  RECOVERY_ON_TIMER_EXPIRE: 'no_answer',
  SUBSCRIBER_ABSENT: 'no_answer',
  ORIGINATOR_CANCEL: 'cancelled',
  LOSE_RACE: 'cancelled',
  NORMAL_CLEARING: 'cancelled',
  CALL_REJECTED: 'rejected',
};

type Variables = (name: string) => string;

export function decodeFreeswitchCsv(value: Buffer, context: DecodeContext): Decoded {
  let text = decodeText(value);
  if (SQL_PREFIX.test(text)) {
    text = text
      .replace(SQL_PREFIX, '')
      .replace(/\);?\s*$/, '')
      .replaceAll('", "', '","');
  }
  const cells = splitCsv(text);
  const header = headerText(context) ?? FREESWITCH_COLUMNS;
  const index = columnIndex(header);
  if (cells.length < Math.min(index.size, 13)) {
    return rejected('unreadable', `${cells.length} columns instead of ${index.size}.`);
  }
  const variable: Variables = (name) => cells[index.get(name) ?? -1] ?? '';
  const times = resolveWrittenTimes({
    start: variable('start_stamp'),
    answer: variable('answer_stamp'),
    end: variable('end_stamp'),
    durationSeconds: wholeSeconds(variable('duration')),
    billableSeconds: wholeSeconds(variable('billsec')),
    zone: context.timeZone,
    startHintMs: null,
  });
  if (times === null) {
    const zone = context.timeZone === undefined ? ' (no time zone is named)' : '';
    return rejected('time_invalid', `start_stamp is ${quoted(variable('start_stamp'))}${zone}.`);
  }
  return decodeVariables(variable, times, {
    from: variable('caller_id_number'),
    to: variable('destination_number'),
    switchId: context.switchId ?? 'freeswitch',
    redirecting: redirectingOf(variable, variable('rdnis')),
    parentCallId: '',
  });
}

export function decodeFreeswitchJson(value: Buffer, context: DecodeContext): Decoded {
  const parsed = parseJsonObject(value);
  if (!parsed.ok) return rejected(parsed.code, parsed.detail);
  const variables = asObject(parsed.value['variables']);
  if (variables === null) return rejected('field_missing', 'variables is missing.');
  const variable: Variables = (name) => decodePercent(textOf(variables[name]));
  const profile = callerProfile(parsed.value['callflow']);
  const redirecting = redirectingOf(variable, profile('rdnis'));
  const originator = variable('originating_leg_uuid') || variable('originator');
  const from = profile('caller_id_number') || variable('caller_id_number') || variable('sip_from_user');
  const to = profile('destination_number') || variable('destination_number') || variable('sip_to_user');
  // The B leg of an inbound call that goes out again and names who sent it on was made by a forward or a transfer: a call of its
  // own, of another payer. Without all three it may be the far side of a call that the A leg's record carries.
  const isForward =
    redirecting !== null &&
    variable('call_direction') === 'inbound' &&
    directionByNumbers(from, readCalled(to).to) === 'outbound';
  if (originator !== '' && !isForward) {
    return rejected(
      'field_invalid',
      `The B leg of call ${quoted(originator)}, whose own record carries the call.`,
    );
  }
  const startedAt = instant(variable, 'start');
  const endedAt = instant(variable, 'end');
  if (startedAt === null || startedAt === 0) {
    return rejected(
      'time_invalid',
      `start_uepoch is ${quoted(variable('start_uepoch') || variable('start_epoch'))}.`,
    );
  }
  if (endedAt === null || endedAt === 0) {
    return rejected(
      'time_invalid',
      `end_uepoch is ${quoted(variable('end_uepoch') || variable('end_epoch'))}.`,
    );
  }
  const answeredAt = instant(variable, 'answer') || null;
  return decodeVariables(
    variable,
    { startedAt, answeredAt, endedAt },
    {
      from,
      to,
      switchId: context.switchId ?? (decodePercent(textOf(parsed.value['switchname'])) || 'freeswitch'),
      redirecting,
      parentCallId: originator,
    },
  );
}

function decodeVariables(
  variable: Variables,
  times: { startedAt: number; answeredAt: number | null; endedAt: number },
  parties: { from: string; to: string; switchId: string; redirecting: string | null; parentCallId: string },
): Decoded {
  const called = readCalled(parties.to);
  const cause = variable('hangup_cause');
  // The channel of a forward bears the direction of the call that it continues.
  const said = parties.parentCallId === '' ? direction(variable('call_direction')) : null;
  return finishCall({
    callId: variable('uuid'),
    switchId: parties.switchId,
    leg: parties.parentCallId === '' ? 0 : 1,
    parentCallId: parties.parentCallId,
    redirectingNumber: parties.redirecting,
    direction: said ?? directionByNumbers(parties.from, called.to),
    from: parties.from,
    ...called,
    ...times,
    disposition: times.answeredAt === null ? (DISPOSITIONS[cause] ?? 'failed') : 'answered',
    account: variable('accountcode'),
    trunk: variable('sip_gateway_name'),
  });
}

function redirectingOf(variable: Variables, rdnis: string): string | null {
  const named = variable('redirecting_number') || rdnis;
  const header = (name: string): string =>
    variable(`sip_h_${name}`) || variable(`sip_h_${name.toLowerCase()}`);
  return redirectingParty(named, header('Diversion'), header('History-Info'));
}

function direction(text: string): Direction | null {
  if (text === 'local') return 'internal';
  return text === 'outbound' || text === 'inbound' || text === 'internal' ? text : null;
}

/** Microseconds where given, else seconds; 0 = it did not happen; null = no number. */
function instant(variable: Variables, name: string): number | null {
  const micro = variable(`${name}_uepoch`);
  if (/^\d{1,17}$/.test(micro)) return Math.floor(Number(micro) / 1000);
  const seconds = variable(`${name}_epoch`);
  if (micro === '' && /^\d{1,11}$/.test(seconds)) return Number(seconds) * 1000;
  return micro === '' && seconds === '' ? 0 : null;
}

/** The first caller profile of the call: the last entry of the callflow. */
function callerProfile(callflow: unknown): Variables {
  const flows = Array.isArray(callflow) ? callflow : [callflow];
  const profile = asObject(asObject(flows.at(-1))?.['caller_profile']);
  return (name) => (profile === null ? '' : decodePercent(textOf(profile[name])));
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function wholeSeconds(text: string): number | null {
  return /^\d{1,8}$/.test(text) ? Number(text) : null;
}

function headerText(context: DecodeContext): string | null {
  if (context.csvHeader === undefined) return null;
  return typeof context.csvHeader === 'string' ? context.csvHeader : context.csvHeader.join(',');
}
