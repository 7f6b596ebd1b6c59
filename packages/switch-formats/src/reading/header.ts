import { splitCsv } from '../csv-record.ts';
import { ImportError } from '../errors.ts';
import { ASTERISK_COLUMNS } from '../formats/asterisk.ts';
import { EVENT_FIELDS } from '../formats/csv-events.ts';
import type { Format } from '../formats.ts';
import { decodeText } from '../text.ts';

export interface Header {
  /** Column names for the decoder; null where the format fixes them. */
  readonly columns: string | null;
  /** Lines that are no records. A file put together from several repeats them. */
  readonly isHeader: (line: Buffer) => boolean;
}

const NO_HEADER: Header = { columns: null, isHeader: () => false };
const CUCM_TYPES = /^"?(INTEGER|VARCHAR|UNIQUEIDENTIFIER)\b/i;

export interface HeaderOptions {
  readonly csvHeader?: string;
  readonly columnFields?: Readonly<Record<string, string>>;
}

/**
 * @param name of the file, for the error
 * @throws ImportError TOLL_IMPORT_HEADER_MISSING
 */
export function headerOf(format: Format, head: Buffer, name: string, options: HeaderOptions): Header {
  const first = firstLine(head);
  switch (format.id) {
    case 'csv':
      return eventHeader(first, name, options);
    case 'cucm-csv': {
      const columns = options.csvHeader ?? first;
      if (!/^"?cdrRecordType/i.test(columns)) {
        throw new ImportError(
          'TOLL_IMPORT_HEADER_MISSING',
          `${name}: a CUCM file begins with a line of names (cdrRecordType, …).`,
        );
      }
      return { columns, isHeader: matching(columns, (line) => CUCM_TYPES.test(line)) };
    }
    case 'asterisk-csv':
      return {
        columns: null,
        isHeader: matching(ASTERISK_COLUMNS.join(','), (line) => line.startsWith('accountcode,src')),
      };
    case 'freeswitch-csv': {
      const named = /\bstart_stamp\b/.test(first) && /\buuid\b/.test(first);
      const columns = options.csvHeader ?? (named ? first : null);
      return columns === null ? NO_HEADER : { columns, isHeader: matching(columns, () => false) };
    }
    default:
      return NO_HEADER;
  }
}

function eventHeader(first: string, fileName: string, options: HeaderOptions): Header {
  const written = options.csvHeader ?? first;
  const names = splitCsv(written).map((name) => name.trim().toLowerCase());
  const mapped = names.map((name) => {
    for (const [column, field] of Object.entries(options.columnFields ?? {}))
      if (column.toLowerCase() === name) return field;
    return name;
  });
  if (!mapped.includes('call_id') || !mapped.includes('started_at')) {
    throw new ImportError(
      'TOLL_IMPORT_HEADER_MISSING',
      `${fileName}: the CSV columns ${JSON.stringify(written.slice(0, 200))} name no call_id and started_at (fields: ${EVENT_FIELDS.join(', ')}).`,
    );
  }
  return { columns: mapped.join(','), isHeader: matching(written, () => false) };
}

function matching(header: string, also: (line: string) => boolean): (line: Buffer) => boolean {
  const bytes = Buffer.from(header);
  return (line) => line.equals(bytes) || also(line.subarray(0, 64).toString('latin1'));
}

function firstLine(head: Buffer): string {
  for (const line of decodeText(head).split(/\r?\n/)) if (line.trim() !== '') return line;
  return '';
}
