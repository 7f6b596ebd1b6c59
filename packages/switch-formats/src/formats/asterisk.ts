/** Asterisk CDRs: `Master.csv` of cdr_csv, and JSON with the keys of the AMI `Cdr` event or of the CDR variables. */
import type { Disposition } from '@tollstream/contracts';
import { splitCsv } from '../csv-record.ts';
import { finishCall, quoted, rejected } from '../decoded.ts';
import type { DecodeContext, Decoded } from '../decoded.ts';
import { directionByNumbers, readCalled, redirectingParty } from '../parties.ts';
import { decodeText, parseJsonObject, textOf } from '../text.ts';
import { epochMs, resolveWrittenTimes } from '../times.ts';

/** cdr_csv writes 16 columns, `uniqueid` and `userfield` when configured. */
export const ASTERISK_COLUMNS = [
  'accountcode',
  'src',
  'dst',
  'dcontext',
  'clid',
  'channel',
  'dstchannel',
  'lastapp',
  'lastdata',
  'start',
  'answer',
  'end',
  'duration',
  'billsec',
  'disposition',
  'amaflags',
  'uniqueid',
  'userfield',
] as const;

type Fields = Record<string, string>;

/** Keys of the AMI event, lower case → names of the CDR variables. */
const AMI_NAMES: Readonly<Record<string, string>> = {
  source: 'src',
  destination: 'dst',
  destinationcontext: 'dcontext',
  callerid: 'clid',
  destinationchannel: 'dstchannel',
  lastapplication: 'lastapp',
  starttime: 'start',
  answertime: 'answer',
  endtime: 'end',
  billableseconds: 'billsec',
};

const DISPOSITIONS: Readonly<Record<string, Disposition>> = {
  ANSWERED: 'answered',
  'NO ANSWER': 'no_answer',
  BUSY: 'busy',
  FAILED: 'failed',
  CONGESTION: 'failed',
};

const INBOUND_CONTEXT = /^(from[-_](trunk|pstn|did|carrier)|ext-did|incoming|inbound)/i;

export function decodeAsteriskCsv(value: Buffer, context: DecodeContext): Decoded {
  const cells = splitCsv(decodeText(value));
  if (cells.length < 16 || cells.length > ASTERISK_COLUMNS.length) {
    return rejected('unreadable', `${cells.length} columns instead of 16 to 18.`);
  }
  const fields: Fields = {};
  // A 17th column alone is the uniqueid (loguniqueid): the order is fixed and userfield comes after it.
  ASTERISK_COLUMNS.forEach((name, i) => (fields[name] = cells[i] ?? ''));
  return decodeFields(fields, context);
}

export function decodeAsteriskJson(value: Buffer, context: DecodeContext): Decoded {
  const parsed = parseJsonObject(value);
  if (!parsed.ok) return rejected(parsed.code, parsed.detail);
  const fields: Fields = {};
  for (const [key, item] of Object.entries(parsed.value)) {
    const name = key.toLowerCase();
    fields[AMI_NAMES[name] ?? name] = textOf(item);
  }
  return decodeFields(fields, context);
}

function decodeFields(fields: Fields, context: DecodeContext): Decoded {
  const text = (name: string): string => fields[name] ?? '';
  const disposition = DISPOSITIONS[text('disposition').toUpperCase()];
  if (disposition === undefined) {
    return rejected('field_invalid', `disposition is ${quoted(text('disposition'))}.`);
  }
  const duration = wholeSeconds(text('duration'));
  const billsec = wholeSeconds(text('billsec'));
  if (duration === null) return rejected('field_invalid', `duration is ${quoted(text('duration'))}.`);
  if (billsec === null) return rejected('field_invalid', `billsec is ${quoted(text('billsec'))}.`);
  const uniqueId = text('uniqueid');
  const times = resolveWrittenTimes({
    start: text('start'),
    answer: disposition === 'answered' ? text('answer') : '',
    end: text('end'),
    durationSeconds: duration,
    billableSeconds: billsec,
    zone: context.timeZone,
    startHintMs: epochMs(
      uniqueId
        .split('-')
        .at(-1)!
        .replace(/^(\d+\.\d{1,9}).*$/, '$1'),
    ),
  });
  if (times === null) {
    const zone = context.timeZone === undefined ? ' (no time zone is named)' : '';
    const written = `${text('start')} / ${text('answer')} / ${text('end')}`;
    return rejected('time_invalid', `start, answer and end are ${quoted(written)}${zone}.`);
  }
  const called = readCalled(text('dst'));
  const from = text('src');
  const inbound = INBOUND_CONTEXT.test(text('dcontext'));
  return finishCall({
    callId: recordId(fields),
    switchId: context.switchId ?? 'asterisk',
    direction: inbound ? 'inbound' : directionByNumbers(from, called.to),
    from,
    ...called,
    ...times,
    disposition: disposition === 'answered' && times.answeredAt === null ? 'no_answer' : disposition,
    account: text('accountcode'),
    device: text('channel').replace(/-[^-/]*$/, ''),
    trunk: text('dstchannel').replace(/-[^-/]*$/, ''),
    // No column of cdr_csv: variables that a dialplan writes into the CDR, as from CALLERID(RDNIS) or REDIRECTING(from-num).
    redirectingNumber: redirectingParty(
      text('redirecting_number') || text('redirecting') || text('rdnis'),
      text('diversion'),
      text('history_info'),
    ),
  });
}

/** One channel can write several CDRs (dial lists, forks): the destination channel tells them apart. */
function recordId(fields: Fields): string {
  const channels = [fields['uniqueid'] || fields['channel'], fields['dstchannel']].filter(Boolean).join('/');
  if (channels === '') return '';
  return fields['uniqueid'] ? channels : `${channels}@${fields['start'] ?? ''}`;
}

function wholeSeconds(text: string): number | null {
  if (text === '') return null;
  return /^\d{1,8}$/.test(text) ? Number(text) : null;
}
