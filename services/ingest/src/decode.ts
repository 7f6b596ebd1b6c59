/** From a raw record to a call: which decoder a record goes to, and what it is told beside the bytes. */
import { CallEventDecoder, parseCallEventJson } from '@tollstream/contracts';
import type { DecodedRecord, SchemaSource } from '@tollstream/contracts';
import type { LogRecord, RecordBatch, RecordHeaders } from '@tollstream/event-log';
import { decodeRecord } from '@tollstream/switch-formats';
import type { DecodeContext } from '@tollstream/switch-formats';
import type { IngestSource } from './source.ts';

/** How a record is to be read: the topic's declaration, changed by the record's headers. */
export interface RecordFormat {
  readonly format: string;
  readonly context: DecodeContext;
}

export interface DecoderOptions {
  readonly recordBytesMax: number;
  readonly schemaSource: SchemaSource | null;
}

/** `prepare` may reach out for schemas; `decode` is a function of the record alone. */
export class RecordDecoder {
  readonly #avro: CallEventDecoder;
  readonly #recordBytesMax: number;

  constructor(options: DecoderOptions) {
    this.#avro = new CallEventDecoder({ source: options.schemaSource });
    this.#recordBytesMax = options.recordBytesMax;
  }

  /** Loads the Avro schemas that the batch needs. @throws ContractError when a registry cannot be asked */
  async prepare(batch: RecordBatch): Promise<void> {
    await this.#avro.prepare(valuesOf(batch));
  }

  decode(record: LogRecord, { format, context }: RecordFormat): DecodedRecord {
    const { value } = record;
    if (value === null) return { kind: 'rejected', code: 'unreadable', detail: 'The record has no value' };
    if (value.length > this.#recordBytesMax) {
      const detail = `${value.length} bytes, at most ${this.#recordBytesMax} are read`;
      return { kind: 'rejected', code: 'too_large', detail };
    }
    switch (format) {
      case 'tollstream':
        return isAvro(value)
          ? withSwitch(this.#avro.decode(value), context)
          : this.#decodeJson(value, context);
      case 'avro':
        return withSwitch(this.#avro.decode(value), context);
      case 'json':
        return this.#decodeJson(value, context);
      default:
        return this.#decodeSwitchFormat(value, format, context);
    }
  }

  #decodeSwitchFormat(value: Buffer, format: string, context: DecodeContext): DecodedRecord {
    try {
      return decodeRecord(value, format, context);
    } catch (error) {
      // A record's headers may name a time zone that does not exist: that is the record's fault, and no reason to stop.
      if (error instanceof Error && 'code' in error && error.code === 'TOLL_IMPORT_TIME_ZONE_UNKNOWN') {
        return { kind: 'rejected', code: 'unreadable', detail: error.message };
      }
      throw error;
    }
  }

  #decodeJson(value: Buffer, context: DecodeContext): DecodedRecord {
    return parseCallEventJson(value, {
      bytesMax: this.#recordBytesMax,
      ...(context.switchId === undefined ? {} : { switchIdDefault: context.switchId }),
    });
  }
}

/** The values of a batch; of packed records only those that name a registered schema. */
function* valuesOf(batch: RecordBatch): Generator<Buffer | null> {
  const { packed } = batch;
  if (packed === undefined) {
    for (const { value } of batch.records) yield value;
    return;
  }
  for (let i = 0; i < packed.count; i++) {
    const start = packed.valueStart(i);
    if (start >= 0 && packed.bytes[start] === 0) yield packed.bytes.subarray(start, packed.valueEnd(i));
  }
}

/** JSON text begins with neither the single-object nor the registry magic. */
function isAvro(value: Buffer): boolean {
  return value[0] === 0xc3 || value[0] === 0x00;
}

function withSwitch(decoded: DecodedRecord, { switchId }: DecodeContext): DecodedRecord {
  if (decoded.kind !== 'call' || decoded.call.switchId !== '' || switchId === undefined) return decoded;
  return { kind: 'call', call: { ...decoded.call, switchId } };
}

/**
 * Formats of the records of one source. Nearly all records say what the one before said, mostly in the same headers object, so
 * the last answer is kept.
 */
export class RecordFormats {
  readonly #declared: RecordFormat;
  #lastHeaders: RecordHeaders | undefined;
  #last: RecordFormat;

  constructor(source: IngestSource, recordBytesMax: number) {
    const { format, ...context } = source;
    this.#declared = { format, context: { ...contextOf(context), recordBytesMax } };
    this.#last = this.#declared;
  }

  of(headers: RecordHeaders | undefined): RecordFormat {
    if (headers !== this.#lastHeaders) {
      if (!HEADERS.every((name) => headers?.[name] === this.#lastHeaders?.[name]))
        this.#last = this.#merge(headers);
      this.#lastHeaders = headers;
    }
    return this.#last;
  }

  #merge(headers: RecordHeaders | undefined): RecordFormat {
    const { format, context } = this.#declared;
    return {
      format: headers?.['tollstream-format'] ?? format,
      context: {
        ...context,
        ...contextOf({
          csvHeader: headers?.['tollstream-csv-header'],
          timeZone: headers?.['tollstream-time-zone'],
          switchId: headers?.['tollstream-switch'],
        }),
      },
    };
  }
}

const HEADERS = [
  'tollstream-format',
  'tollstream-csv-header',
  'tollstream-time-zone',
  'tollstream-switch',
] as const;

function contextOf(given: {
  csvHeader?: string | undefined;
  timeZone?: string | undefined;
  switchId?: string | undefined;
}): DecodeContext {
  return {
    ...(given.csvHeader === undefined ? {} : { csvHeader: given.csvHeader }),
    ...(given.timeZone === undefined ? {} : { timeZone: given.timeZone }),
    ...(given.switchId === undefined ? {} : { switchId: given.switchId }),
  };
}
