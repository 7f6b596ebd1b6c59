/** CSV whose columns are the fields of the call event, or are mapped to them. */
import { callEventType, parseCallEventJson } from '@tollstream/contracts';
import { columnIndex, splitCsv } from '../csv-record.ts';
import { quoted, rejected } from '../decoded.ts';
import type { DecodeContext, Decoded } from '../decoded.ts';
import { redirectingParty } from '../parties.ts';
import { decodeText } from '../text.ts';
import { dateTimeInstants } from '../times.ts';

export const EVENT_FIELDS: readonly string[] = (
  callEventType.schema() as { fields: { name: string }[] }
).fields.map((field) => field.name);

const TIMES = new Set(['started_at', 'answered_at', 'ended_at']);
const INTEGERS = new Set(['leg', 'partial_sequence']);
/** Fields that are written even when empty: a withheld number is no missing one. */
const PARTIES = new Set(['from', 'to']);

export function decodeEventCsv(value: Buffer, context: DecodeContext): Decoded {
  if (context.csvHeader === undefined)
    return rejected('field_missing', 'No CSV header came with the record.');
  const header = typeof context.csvHeader === 'string' ? context.csvHeader : context.csvHeader.join(',');
  const index = columnIndex(header);
  const cells = splitCsv(decodeText(value));
  if (cells.length !== index.size) {
    return rejected('unreadable', `${cells.length} columns instead of ${index.size}.`);
  }
  const event: Record<string, unknown> = {};
  for (const [column, i] of index) {
    const name = fieldOf(column, context);
    const cell = cells[i]!;
    if (cell === '' && !PARTIES.has(name)) continue;
    if (TIMES.has(name)) {
      const at = /^-?\d{1,15}$/.test(cell) ? Number(cell) : dateTimeInstants(cell, context.timeZone)[0];
      if (at === undefined) return rejected('time_invalid', `${name} is ${quoted(cell)}.`);
      event[name] = at;
    } else if (INTEGERS.has(name)) {
      if (!/^\d{1,9}$/.test(cell)) return rejected('field_invalid', `${name} is ${quoted(cell)}.`);
      event[name] = Number(cell);
    } else if (name === 'partial_last') {
      const isLast = { true: true, 1: true, false: false, 0: false }[cell.toLowerCase()];
      if (isLast === undefined) return rejected('field_invalid', `${name} is ${quoted(cell)}.`);
      event[name] = isLast;
    } else {
      event[name] = cell;
    }
  }
  const { redirecting_number: named = '', diversion = '', history_info: history = '' } = event;
  const redirecting = redirectingParty(named as string, diversion as string, history as string);
  if (redirecting !== null) event['redirecting_number'] = redirecting;
  return parseCallEventJson(Buffer.from(JSON.stringify(event)), {
    switchIdDefault: context.switchId ?? 'csv',
  });
}

function fieldOf(column: string, context: DecodeContext): string {
  if (context.columnFields === undefined) return column;
  for (const [name, field] of Object.entries(context.columnFields))
    if (name.toLowerCase() === column) return field;
  return column;
}
