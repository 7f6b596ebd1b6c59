/** Dialog CDRs of Kamailio, as JSON (`cdr.jsonl`, or the messages of its kafka module) and as `|`-separated text. */
import type { Direction } from '@tollstream/contracts';
import { finishCall, quoted, rejected } from '../decoded.ts';
import type { DecodeContext, Decoded } from '../decoded.ts';
import { dispositionOfSip } from '../disposition.ts';
import { isExtension, isWithheld, readCalled, redirectingParty, userOf } from '../parties.ts';
import { decodeText, parseJsonObject, textOf } from '../text.ts';
import { anyInstant, epochMs } from '../times.ts';

export const DEFAULT_KAMAILIO_SWITCH = 'kamailio';

/** Clock steps and rounding between a CDR's duration and its two times, at most. */
const DURATION_TOLERANCE_MS = 1_500;

/** Columns of `acc_cdrs_N.log`. */
const TEXT_COLUMNS = [
  'start_time',
  'end_time',
  'duration',
  'call_id',
  'from_tag',
  'to_tag',
  'caller',
  'caller_name',
  'callee',
  'from_uri',
  'to_uri',
  'pai',
  'account',
  'direction',
  'src',
  'trunk',
  'setup_time',
  'sip_code',
  'sip_reason',
  'hangup_by',
] as const;

type KamailioCdr = Record<string, unknown>;

export function decodeKamailioCdrJson(value: Buffer, context: DecodeContext): Decoded {
  const parsed = parseJsonObject(value);
  return parsed.ok ? decodeCdr(parsed.value, context) : rejected(parsed.code, parsed.detail);
}

export function decodeKamailioCdrText(value: Buffer, context: DecodeContext): Decoded {
  const cells = decodeText(value).split('|');
  if (cells.length !== TEXT_COLUMNS.length) {
    return rejected('unreadable', `${cells.length} columns instead of ${TEXT_COLUMNS.length}.`);
  }
  const cdr: KamailioCdr = {};
  TEXT_COLUMNS.forEach((name, i) => (cdr[name] = cells[i]!.replaceAll('%7C', '|')));
  return decodeCdr(cdr, context);
}

function decodeCdr(cdr: KamailioCdr, context: DecodeContext): Decoded {
  const startText = textOf(cdr['start_time']);
  const start = anyInstant(startText, context.timeZone);
  if (start === null) return unreadableTime('start_time', startText, context);
  const endText = textOf(cdr['end_time']);
  const end = anyInstant(endText, context.timeZone);
  if (end === null) return unreadableTime('end_time', endText, context);
  const setupText = textOf(cdr['setup_time']);
  const setup = setupText === '' ? start : anyInstant(setupText, context.timeZone);
  if (setup === null) return unreadableTime('setup_time', setupText, context);
  const durationText = textOf(cdr['duration']);
  const duration = durationText === '' ? end - start : epochMs(durationText);
  if (duration === null) return rejected('field_invalid', `duration is ${quoted(durationText)}.`);
  if (end < start) return rejected('ends_before_start', `end_time lies ${start - end} ms before start_time.`);
  if (Math.abs(end - start - duration) > DURATION_TOLERANCE_MS) {
    return rejected(
      'time_invalid',
      `duration ${duration} ms, but end_time - start_time is ${end - start} ms.`,
    );
  }
  const callId = textOf(cdr['call_id']);
  if (callId === '') return rejected('call_id_missing', 'call_id is empty.');
  const direction = readDirection(textOf(cdr['direction']));
  if (direction === null) return rejected('field_invalid', `direction is ${quoted(cdr['direction'])}.`);

  // The switch gives every dialog that never had an ACK the duration 0, a final 200 or not: only the duration proves a
  // conversation. A failed re-INVITE can leave its code in sip_code, so the code does not take a conversation away.
  const answered = duration > 0;
  const answeredAt = answered ? answerTime(start, setup, startText) : null;
  const caller = readCaller(textOf(cdr['caller']), textOf(cdr['pai']), direction);
  return finishCall({
    callId: dialogId({
      callId,
      fromTag: textOf(cdr['from_tag']),
      toTag: answered ? textOf(cdr['to_tag']) : '',
    }),
    switchId: context.switchId ?? DEFAULT_KAMAILIO_SWITCH,
    direction,
    ...caller,
    ...readCalled(textOf(cdr['callee'])),
    // A failed call's start and end are the time of its creation, which can be some ms before setup_time.
    startedAt: Math.min(setup, answeredAt ?? start),
    answeredAt,
    endedAt: answeredAt === null ? Math.max(end, setup) : answeredAt + duration,
    disposition: answered ? 'answered' : dispositionOfSip(Number(textOf(cdr['sip_code']))),
    account: textOf(cdr['account']),
    trunk: textOf(cdr['trunk']),
    redirectingNumber: redirectingOf(cdr),
  });
}

/** What a configuration logs as extra columns of its own. */
export function redirectingOf(fields: Readonly<Record<string, unknown>>): string | null {
  const text = (name: string): string => textOf(fields[name]);
  return redirectingParty(text('redirecting_number'), text('diversion'), text('history_info'));
}

/** The text form cuts start_time to whole seconds: an answer in the second of its set-up came at the set-up or later. */
function answerTime(start: number, setup: number, startText: string): number {
  const whole = !startText.includes('.');
  return whole && setup > start && setup < start + 1000 ? setup : start;
}

function readDirection(text: string): Direction | null {
  if (text === '') return 'outbound';
  return text === 'outbound' || text === 'inbound' || text === 'internal' ? text : null;
}

/**
 * The calling party. A caller who withholds the number from the called side is still known by the asserted identity, and so is
 * the number behind an extension; both serve on calls that our side placed. On inbound calls the number stays withheld.
 */
export function readCaller(
  caller: string,
  assertedUri: string,
  direction: Direction,
): { from: string; extension: string | null } {
  const extension = direction !== 'inbound' && isExtension(caller) ? caller : null;
  if (direction === 'inbound' || (!isWithheld(caller) && !(extension !== null && direction === 'outbound'))) {
    return { from: caller, extension };
  }
  return { from: userOf(assertedUri) || caller, extension };
}

/**
 * Identity of a SIP dialog: a Call-ID alone is not unique, since forks and broken user agents use one for several dialogs.
 * A failed attempt has no to-tag of its own (the switch may write its own, the callee's or none).
 */
export function dialogId(dialog: { callId: string; fromTag: string; toTag: string }): string {
  const from = dialog.fromTag === '' ? '' : `;from-tag=${dialog.fromTag}`;
  const to = dialog.toTag === '' ? '' : `;to-tag=${dialog.toTag}`;
  return dialog.callId + from + to;
}

function unreadableTime(field: string, text: string, context: DecodeContext): Decoded {
  if (text === '') return rejected('field_missing', `${field} is missing.`);
  const zone = context.timeZone === undefined && /^\d{4}-/.test(text) ? ' without a time zone' : '';
  return rejected('time_invalid', `${field} is ${quoted(text)}${zone}.`);
}
