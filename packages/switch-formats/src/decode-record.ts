import { CallEventDecoder, parseCallEventJson } from '@tollstream/contracts';
import { RECORD_BYTES_MAX, rejected } from './decoded.ts';
import type { DecodeContext, Decoded } from './decoded.ts';
import { ImportError } from './errors.ts';
import { isFormatId } from './formats.ts';
import type { FormatId } from './formats.ts';
import { decodeAsteriskCsv, decodeAsteriskJson } from './formats/asterisk.ts';
import { decodeEventCsv } from './formats/csv-events.ts';
import { decodeCucmCsv } from './formats/cucm.ts';
import { decodeFreeswitchCsv, decodeFreeswitchJson } from './formats/freeswitch.ts';
import { readAccJson, readAccText } from './formats/kamailio-acc.ts';
import type { AccRowResult } from './formats/kamailio-acc.ts';
import { decodeKamailioCdrJson, decodeKamailioCdrText } from './formats/kamailio-cdr.ts';

type Decoder = (value: Buffer, context: DecodeContext) => Decoded;

let avroDecoder: CallEventDecoder | null = null;

const DECODERS: Readonly<Record<FormatId, Decoder>> = {
  json: (value, context) => parseCallEventJson(value, { switchIdDefault: context.switchId ?? '' }),
  avro: (value) => (avroDecoder ??= new CallEventDecoder()).decode(value),
  csv: decodeEventCsv,
  // Only what could not be read out of a container comes here.
  'avro-container': () => rejected('unreadable', 'A broken part of an Avro object container.'),
  'asterisk-csv': decodeAsteriskCsv,
  'asterisk-json': decodeAsteriskJson,
  'freeswitch-csv': decodeFreeswitchCsv,
  'freeswitch-json': decodeFreeswitchJson,
  'kamailio-cdr-json': decodeKamailioCdrJson,
  'kamailio-cdr-text': decodeKamailioCdrText,
  'kamailio-acc-json': (value, context) => rejectedRow(readAccJson(value, context)),
  'kamailio-acc-text': (value, context) => rejectedRow(readAccText(value, context)),
  'cucm-csv': decodeCucmCsv,
};

/**
 * The call of one raw record. Pure, and never throws on any bytes or context.
 * @param value  one record: a line without its end, or a message
 * @param format an id of `FORMATS`
 */
export function decodeRecord(value: Buffer, format: string, context: DecodeContext = {}): Decoded {
  const bytesMax = context.recordBytesMax ?? RECORD_BYTES_MAX;
  if (value.length > bytesMax) return rejected('too_large', `Longer than ${bytesMax} bytes.`);
  if (!isFormatId(format)) return rejected('unreadable', `There is no format ${JSON.stringify(format)}.`);
  try {
    return DECODERS[format](value, context);
  } catch (error) {
    // A zone that does not exist can come with any record's headers: it condemns the record, not the reader.
    if (error instanceof ImportError) return rejected('time_invalid', error.message);
    throw error;
  }
}

/** The reader joins rows into calls; one that arrives alone belongs to no call of the input. */
function rejectedRow(result: AccRowResult): Decoded {
  if (!result.ok) return result.rejection;
  const { method } = result.row;
  return rejected(
    'field_missing',
    `A ${method} row without the other rows of its call; rows are joined when a file is read.`,
  );
}
