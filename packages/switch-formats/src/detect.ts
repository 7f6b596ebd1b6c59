import { splitCsv } from './csv-record.ts';
import { FORMATS, FORMAT_IDS } from './formats.ts';
import type { FormatId } from './formats.ts';
import { decodeText } from './text.ts';

export type Detection =
  | {
      readonly kind: 'detected';
      readonly format: FormatId;
      /** `certain`: a signature of the format; `likely`: the shape of its records. */
      readonly confidence: 'certain' | 'likely';
      readonly why: string;
    }
  | { readonly kind: 'undetected'; readonly why: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const LOCAL_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
/** Lines of a console consumer's dump: partition, offset, timestamp, value. */
export const KAFKA_DUMP_PREFIX = /^\d+\t\d+\t\d+\t(?=\{)/;

const LINES_TRIED = 20;

/**
 * The format of a file by its first bytes (uncompressed, without byte order mark): the first line that tells.
 * @param head     up to some 64 KiB from the beginning
 * @param fileName for the reason given when nothing tells
 */
export function detectFormat(head: Buffer, fileName: string): Detection {
  if (head.subarray(0, 4).toString('latin1') === 'Obj\u0001') {
    return detected('avro-container', 'certain', 'begins with the mark of an Avro object container');
  }
  const lines = decodeText(head)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, LINES_TRIED);
  for (const line of lines) {
    const found = detectLine(line.replace(KAFKA_DUMP_PREFIX, ''));
    if (found !== null) return found;
  }
  return { kind: 'undetected', why: `The first lines of ${fileName} fit none of ${FORMAT_IDS.join(', ')}.` };
}

function detectLine(line: string): Detection | null {
  if (line.startsWith('{')) return detectJson(line);
  const bars = line.split('|');
  if (bars.length === 16 && /^(INVITE|BYE)$/.test(bars[0]!)) {
    return detected('kamailio-acc-text', 'certain', '16 columns that begin with a SIP method');
  }
  if (bars.length === 20 && /^\d+(\.\d+)?$/.test(bars[0]!) && /^\d+(\.\d+)?$/.test(bars[2]!)) {
    return detected('kamailio-cdr-text', 'certain', '20 columns that begin with start, end and duration');
  }
  if (/^INSERT INTO \S+ .*VALUES/i.test(line)) {
    return detected('freeswitch-csv', 'likely', 'an INSERT statement, as the template sql writes');
  }
  const cells = splitCsv(line);
  const names = cells.map((cell) => cell.trim().toLowerCase());
  if (names[0] === 'cdrrecordtype')
    return detected('cucm-csv', 'certain', 'the header begins with cdrRecordType');
  if (names.includes('call_id') && names.includes('started_at')) {
    return detected('csv', 'certain', 'a header that names call_id and started_at');
  }
  if (cells.length >= 16 && cells.length <= 18 && LOCAL_TIME.test(cells[9]!)) {
    return detected('asterisk-csv', 'likely', `${cells.length} columns with a start time in the tenth`);
  }
  if (cells.length >= 13 && LOCAL_TIME.test(cells[4]!) && UUID.test(cells[10]!)) {
    return detected('freeswitch-csv', 'likely', 'the columns of the template example');
  }
  return null;
}

/** By keys, read from the text: the line may be cut off. */
function detectJson(line: string): Detection | null {
  const has = (key: string): boolean => new RegExp(`"${key}"\\s*:`).test(line);
  if (has('variables') && (has('core-uuid') || has('callflow') || has('channel_data') || has('uuid'))) {
    return detected('freeswitch-json', 'certain', 'JSON with variables of a channel');
  }
  if (has('method') && (has('callid') || has('call_id')) && has('sip_code')) {
    return detected('kamailio-acc-json', 'certain', 'JSON with method, callid and sip_code');
  }
  if (has('start_time') && has('end_time') && has('call_id')) {
    return detected('kamailio-cdr-json', 'certain', 'JSON with start_time, end_time and call_id');
  }
  if (has('BillableSeconds') || (has('billsec') && has('disposition'))) {
    return detected('asterisk-json', 'certain', 'JSON with the keys of an Asterisk CDR');
  }
  if (has('call_id') && has('started_at'))
    return detected('json', 'certain', 'JSON with call_id and started_at');
  return null;
}

function detected(format: FormatId, confidence: 'certain' | 'likely', why: string): Detection {
  return { kind: 'detected', format, confidence, why: `${FORMATS[format].title}: ${why}` };
}
