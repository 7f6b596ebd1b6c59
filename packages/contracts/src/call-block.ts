import {
  DIRECTIONS,
  DISPOSITIONS,
  REJECT_CODES,
  REPLAY_ACTIONS,
  RESOLVED_OUTCOMES,
  redirectingOfLeg,
} from './call.ts';
import type { CallEvent, RejectCode, ReplayAction } from './call.ts';
import { CALL_TEXT } from './call-event-cursor.ts';
import type { CallEventCursor } from './call-event-cursor.ts';
import { hashCall, hashLocatedCall } from './call-hash.ts';
import { CALL_COLUMNS, REJECTED_COLUMNS, REPLAY_COLUMNS, RESOLVED_COLUMNS } from './columns.ts';
import { NativeBlockWriter } from './native-writer.ts';
import type { BuildersOf, LowCardinalityBuilder, RememberedKeys, StringBuilder } from './native-writer.ts';

/** Where a record came from. */
export interface SourcePosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A party of a call after normalisation: an E.164 number and '', or 0 and its text. */
export interface Party {
  readonly number: number;
  readonly text: string;
}

/** What ingest found out about a call beyond what its event says. */
export interface CallAttribution {
  /** '' when no account could be told. */
  readonly accountId: string;
  readonly origin: Party;
  readonly destination: Party;
  readonly direction: CallEvent['direction'];
  /** '' when none. */
  readonly routingNumber: string;
}

/** The same of an event that was located and not read. */
export interface LocatedAttribution {
  /** The account's id, by its number; '' when none could be told. */
  readonly accounts: RememberedKeys;
  readonly account: number;
  readonly origin: Party;
  readonly destination: Party;
  /** Enum8 number. */
  readonly direction: number;
  /** What the called number says; '' leaves it to the event. */
  readonly routingNumber: string;
}

/** Enum8 members number from 1 in the order of their set. */
function enumNumbers<Value extends string>(values: readonly Value[]): Readonly<Record<Value, number>> {
  return Object.fromEntries(values.map((value, i) => [value, i + 1])) as Record<Value, number>;
}

const DIRECTION_NUMBERS = enumNumbers(DIRECTIONS);
const DISPOSITION_NUMBERS = enumNumbers(DISPOSITIONS);
const REJECT_CODE_NUMBERS = enumNumbers(REJECT_CODES);

const callHash = new Uint32Array(4);

function pushCall(
  columns: BuildersOf<typeof CALL_COLUMNS>,
  call: CallEvent,
  attribution: CallAttribution,
  source: SourcePosition,
): void {
  hashCall(call, callHash);
  columns.call_id.push(call.callId);
  columns.switch_id.push(call.switchId);
  columns.leg.push(call.leg);
  columns.account_id.push(attribution.accountId);
  columns.direction.push(DIRECTION_NUMBERS[attribution.direction]);
  columns.disposition.push(DISPOSITION_NUMBERS[call.disposition]);
  columns.started_at.push(call.startedAt);
  columns.answered_at.push(call.answeredAt ?? 0);
  columns.ended_at.push(call.endedAt);
  columns.origin_number.push(attribution.origin.number);
  columns.origin_text.push(attribution.origin.text);
  columns.destination_number.push(attribution.destination.number);
  columns.destination_text.push(attribution.destination.text);
  columns.extension.push(call.extension ?? '');
  columns.device.push(call.device ?? '');
  columns.trunk.push(call.trunk ?? '');
  // Who forwarded the call pays for the leg that this made, unless the switch names somebody else.
  columns.charged_party.push(
    call.chargedParty || redirectingOfLeg(attribution.direction, call.redirectingNumber),
  );
  columns.original_destination.push(call.originalTo ?? '');
  columns.routing_number.push(attribution.routingNumber);
  columns.parent_call_id.push(call.parentCallId ?? '');
  columns.partial_sequence.push(call.partialSequence ?? 0);
  columns.source_topic.push(source.topic);
  columns.source_partition.push(source.partition);
  columns.source_offset.push(source.offset);
  columns.call_hash.push(callHash);
}

const identity = { leg: 0, switchStart: 0, switchEnd: 0, callStart: 0, callEnd: 0 };

function pushText(column: StringBuilder, { bytes, starts, ends }: CallEventCursor, text: number): void {
  column.pushRange(bytes, starts[text]!, ends[text]!);
}

function pushKey(
  column: LowCardinalityBuilder,
  { bytes, starts, ends }: CallEventCursor,
  text: number,
): void {
  column.pushBytes(bytes, starts[text]!, ends[text]!);
}

/** Builds blocks of `calls.accepted`. */
export class CallBlockBuilder {
  readonly #writer = new NativeBlockWriter(CALL_COLUMNS);

  get rows(): number {
    return this.#writer.rows;
  }

  add(call: CallEvent, attribution: CallAttribution, source: SourcePosition): void {
    pushCall(this.#writer.columns, call, attribution, source);
  }

  /** The same for an event that a cursor stands on; `attribution` says what `add` would be told of it. */
  addLocated(cursor: CallEventCursor, attribution: LocatedAttribution, source: SourcePosition): void {
    const { columns } = this.#writer;
    const { bytes, starts, ends, times } = cursor;
    identity.leg = cursor.leg;
    identity.callStart = starts[CALL_TEXT.callId]!;
    identity.callEnd = ends[CALL_TEXT.callId]!;
    identity.switchStart = starts[CALL_TEXT.switchId]!;
    identity.switchEnd = ends[CALL_TEXT.switchId]!;
    hashLocatedCall(bytes, identity, callHash);
    columns.call_id.pushRange(bytes, identity.callStart, identity.callEnd);
    columns.switch_id.pushBytes(bytes, identity.switchStart, identity.switchEnd);
    columns.leg.push(cursor.leg);
    columns.account_id.pushRemembered(attribution.accounts, attribution.account);
    columns.direction.push(attribution.direction);
    columns.disposition.push(cursor.disposition);
    columns.started_at.push(times[0]!);
    columns.answered_at.push(times[1]!);
    columns.ended_at.push(times[2]!);
    columns.origin_number.push(attribution.origin.number);
    columns.origin_text.push(attribution.origin.text);
    columns.destination_number.push(attribution.destination.number);
    columns.destination_text.push(attribution.destination.text);
    pushKey(columns.extension, cursor, CALL_TEXT.extension);
    pushKey(columns.device, cursor, CALL_TEXT.device);
    pushKey(columns.trunk, cursor, CALL_TEXT.trunk);
    pushText(columns.charged_party, cursor, CALL_TEXT.chargedParty);
    pushText(columns.original_destination, cursor, CALL_TEXT.originalTo);
    if (attribution.routingNumber === '') pushText(columns.routing_number, cursor, CALL_TEXT.routingNumber);
    else columns.routing_number.push(attribution.routingNumber);
    pushText(columns.parent_call_id, cursor, CALL_TEXT.parentCallId);
    columns.partial_sequence.push(cursor.partialSequence);
    columns.source_topic.push(source.topic);
    columns.source_partition.push(source.partition);
    columns.source_offset.push(source.offset);
    columns.call_hash.push(callHash);
  }

  /** The Native block of what was added, copied; the builder is empty afterwards. */
  take(): Buffer {
    const native = this.#writer.toBuffer();
    this.#writer.reset();
    return native;
  }
}

/** Who asks for suspended calls to be taken up again, and what for. */
export interface ReplayRequest {
  readonly action: ReplayAction;
  /** Why; '' where none is needed. */
  readonly reason: string;
  readonly requestedBy: string;
  /** Ms since epoch UTC. */
  readonly requestedAt: number;
  /** Names what is published at once. */
  readonly run: string;
}

const REPLAY_ACTION_NUMBERS = enumNumbers(REPLAY_ACTIONS);

/** Builds blocks of suspended calls to be taken up again. */
export class ReplayBlockBuilder {
  readonly #writer = new NativeBlockWriter(REPLAY_COLUMNS);
  readonly #request: ReplayRequest;

  constructor(request: ReplayRequest) {
    this.#request = request;
  }

  get rows(): number {
    return this.#writer.rows;
  }

  add(call: CallEvent, attribution: CallAttribution, source: SourcePosition): void {
    const { columns } = this.#writer;
    const { action, reason, requestedBy, requestedAt, run } = this.#request;
    pushCall(columns, call, attribution, source);
    columns.action.push(REPLAY_ACTION_NUMBERS[action]);
    columns.reason.push(reason);
    columns.requested_by.push(requestedBy);
    columns.requested_at.push(requestedAt);
    columns.run.push(run);
  }

  /** The Native block of what was added, copied; the builder is empty afterwards. */
  take(): Buffer {
    const native = this.#writer.toBuffer();
    this.#writer.reset();
    return native;
  }
}

/** A raw record that no call could be made of. */
export interface RejectedRecord {
  readonly code: RejectCode;
  /** The field and what is wrong with it, for a person. */
  readonly detail: string;
  readonly format: string;
  /** File and line, or the record key. */
  readonly position: string;
  readonly raw: Uint8Array;
  /** The log's timestamp, ms since epoch UTC. */
  readonly receivedAt: number;
}

/** Builds blocks of `calls.rejected`. */
export class RejectedBlockBuilder {
  readonly #writer = new NativeBlockWriter(REJECTED_COLUMNS);

  get rows(): number {
    return this.#writer.rows;
  }

  /** Raw bytes held, to bound a block by size. */
  get rawBytes(): number {
    return this.#writer.columns.raw.byteLength;
  }

  add(record: RejectedRecord, source: SourcePosition): void {
    const { columns } = this.#writer;
    columns.code.push(REJECT_CODE_NUMBERS[record.code]);
    columns.detail.push(record.detail);
    columns.format.push(record.format);
    columns.position.push(record.position);
    columns.raw.pushBytes(record.raw);
    columns.received_at.push(record.receivedAt);
    columns.source_topic.push(source.topic);
    columns.source_partition.push(source.partition);
    columns.source_offset.push(source.offset);
  }

  /** The Native block of what was added, copied; the builder is empty afterwards. */
  take(): Buffer {
    const native = this.#writer.toBuffer();
    this.#writer.reset();
    return native;
  }
}

const OUTCOME_OF = {
  replay: RESOLVED_OUTCOMES.indexOf('replayed') + 1,
  discard: RESOLVED_OUTCOMES.indexOf('discarded') + 1,
} as const satisfies Record<ReplayAction, number>;

/** Builds blocks of what became of rejected records, on `usage.resolved`. */
export class RejectResolvedBlockBuilder {
  readonly #writer = new NativeBlockWriter(RESOLVED_COLUMNS);
  readonly #request: ReplayRequest;

  constructor(request: ReplayRequest) {
    this.#request = request;
  }

  get rows(): number {
    return this.#writer.rows;
  }

  add({ receivedAt, source }: { readonly receivedAt: number; readonly source: SourcePosition }): void {
    const { columns } = this.#writer;
    const { action, reason, requestedBy, requestedAt, run } = this.#request;
    columns.call_id.push('');
    columns.switch_id.push('');
    columns.leg.push(0);
    columns.account_id.push('');
    columns.started_at.push(receivedAt);
    columns.source_topic.push(source.topic);
    columns.source_partition.push(source.partition);
    columns.source_offset.push(source.offset);
    columns.reason.push(reason);
    columns.requested_by.push(requestedBy);
    columns.requested_at.push(requestedAt);
    columns.run.push(run);
    columns.outcome.push(OUTCOME_OF[action]);
    columns.code.push('');
    columns.detail.push('');
    columns.catalog_version.push(0);
  }

  /** The Native block of what was added, copied; the builder is empty afterwards. */
  take(): Buffer {
    const native = this.#writer.toBuffer();
    this.#writer.reset();
    return native;
  }
}
