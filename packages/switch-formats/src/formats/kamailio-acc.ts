/** One row of Kamailio's acc module: one accounted SIP transaction. Rows become calls in `join-calls.ts`. */
import { quoted, rejected } from '../decoded.ts';
import type { DecodeContext, Decoded } from '../decoded.ts';
import { redirectingOf } from './kamailio-cdr.ts';
import { decodeText, parseJsonObject, textOf } from '../text.ts';
import { anyInstant, epochMs } from '../times.ts';

export interface AccRow {
  readonly method: 'INVITE' | 'BYE';
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly sipCode: number;
  /** Ms UTC; when the final reply was sent. */
  readonly at: number;
  readonly sourceUser: string;
  readonly sourceHost: string;
  /** User part of the Request-URI as dialled; '' inside a dialog. */
  readonly dialled: string;
  readonly account: string;
  /** Who sent the call on; null = nobody that the row names. */
  readonly redirecting: string | null;
}

export type AccRowResult = { ok: true; row: AccRow } | { ok: false; rejection: Decoded };

/** Columns of `acc_N.log` and `missed_calls_N.log`. */
const TEXT_COLUMNS = [
  'method',
  'from_tag',
  'to_tag',
  'callid',
  'sip_code',
  'sip_reason',
  'time',
  'time_sec',
  'time_usec',
  'src_user',
  'src_domain',
  'src_ip',
  'dst_ouser',
  'dst_user',
  'dst_domain',
  'account',
] as const;

export function readAccJson(value: Buffer, context: DecodeContext): AccRowResult {
  const parsed = parseJsonObject(value);
  if (!parsed.ok) return { ok: false, rejection: rejected(parsed.code, parsed.detail) };
  return readRow(parsed.value, context);
}

export function readAccText(value: Buffer, context: DecodeContext): AccRowResult {
  const cells = decodeText(value).split('|');
  if (cells.length !== TEXT_COLUMNS.length) {
    const detail = `${cells.length} columns instead of ${TEXT_COLUMNS.length}.`;
    return { ok: false, rejection: rejected('unreadable', detail) };
  }
  const fields: Record<string, unknown> = {};
  TEXT_COLUMNS.forEach((name, i) => (fields[name] = cells[i]!.replaceAll('%7C', '|')));
  return readRow(fields, context);
}

function readRow(fields: Record<string, unknown>, context: DecodeContext): AccRowResult {
  const method = textOf(fields['method']);
  if (method !== 'INVITE' && method !== 'BYE') {
    return {
      ok: false,
      rejection: rejected('field_invalid', `method is ${quoted(method)}, not INVITE or BYE.`),
    };
  }
  const callId = textOf(fields['callid']) || textOf(fields['call_id']);
  if (callId === '') return { ok: false, rejection: rejected('call_id_missing', 'callid is empty.') };
  const codeText = textOf(fields['sip_code']);
  if (!/^[1-6]\d\d$/.test(codeText)) {
    return { ok: false, rejection: rejected('field_invalid', `sip_code is ${quoted(codeText)}.`) };
  }
  const at = rowTime(fields, context);
  if (at === null) {
    const detail = `time is ${quoted(fields['time'])}${context.timeZone === undefined ? ' and no time zone is named' : ''}.`;
    return { ok: false, rejection: rejected('time_invalid', detail) };
  }
  return {
    ok: true,
    row: {
      method,
      callId,
      at,
      fromTag: textOf(fields['from_tag']),
      toTag: textOf(fields['to_tag']),
      sipCode: Number(codeText),
      sourceUser: textOf(fields['src_user']),
      sourceHost: textOf(fields['src_domain']),
      dialled: textOf(fields['dst_ouser']) || textOf(fields['dst_user']),
      account: textOf(fields['account']),
      redirecting: redirectingOf(fields),
    },
  };
}

function rowTime(fields: Record<string, unknown>, context: DecodeContext): number | null {
  const seconds = textOf(fields['time_sec']);
  if (seconds === '') return anyInstant(textOf(fields['time']), context.timeZone);
  const microseconds = textOf(fields['time_usec']) || '0';
  // time_usec is a number, not a fraction: 4108 means .004108.
  if (!/^\d{1,6}$/.test(microseconds)) return null;
  return epochMs(`${seconds}.${microseconds.padStart(6, '0')}`);
}
