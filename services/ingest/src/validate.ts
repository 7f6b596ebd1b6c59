import { partNumber } from '@tollstream/contracts';
import type { CallEvent, RejectCode } from '@tollstream/contracts';
import { TIME_MS_MAX } from './limits.ts';
import type { IngestLimits } from './limits.ts';

export interface Refusal {
  readonly code: RejectCode;
  /** The field and what is wrong with it. */
  readonly detail: string;
}

/** In the order they are looked at. */
const TEXT_FIELDS = [
  ['callId', 'call_id'],
  ['switchId', 'switch_id'],
  ['from', 'from'],
  ['to', 'to'],
  ['account', 'account'],
  ['extension', 'extension'],
  ['device', 'device'],
  ['trunk', 'trunk'],
  ['chargedParty', 'charged_party'],
  ['originalTo', 'original_to'],
  ['routingNumber', 'routing_number'],
  ['parentCallId', 'parent_call_id'],
  ['redirectingNumber', 'redirecting_number'],
] as const;

/**
 * What makes a call impossible, whatever it was decoded from. The first that applies counts: identity → fields → times
 * → order of times → length → future.
 * @param receivedAt the log's timestamp of the record, ms since epoch UTC; below 0 (the log has none) nothing is in the future.
 *   Never the wall clock: the same record has the same outcome whenever it is processed.
 * @returns null when the call can be accepted
 */
export function validateCall(call: CallEvent, receivedAt: number, limits: IngestLimits): Refusal | null {
  if (call.callId === '') return { code: 'call_id_missing', detail: 'call_id: missing' };
  if (call.switchId === '') return { code: 'field_missing', detail: 'switch_id: missing' };
  return (
    validateFields(call, limits.fieldCharactersMax) ??
    validateTimes(call, limits.durationMsMax) ??
    validateStart(call.startedAt, receivedAt, limits.futureSkewMsMax)
  );
}

function validateFields(call: CallEvent, charactersMax: number): Refusal | null {
  for (const [field, name] of TEXT_FIELDS) {
    const text = call[field];
    if (text !== null && text.length > charactersMax) {
      return invalid(`${name}: ${text.length} characters, at most ${charactersMax} are allowed`);
    }
  }
  const { leg, partialSequence } = call;
  if (!isUnsigned(leg, 0xff)) return invalid(`leg: must be 0 to 255, is ${leg}`);
  // 0 would read as a whole call.
  const isPart = (sequence: number): boolean =>
    isUnsigned(sequence, 0xffff_ffff) && partNumber(sequence) !== 0;
  if (partialSequence !== null && !isPart(partialSequence)) {
    return invalid(
      `partial_sequence: must be 1 to 2147483647, or that plus 2147483648 for the last part, is ${partialSequence}`,
    );
  }
  if (call.disposition === 'answered' && call.answeredAt === null) {
    return { code: 'field_missing', detail: 'answered_at: missing, but the disposition is answered' };
  }
  if (call.disposition !== 'answered' && call.answeredAt !== null) {
    return invalid(`disposition: is ${call.disposition}, but answered_at is given`);
  }
  return null;
}

function validateTimes(call: CallEvent, durationMsMax: number): Refusal | null {
  const { startedAt, answeredAt, endedAt } = call;
  if (!isTime(startedAt)) return invalidTime('started_at', startedAt);
  if (answeredAt !== null && !isTime(answeredAt)) return invalidTime('answered_at', answeredAt);
  if (!isTime(endedAt)) return invalidTime('ended_at', endedAt);
  if (endedAt < startedAt) {
    return { code: 'ends_before_start', detail: `ended_at: ${startedAt - endedAt} ms before started_at` };
  }
  if (answeredAt !== null && (answeredAt < startedAt || answeredAt > endedAt)) {
    return { code: 'answered_outside_call', detail: 'answered_at: not between started_at and ended_at' };
  }
  if (endedAt - startedAt > durationMsMax) {
    return {
      code: 'duration_absurd',
      detail: `ended_at: ${endedAt - startedAt} ms after started_at, at most ${durationMsMax} are allowed`,
    };
  }
  return null;
}

function validateStart(startedAt: number, receivedAt: number, futureSkewMsMax: number): Refusal | null {
  if (receivedAt < 0 || startedAt <= receivedAt + futureSkewMsMax) return null;
  return {
    code: 'starts_in_future',
    detail: `started_at: ${startedAt - receivedAt} ms after the record was received`,
  };
}

/** 0 stands for an absent time in the columns, so a time is above it. */
function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && value < TIME_MS_MAX;
}

function isUnsigned(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function invalid(detail: string): Refusal {
  return { code: 'field_invalid', detail };
}

function invalidTime(name: string, value: number): Refusal {
  return { code: 'time_invalid', detail: `${name}: must be a time from 1970 to 2299 in ms, is ${value}` };
}
