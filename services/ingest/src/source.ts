import { FORMATS, isFormatId } from '@tollstream/switch-formats';

/** A topic ingest reads, and how its records are to be read when their headers do not say otherwise. */
export interface IngestSource {
  readonly topic: string;
  /** `tollstream` (Avro or JSON, told by the first byte), `avro`, `json`, or a switch format. */
  readonly format: string;
  readonly timeZone?: string;
  readonly csvHeader?: string;
  /** Switch id of records that do not name their switch. */
  readonly switchId?: string;
}

/** The format of the public call event, in any of its encodings. */
export const EVENT_FORMAT = 'tollstream';

const PARAMETERS = { 'time-zone': 'timeZone', 'csv-header': 'csvHeader', switch: 'switchId' } as const;

/**
 * Reads `topic=format` or `topic=format?time-zone=Europe/Berlin&switch=pbx-1`.
 * @returns null when the text is none, when the format is not one of single records or lacks the time zone it needs, or when the
 *   zone does not exist
 */
export function parseSource(text: string): IngestSource | null {
  const match = /^([A-Za-z0-9._-]{1,249})=([a-z0-9-]+)(?:\?(.*))?$/.exec(text.trim());
  if (match === null) return null;
  const [, topic, format, query = ''] = match;
  const source: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (!Object.hasOwn(PARAMETERS, name)) return null;
    source[PARAMETERS[name as keyof typeof PARAMETERS]] = value;
  }
  if (source.timeZone !== undefined && !isTimeZone(source.timeZone)) return null;
  if (!isReadable(format!, source.timeZone)) return null;
  return { topic: topic!, format: format!, ...source };
}

export function printSource({ topic, format, timeZone, csvHeader, switchId }: IngestSource): string {
  const values = { 'time-zone': timeZone, 'csv-header': csvHeader, switch: switchId };
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${topic}=${format}${given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`}`;
}

function isReadable(format: string, timeZone: string | undefined): boolean {
  if (format === EVENT_FORMAT) return true;
  if (!isFormatId(format)) return false;
  const { singleRecord, needsTimeZone } = FORMATS[format];
  return singleRecord && (!needsTimeZone || timeZone !== undefined);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
