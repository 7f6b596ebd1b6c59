/**
 * A month of calls as a switch publishes them: in order of start, but with late records, exact copies, records that cannot be
 * read and calls that cannot be priced. The same catalog, number and seed give the same bytes.
 */
import type { Catalog } from '@tollstream/catalog';
import { encodeCallEvent, type CallEvent, type RejectCode } from '@tollstream/contracts';
import { brokenLine, impossibleEvent } from './broken.ts';
import { CALL_KINDS, CallMaker, type CallKind, type Flaw, type MadeCall } from './call-maker.ts';
import { jsonLine } from './json-line.ts';
import { StartTimes } from './month.ts';
import { Random } from './random.ts';

export interface GenerateCallsOptions {
  /** Records, copies and broken ones included. */
  readonly calls: number;
  readonly seed: number;
  readonly catalog: Catalog;
  /** Share of the calls that the first account makes; it has no more than its due where this is absent. */
  readonly hotShare?: number;
}

/** What was made, and so what the pipeline must make of it under the same catalog without a default plan. */
export interface CallTally {
  records: number;
  rejected: number;
  duplicate: number;
  suspended: number;
  rated: number;
  /** Records that come after some that started later by minutes or hours. Late ones are priced as all others. */
  late: number;
  /** Time between answer and end of all calls that are to be rated, each once. */
  answeredMs: number;
  readonly rejectedByCode: Partial<Record<RejectCode, number>>;
  readonly suspendedByCode: Partial<Record<Flaw, number>>;
  readonly byKind: Record<CallKind, number>;
}

const BROKEN_SHARE = 0.005;
const DUPLICATE_SHARE = 0.01;
const LATE_SHARE = 0.01;
/** How many records later a copy or a late record comes. */
const HELD_RECORDS_MAX = 5000;

/** The JSON lines, each with its line feed. The generator's return value is the tally. */
export function* generateCalls(options: GenerateCallsOptions): Generator<Buffer, CallTally> {
  const records = generateRecords(options, JSON_LINES);
  for (;;) {
    const next = records.next();
    if (next.done) return next.value;
    yield Buffer.from(next.value, 'latin1');
  }
}

/** How events become records of a format. */
export interface RecordFormat<Encoded> {
  encode(event: CallEvent): Encoded;
  broken(event: CallEvent, random: Random): { record: Encoded; code: RejectCode };
}

/** Lines as strings of one character per byte: the fastest form to gather into large writes. */
export const JSON_LINES: RecordFormat<string> = {
  encode: jsonLine,
  broken: (event, random) => {
    const { line, code } = brokenLine(event, random);
    return { record: line, code };
  },
};

const SINGLE_OBJECT_HEADER_BYTES = 10;

/** Avro bodies without a header, as a container file holds them. A container cannot hold what is no Avro. */
export const AVRO_BODIES: RecordFormat<Buffer> = {
  encode: (event) => encodeCallEvent(event).subarray(SINGLE_OBJECT_HEADER_BYTES),
  broken: (event, random) => {
    const impossible = impossibleEvent(event, random);
    return { record: AVRO_BODIES.encode(impossible.event), code: impossible.code };
  },
};

export function* generateRecords<Encoded>(
  { calls, seed, catalog, hotShare = 0 }: GenerateCallsOptions,
  format: RecordFormat<Encoded>,
): Generator<Encoded, CallTally> {
  const random = new Random(seed);
  const maker = new CallMaker(catalog, random, hotShare);
  const starts = new StartTimes(calls);
  const tally = emptyTally();
  const held = new HeldBack<Encoded>();
  const ready: MadeCall[] = [];

  for (let position = 0; position < calls;) {
    // All that is held back must still come out: what is left is theirs when it is just enough.
    const remaining = calls - position;
    const due = held.take(position, remaining);
    if (due !== undefined) {
      yield due;
      position++;
      continue;
    }
    if (ready.length === 0) ready.push(...maker.make(starts.next(random.fraction())));
    const made = ready.shift()!;
    if (random.chance(BROKEN_SHARE)) {
      const { record, code } = format.broken(made.event, random);
      tally.rejectedByCode[code] = (tally.rejectedByCode[code] ?? 0) + 1;
      tally.rejected++;
      yield record;
      position++;
      continue;
    }
    const record = format.encode(made.event);
    count(made, tally);
    if (random.chance(DUPLICATE_SHARE) && held.size + 2 <= remaining) {
      held.hold(position + 1 + random.below(HELD_RECORDS_MAX), record);
      tally.duplicate++;
    }
    if (random.chance(LATE_SHARE) && held.size + 1 <= remaining) {
      held.hold(position + 1 + random.below(HELD_RECORDS_MAX), record);
      tally.late++;
      continue;
    }
    yield record;
    position++;
  }
  tally.records = calls;
  tally.rated = calls - tally.rejected - tally.duplicate - tally.suspended;
  return tally;
}

function count({ event, kind, flaw }: MadeCall, tally: CallTally): void {
  tally.byKind[kind]++;
  if (flaw === null) {
    if (event.answeredAt !== null) tally.answeredMs += event.endedAt - event.answeredAt;
    return;
  }
  tally.suspended++;
  tally.suspendedByCode[flaw] = (tally.suspendedByCode[flaw] ?? 0) + 1;
}

function emptyTally(): CallTally {
  return {
    records: 0,
    rejected: 0,
    duplicate: 0,
    suspended: 0,
    rated: 0,
    late: 0,
    answeredMs: 0,
    rejectedByCode: {},
    suspendedByCode: {},
    byKind: Object.fromEntries(CALL_KINDS.map((kind) => [kind, 0])) as Record<CallKind, number>,
  };
}

/** Records by the position they are due at. */
class HeldBack<Encoded> {
  readonly #byPosition = new Map<number, Encoded[]>();
  #first = 0;
  size = 0;

  hold(position: number, record: Encoded): void {
    const others = this.#byPosition.get(position);
    if (others === undefined) this.#byPosition.set(position, [record]);
    else others.push(record);
    this.size++;
  }

  /** One that is due at `position` or before; when only `remaining` places are left for as many records, the next one. */
  take(position: number, remaining: number): Encoded | undefined {
    if (this.size === 0) return undefined;
    const limit = this.size >= remaining ? position + 2 * HELD_RECORDS_MAX : position;
    for (; this.#first <= limit; this.#first++) {
      const due = this.#byPosition.get(this.#first);
      if (due === undefined) continue;
      const record = due.shift()!;
      if (due.length === 0) this.#byPosition.delete(this.#first);
      this.size--;
      return record;
    }
    return undefined;
  }
}
