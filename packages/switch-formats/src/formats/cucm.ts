/** Cisco CUCM CDR files: a line of column names, a line of types, epoch seconds. */
import { columnIndex, splitCsv } from '../csv-record.ts';
import { finishCall, quoted, rejected } from '../decoded.ts';
import type { DecodeContext, Decoded } from '../decoded.ts';
import { dispositionOfCause } from '../disposition.ts';
import { directionByNumbers, readCalled } from '../parties.ts';
import { decodeText } from '../text.ts';
import { epochMs } from '../times.ts';

const CALL_RECORD = '1';

export function decodeCucmCsv(value: Buffer, context: DecodeContext): Decoded {
  if (context.csvHeader === undefined)
    return rejected('field_missing', 'No CSV header came with the record.');
  const header = typeof context.csvHeader === 'string' ? context.csvHeader : context.csvHeader.join(',');
  const index = columnIndex(header);
  const cells = splitCsv(decodeText(value));
  if (cells.length !== index.size) {
    return rejected('unreadable', `${cells.length} columns instead of ${index.size}.`);
  }
  const field = (name: string): string => cells[index.get(name.toLowerCase()) ?? -1] ?? '';
  if (field('cdrRecordType') !== CALL_RECORD) {
    return rejected('field_invalid', `cdrRecordType is ${quoted(field('cdrRecordType'))}, not 1 (call).`);
  }
  const startedAt = epochMs(field('dateTimeOrigination'));
  const connectedAt = epochMs(field('dateTimeConnect') || '0');
  const endedAt = epochMs(field('dateTimeDisconnect'));
  if (!startedAt) {
    return rejected('time_invalid', `dateTimeOrigination is ${quoted(field('dateTimeOrigination'))}.`);
  }
  if (connectedAt === null) {
    return rejected('time_invalid', `dateTimeConnect is ${quoted(field('dateTimeConnect'))}.`);
  }
  if (!endedAt)
    return rejected('time_invalid', `dateTimeDisconnect is ${quoted(field('dateTimeDisconnect'))}.`);
  const dialled = field('originalCalledPartyNumber');
  const called = readCalled(field('finalCalledPartyNumber') || dialled);
  const from = field('callingPartyNumber');
  // Both ends' causes are written; the end that did not clear has 0.
  const cause = Number(field('destCause_value')) || Number(field('origCause_value'));
  return finishCall({
    callId: recordId(field),
    switchId: context.switchId ?? (field('globalCallId_ClusterID') || 'cucm'),
    direction: directionByNumbers(from, called.to),
    from,
    ...called,
    startedAt,
    answeredAt: connectedAt === 0 ? null : connectedAt,
    endedAt,
    disposition: connectedAt === 0 ? dispositionOfCause(cause) : 'answered',
    device: field('origDeviceName'),
    trunk: field('destDeviceName'),
    originalTo: dialled === called.to ? null : dialled,
    redirectingNumber: redirectedBy(field),
  });
}

/** Without a reason the field repeats who was called: a translation, and no redirection. */
function redirectedBy(field: (name: string) => string): string | null {
  const reason = field('lastRedirectRedirectReason');
  return reason === '' || reason === '0' ? null : field('lastRedirectDn');
}

/** One global call has a record per pair of legs (transfers, forwards), and its numbers begin anew when the node restarts. */
function recordId(field: (name: string) => string): string {
  if (field('globalCallID_callId') === '') return field('pkid');
  const legs = `${field('origLegCallIdentifier')}-${field('destLegIdentifier') || field('destLegCallIdentifier')}`;
  const call = `${field('globalCallID_callManagerId')}/${field('globalCallID_callId')}`;
  return `${call}/${legs}@${field('dateTimeOrigination')}`;
}
