/** Files of calls as chunks of raw records, in constant memory. */
import type { Readable } from 'node:stream';
import { RECORD_BYTES_MAX } from '../decoded.ts';
import type { DecodeContext } from '../decoded.ts';
import { KAFKA_DUMP_PREFIX, detectFormat } from '../detect.ts';
import { ImportError } from '../errors.ts';
import { eventJson } from '../event-json.ts';
import { FORMATS, FORMAT_IDS, isFormatId } from '../formats.ts';
import type { Format, FormatId } from '../formats.ts';
import { readAccJson, readAccText } from '../formats/kamailio-acc.ts';
import { timeZone } from '../time-zone.ts';
import { decodeText } from '../text.ts';
import { readContainer } from './avro-container.ts';
import { CallJoiner, JOIN_LIMITS } from './call-joiner.ts';
import type { JoinLimits, Joined } from './call-joiner.ts';
import { LocatedEvents } from './located-events.ts';
import { headerOf } from './header.ts';
import type { Header } from './header.ts';
import { readLines } from './lines.ts';
import type { RawLine } from './lines.ts';
import { readLocatedLines } from './located-lines.ts';
import type { LocatedLines } from './located-lines.ts';
import { orOverdue } from './or-overdue.ts';
import { openSource } from './source.ts';
import type { CallSource, OpenSource } from './source.ts';

export interface RawRecord {
  readonly value: Buffer;
  /** Line in the file from 1, or the record's number in an Avro container. */
  readonly line: number;
}

/** Where reading can go on; opaque to callers but for `bytes` and `records`, which only grow. */
export interface ReadPosition {
  /** Uncompressed bytes read. */
  readonly bytes: number;
  /** Number of the next line. */
  readonly line: number;
  /** Records given out. */
  readonly records: number;
}

export interface ImportChunk {
  readonly format: FormatId;
  /** Headers for the raw topic: one object for all records of a format, by reference. */
  readonly headers: Readonly<Record<string, string>>;
  readonly records: readonly RawRecord[];
  /** The same records side by side, when the reader has them so; `records` makes objects of them when it is asked for. */
  readonly located?: readonly LocatedEvents[];
  /** Behind the last record of the chunk. */
  readonly position: ReadPosition;
  /** Joined formats: calls given out before they were complete, because too many were open. */
  readonly spilledCalls: number;
}

export interface ReadCallsOptions {
  /** An id of `FORMATS`; default: detected. */
  readonly format?: string;
  /** Column names of CSV without a header line. */
  readonly csvHeader?: string;
  /** CSV: column name → event field. */
  readonly columnFields?: Readonly<Record<string, string>>;
  readonly timeZone?: string;
  readonly switchId?: string;
  /** Kamailio rows: hosts whose calls are inbound. */
  readonly inboundHosts?: readonly string[];
  /** Goes on behind this position of the same source. */
  readonly from?: ReadPosition;
  readonly chunkRecordsMax?: number;
  readonly chunkBytesMax?: number;
  /** Records of a source that is written while it is read wait for a chunk no longer; default: half a second for standard input, no limit otherwise. */
  readonly chunkAgeMsMax?: number;
  readonly lineBytesMax?: number;
  readonly join?: Partial<JoinLimits>;
}

const CHUNK_RECORDS_MAX = 10_000;
const CHUNK_BYTES_MAX = 8_388_608;
const PIPED_AGE_MS_MAX = 500;

/**
 * @param source path, '-' for standard input, a stream, or several paths: rows of one call may then be in different files
 * @throws ImportError for a source that cannot be read at all; a single bad record is given out and rejected by its decoder
 */
export async function* readCalls(
  source: CallSource | readonly string[],
  wanted: ReadCallsOptions = {},
): AsyncGenerator<ImportChunk> {
  const paths = Array.isArray(source) ? (source as readonly string[]) : [source as string | Readable];
  const chunkAgeMsMax = wanted.chunkAgeMsMax ?? (paths.includes('-') ? PIPED_AGE_MS_MAX : Infinity);
  const options = { ...wanted, chunkAgeMsMax };
  const opened: OpenSource[] = [];
  try {
    for (const path of paths) opened.push(await openSource(path, chunkAgeMsMax));
    if (opened.length === 0) throw new ImportError('TOLL_IMPORT_UNREADABLE', 'No file is named.');
    const plans = opened.map((file) => planOf(file, options));
    if (plans.every((plan) => plan.format.framing === 'joined')) {
      yield* readJoined(plans, options);
    } else if (plans.length === 1) {
      yield* plans[0]!.format.id === 'avro-container'
        ? readAvro(plans[0]!, options)
        : readRecords(plans[0]!, options);
    } else {
      throw new ImportError(
        'TOLL_IMPORT_FORMAT_UNKNOWN',
        'Several files are read together only for Kamailio transactions; these hold other formats.',
        { remedy: 'Import the files one after another.' },
      );
    }
  } finally {
    for (const file of opened) file.close();
  }
}

interface Plan {
  readonly file: OpenSource;
  readonly format: Format;
  readonly header: Header;
  readonly headers: Readonly<Record<string, string>>;
  readonly context: DecodeContext;
  readonly isKafkaDump: boolean;
}

function planOf(file: OpenSource, options: ReadCallsOptions): Plan {
  const head = file.head[0] === 0xef && file.head[1] === 0xbb ? file.head.subarray(3) : file.head;
  const format = FORMATS[formatOf(file, head, options)];
  if (format.id === 'avro') {
    throw new ImportError(
      'TOLL_IMPORT_FORMAT_UNKNOWN',
      `${file.name}: single Avro messages have no framing in a file.`,
      {
        remedy: 'Write an Avro object container, or publish the messages to the raw topic.',
      },
    );
  }
  if (options.timeZone !== undefined) timeZone(options.timeZone);
  else if (format.needsTimeZone && !namesItsTimes(format, head)) {
    throw new ImportError(
      'TOLL_IMPORT_TIME_ZONE_MISSING',
      `${file.name}: ${format.title} holds local times.`,
    );
  }
  const header = headerOf(format, head, file.name, options);
  const headers: Record<string, string> = { 'tollstream-format': format.id };
  if (header.columns !== null) headers['tollstream-csv-header'] = header.columns;
  if (options.timeZone !== undefined) headers['tollstream-time-zone'] = options.timeZone;
  if (options.switchId !== undefined) headers['tollstream-switch'] = options.switchId;
  return {
    file,
    format,
    header,
    headers: Object.freeze(headers),
    context: options,
    isKafkaDump: KAFKA_DUMP_PREFIX.test(head.subarray(0, 200).toString('latin1')),
  };
}

function formatOf(file: OpenSource, head: Buffer, options: ReadCallsOptions): FormatId {
  if (options.format !== undefined) {
    if (isFormatId(options.format)) return options.format;
    throw new ImportError(
      'TOLL_IMPORT_FORMAT_UNKNOWN',
      `There is no format ${JSON.stringify(options.format)}.`,
      {
        remedy: `Name one of ${FORMAT_IDS.join(', ')}.`,
      },
    );
  }
  if (options.csvHeader !== undefined) return 'csv';
  const detection = detectFormat(head, file.name);
  if (detection.kind === 'detected') return detection.format;
  if (options.columnFields !== undefined) return 'csv';
  throw new ImportError('TOLL_IMPORT_FORMAT_UNKNOWN', `${file.name}: the format is not recognised.`, {
    remedy: `Name one of ${FORMAT_IDS.join(', ')} with --format.`,
  });
}

/** Kamailio writes epoch seconds beside the local time when it is told to. */
function namesItsTimes(format: Format, head: Buffer): boolean {
  return format.id === 'kamailio-acc-json' && /"time_sec"|"time"\s*:\s*"?\d{9,}/.test(decodeText(head));
}

function linesOf(
  plan: Plan,
  options: ReadCallsOptions,
  from: { bytes: number; line: number },
): AsyncIterable<RawLine[]> {
  return readLines(plan.file.bytesFrom(from.bytes), {
    ...placeOf(from, options),
    quotedLines: plan.format.quotedLines,
  });
}

function placeOf(from: { bytes: number; line: number }, { lineBytesMax }: ReadCallsOptions) {
  return { fromBytes: from.bytes, fromLine: from.line, lineBytesMax: lineBytesMax ?? RECORD_BYTES_MAX };
}

/** Lines of JSON are what they are: no header is among them, nothing stands before them. */
function locatedLinesOf(
  plan: Plan,
  options: ReadCallsOptions,
  from: { bytes: number; line: number },
): AsyncIterable<LocatedLines | readonly RawLine[]> {
  const { file, format, isKafkaDump } = plan;
  if (format.id !== 'json' || isKafkaDump) return linesOf(plan, options, from);
  const input = { bytes: file.bytesFrom(from.bytes), areOurs: file.areBytesOurs };
  return readLocatedLines(input, placeOf(from, options));
}

async function* readRecords(plan: Plan, options: ReadCallsOptions): AsyncGenerator<ImportChunk> {
  const from = options.from ?? { bytes: 0, line: 1, records: 0 };
  const chunker = new Chunker(options, from);
  for await (const lines of chunker.hurrying(locatedLinesOf(plan, options, await lineStart(plan, from)))) {
    if (lines === null) {
      yield* chunker.rest();
      continue;
    }
    if ('events' in lines) {
      const { events, startBytes } = lines;
      yield* chunker.addLocated(plan, events, (behind) => ({
        bytes: startBytes + events.bounds[behind]!,
        line: events.line + behind,
      }));
      continue;
    }
    for (const { value, line, endBytes, endLine } of lines) {
      if (plan.header.isHeader(value)) continue;
      const record = plan.isKafkaDump ? valueOfDump(value) : value;
      const chunk = chunker.add(plan, { value: record, line }, { bytes: endBytes, line: endLine });
      if (chunk !== null) yield chunk;
    }
  }
  yield* chunker.rest();
}

/** A line that was cut off when it was read is read again, whole: its first part was rejected, the call must not be lost. */
async function lineStart(plan: Plan, from: ReadPosition): Promise<{ bytes: number; line: number }> {
  const unfinished = from.bytes === 0 ? 0 : await plan.file.unfinishedBefore(from.bytes);
  return unfinished === 0 ? from : { bytes: from.bytes - unfinished, line: from.line - 1 };
}

/** The record value of a console consumer's line; a line without the prefix stays and is rejected by its decoder. */
function valueOfDump(line: Buffer): Buffer {
  let at = 0;
  for (let i = 0; i < 3; i++) {
    const tab = line.indexOf(0x09, at);
    if (tab === -1) return line;
    at = tab + 1;
  }
  return line.subarray(at);
}

async function* readAvro(plan: Plan, options: ReadCallsOptions): AsyncGenerator<ImportChunk> {
  const from = options.from ?? { bytes: 0, line: 1, records: 0 };
  const events = { format: FORMATS.avro, headers: formatHeaders(plan, 'avro') };
  const chunker = new Chunker(options, { bytes: 0, line: 1, records: 0 });
  // A container's blocks hang on its header: a resumed read passes over the blocks it had given out.
  let toSkip = from.records;
  const input = { bytes: plan.file.bytesFrom(0), areOurs: plan.file.areBytesOurs };
  for await (const block of chunker.hurrying(readContainer(input, plan.file.name))) {
    if (block === null) {
      yield* chunker.rest();
      continue;
    }
    const end = { bytes: block.endBytes, line: block.endNumber };
    if (block.events instanceof LocatedEvents) {
      const skipped = Math.min(toSkip, block.events.count);
      toSkip -= skipped;
      if (skipped > 0) chunker.pass(end, skipped);
      yield* chunker.addLocated(events, block.events.slice(skipped, block.events.count), () => end);
    } else {
      for (const event of block.events) {
        if (toSkip > 0) {
          toSkip -= 1;
          chunker.pass(end);
          continue;
        }
        const chunk = chunker.add(events, event, end);
        if (chunk !== null) yield chunk;
      }
    }
    if (block.broken === null) continue;
    if (toSkip > 0) {
      toSkip -= 1;
      chunker.pass(end);
      continue;
    }
    const { value, line } = block.broken;
    const chunk = chunker.add(plan, { value: Buffer.from(value), line }, end);
    if (chunk !== null) yield chunk;
  }
  yield* chunker.rest();
}

async function* readJoined(plans: readonly Plan[], options: ReadCallsOptions): AsyncGenerator<ImportChunk> {
  const plan = plans[0]!;
  const events = { format: FORMATS.json, headers: formatHeaders(plan, 'json') };
  const joiner = new CallJoiner(plan.context, { ...JOIN_LIMITS, ...options.join });
  const chunker = new Chunker(options, { bytes: 0, line: 1, records: 0 });
  // What was joined from rows is a function of all rows before: a resumed read joins again and passes over what it gave out.
  let toSkip = options.from?.records ?? 0;
  let end = { bytes: 0, line: 1 };
  function* give(joined: readonly Joined[]): Generator<ImportChunk> {
    for (const item of joined) {
      if (toSkip > 0) {
        toSkip -= 1;
        chunker.pass(end);
        continue;
      }
      const value = item.kind === 'call' ? eventJson(item.call) : item.raw;
      const target = item.kind === 'call' ? events : plan;
      const chunk = chunker.add(target, { value, line: item.line }, end, joiner.spilledCalls);
      if (chunk !== null) yield chunk;
    }
  }
  for await (const placed of chunker.hurrying(mergeRows(plans, options))) {
    if (placed === null) {
      yield* chunker.rest();
      continue;
    }
    end = placed.end;
    if (placed.row === null) yield* give([{ kind: 'orphan', raw: placed.raw, line: placed.line }]);
    // The raw bytes are a view into a part of the file; a waiting row must not keep the whole part.
    else yield* give(joiner.add({ ...placed.row, raw: Buffer.from(placed.raw), line: placed.line }));
  }
  yield* give(joiner.end());
  yield* chunker.rest();
}

function formatHeaders(plan: Plan, format: FormatId): Readonly<Record<string, string>> {
  return Object.freeze({ ...plan.headers, 'tollstream-format': format });
}

interface PlacedLine {
  readonly raw: Buffer;
  readonly line: number;
  readonly row: ReturnType<typeof readAccJson> extends infer R
    ? R extends { ok: true; row: infer A }
      ? A | null
      : never
    : never;
  readonly end: { bytes: number; line: number };
}

/** Rows of all files in the order of their time, as far as each file is in order itself. */
async function* mergeRows(plans: readonly Plan[], options: ReadCallsOptions): AsyncGenerator<PlacedLine> {
  const readers = await Promise.all(
    plans.map(async (plan) => {
      const rows = rowsOf(plan, options);
      return { rows, next: await rows.next() };
    }),
  );
  const bytes = readers.map(() => 0);
  for (;;) {
    let chosen = -1;
    for (let i = 0; i < readers.length; i++) {
      const candidate = readers[i]!.next;
      if (candidate.done === true) continue;
      const best = chosen === -1 ? undefined : readers[chosen]!.next.value;
      if (best === undefined || timeOf(candidate.value) < timeOf(best)) chosen = i;
    }
    if (chosen === -1) return;
    const placed = readers[chosen]!.next.value as PlacedLine;
    bytes[chosen] = placed.end.bytes;
    const total = bytes.reduce((sum, part) => sum + part, 0);
    yield { ...placed, end: { bytes: total, line: placed.end.line } };
    readers[chosen]!.next = await readers[chosen]!.rows.next();
  }
}

/** Rows that cannot be read come at once: they wait for nothing. */
function timeOf(placed: PlacedLine): number {
  return placed.row?.at ?? 0;
}

async function* rowsOf(plan: Plan, options: ReadCallsOptions): AsyncGenerator<PlacedLine, undefined> {
  const read = plan.format.id === 'kamailio-acc-json' ? readAccJson : readAccText;
  for await (const lines of linesOf(plan, options, { bytes: 0, line: 1 })) {
    for (const { value, line, endBytes, endLine } of lines) {
      const result = read(value, plan.context);
      yield { raw: value, line, row: result.ok ? result.row : null, end: { bytes: endBytes, line: endLine } };
    }
  }
  return undefined;
}

interface Target {
  readonly format: Format;
  readonly headers: Readonly<Record<string, string>>;
}

/** Gathers records of one format and header into chunks. */
class Chunker {
  readonly #recordsMax: number;
  readonly #bytesMax: number;
  readonly #ageMsMax: number;
  /** When the first of the records that wait came. */
  #sinceMs = 0;
  #records: RawRecord[] = [];
  /** In place of records: those of a chunk are the one or the other. */
  #located: LocatedEvents[] = [];
  #count = 0;
  #bytes = 0;
  #target: Target | null = null;
  /** Of the position behind the last record. */
  #end: { readonly bytes: number; readonly line: number };
  #given: number;
  #spilled = 0;

  constructor(options: ReadCallsOptions, from: ReadPosition) {
    this.#recordsMax = options.chunkRecordsMax ?? CHUNK_RECORDS_MAX;
    this.#bytesMax = options.chunkBytesMax ?? CHUNK_BYTES_MAX;
    this.#ageMsMax = options.chunkAgeMsMax ?? Infinity;
    this.#end = from;
    this.#given = from.records;
  }

  /** @returns a chunk that is complete; the record may already be in it, or wait for the next */
  add(
    target: Target,
    record: RawRecord,
    end: { bytes: number; line: number },
    spilledCalls = 0,
  ): ImportChunk | null {
    const before = this.#aim(target, 'records');
    this.#records.push(record);
    this.#counted(1, record.value.length, end);
    this.#spilled = spilledCalls;
    if (before !== null) return before;
    return this.#isFull() ? this.take() : null;
  }

  /**
   * As `add`, of many.
   * @param endOf where reading goes on behind so many of them
   */
  *addLocated(
    target: Target,
    events: LocatedEvents,
    endOf: (events: number) => { bytes: number; line: number },
  ): Generator<ImportChunk> {
    let from = 0;
    while (from < events.count) {
      const before = this.#aim(target, 'located');
      if (before !== null) yield before;
      const first = from;
      const count = this.#count;
      let bytes = this.#bytes;
      while (from < events.count && count + from - first < this.#recordsMax && bytes < this.#bytesMax) {
        bytes += events.size(from);
        from += 1;
      }
      this.#counted(from - first, bytes - this.#bytes, endOf(from));
      // The block is overwritten by the next one.
      this.#located.push(events.slice(first, from).copy());
      const chunk = this.#isFull() ? this.take() : null;
      if (chunk !== null) yield chunk;
    }
  }

  /** Counts records that an earlier read gave out. */
  pass(end: { bytes: number; line: number }, records = 1): void {
    this.#end = end;
    this.#given += records;
  }

  /** What is read, and null when the records that wait are to be given out. */
  hurrying<Item>(items: AsyncIterable<Item>): AsyncIterable<Item | null> {
    if (this.#ageMsMax === Infinity) return items;
    return orOverdue(items, () =>
      this.#count === 0 ? Infinity : this.#sinceMs + this.#ageMsMax - performance.now(),
    );
  }

  /** What has no chunk yet. */
  *rest(): Generator<ImportChunk> {
    const chunk = this.take();
    if (chunk !== null) yield chunk;
  }

  take(): ImportChunk | null {
    if (this.#target === null || this.#count === 0) return null;
    const parts = {
      format: this.#target.format.id,
      headers: this.#target.headers,
      position: { bytes: this.#end.bytes, line: this.#end.line, records: this.#given },
      spilledCalls: this.#spilled,
    };
    const [records, located] = [this.#records, this.#located];
    this.#records = [];
    this.#located = [];
    this.#count = 0;
    this.#bytes = 0;
    if (located.length === 0) return { ...parts, records };
    return {
      ...parts,
      located,
      get records() {
        return located.flatMap((events) => events.records());
      },
    };
  }

  /** Turns to records of another target, or of another kind. @returns the chunk of those before */
  #aim(target: Target, kind: 'records' | 'located'): ImportChunk | null {
    const isOther =
      (this.#target !== null && this.#target.headers !== target.headers) ||
      (kind === 'located' ? this.#records : this.#located).length > 0;
    const before = isOther ? this.take() : null;
    this.#target = target;
    if (this.#count === 0 && this.#ageMsMax !== Infinity) this.#sinceMs = performance.now();
    return before;
  }

  #counted(records: number, bytes: number, end: { bytes: number; line: number }): void {
    this.#count += records;
    this.#bytes += bytes;
    this.#end = end;
    this.#given += records;
  }

  #isFull(): boolean {
    return this.#count >= this.#recordsMax || this.#bytes >= this.#bytesMax;
  }
}
