/** Every format calls are read in. */

export const FORMAT_IDS = [
  'json',
  'avro',
  'csv',
  'avro-container',
  'asterisk-csv',
  'asterisk-json',
  'freeswitch-csv',
  'freeswitch-json',
  'kamailio-cdr-json',
  'kamailio-cdr-text',
  'kamailio-acc-json',
  'kamailio-acc-text',
  'cucm-csv',
] as const;
export type FormatId = (typeof FORMAT_IDS)[number];

export interface Format {
  readonly id: FormatId;
  readonly title: string;
  /** line: one record per line. container: the file has its own framing. joined: several rows make one call. */
  readonly framing: 'line' | 'container' | 'joined';
  /** Whether one record is one call, so that a topic can carry it as it is. */
  readonly singleRecord: boolean;
  /** Whether the records hold local times without their zone. */
  readonly needsTimeZone: boolean;
  /** Where the column names come from. */
  readonly header: 'none' | 'line' | 'two_lines';
  /** Whether a quoted cell can hold line ends. */
  readonly quotedLines: boolean;
  /** What the fields are, for a person. */
  readonly fields: string;
}

function format(id: FormatId, title: string, fields: string, options: Partial<Format> = {}): Format {
  return {
    id,
    title,
    fields,
    framing: 'line',
    singleRecord: true,
    needsTimeZone: false,
    header: 'none',
    quotedLines: false,
    ...options,
  };
}

const QUOTED = { quotedLines: true } as const;
const JOINED = { framing: 'joined', singleRecord: false } as const;
const EVENT = 'the fields of schemas/call-event.avsc';

export const FORMATS: Readonly<Record<FormatId, Format>> = {
  json: format('json', 'Tollstream call events, JSON lines', EVENT),
  avro: format('avro', 'Tollstream call events, Avro messages', EVENT, { framing: 'container' }),
  csv: format('csv', 'Tollstream call events, CSV', `${EVENT}, named by a header line`, {
    header: 'line',
    ...QUOTED,
  }),
  'avro-container': format('avro-container', 'Tollstream call events, Avro object container file', EVENT, {
    framing: 'container',
    singleRecord: false,
  }),
  'asterisk-csv': format('asterisk-csv', 'Asterisk Master.csv', 'the 16 to 18 columns of cdr_csv', {
    needsTimeZone: true,
    ...QUOTED,
  }),
  'asterisk-json': format(
    'asterisk-json',
    'Asterisk CDR as JSON',
    'keys of the AMI Cdr event or of the CDR variables',
    {
      needsTimeZone: true,
    },
  ),
  'freeswitch-csv': format(
    'freeswitch-csv',
    'FreeSWITCH mod_cdr_csv',
    'the templates example and sql; other templates by their variable names in the header',
    { needsTimeZone: true },
  ),
  'freeswitch-json': format(
    'freeswitch-json',
    'FreeSWITCH mod_json_cdr',
    'variables and callflow of the A leg',
  ),
  'kamailio-cdr-json': format(
    'kamailio-cdr-json',
    'Kamailio dialog CDRs, JSON lines',
    'start_time to hangup_by',
  ),
  'kamailio-cdr-text': format(
    'kamailio-cdr-text',
    'Kamailio dialog CDRs, |-separated',
    'start_time to hangup_by',
  ),
  'kamailio-acc-json': format('kamailio-acc-json', 'Kamailio transactions, JSON lines', 'time to account', {
    ...JOINED,
    needsTimeZone: true,
  }),
  'kamailio-acc-text': format(
    'kamailio-acc-text',
    'Kamailio transactions, |-separated',
    'method to account',
    JOINED,
  ),
  'cucm-csv': format('cucm-csv', 'Cisco CUCM CDR file', 'named by the first of two header lines', {
    header: 'two_lines',
  }),
};

export function isFormatId(id: string): id is FormatId {
  return Object.hasOwn(FORMATS, id);
}
