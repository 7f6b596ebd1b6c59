import { isUtf8 } from 'node:buffer';
import { DIRECTIONS, DISPOSITIONS, LAST_PART, isLastPart } from './call.ts';
import type { CallEvent, RejectCode } from './call.ts';
import { rejected } from './decoded-record.ts';
import type { DecodedRecord } from './decoded-record.ts';
import { parseInstant } from './instant.ts';

export const JSON_BYTES_MAX = 1024 * 1024;
export const JSON_DEPTH_MAX = 16;

export interface JsonLimits {
  readonly bytesMax?: number;
  readonly depthMax?: number;
  /** Used when the event names no switch. */
  readonly switchIdDefault?: string;
}

/**
 * Reads a call event in JSON, keys as in schemas/call-event.avsc. Times are ms since epoch or ISO 8601 with a zone
 * (`2020-01-31T23:59:30.500Z`). Absent: leg 0, direction `outbound`, disposition by whether the call was answered. Keys that
 * the schema does not have are passed over, as Avro does for a newer writer.
 */
export function parseCallEventJson(value: Buffer, limits: JsonLimits = {}): DecodedRecord {
  const { bytesMax = JSON_BYTES_MAX, depthMax = JSON_DEPTH_MAX, switchIdDefault = '' } = limits;
  if (value.length > bytesMax)
    return rejected('too_large', `JSON: ${value.length} bytes, at most ${bytesMax} are read`);
  if (!isUtf8(value)) return rejected('invalid_utf8', 'JSON: the bytes are not UTF-8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.toString('utf8'));
  } catch (error) {
    return rejected('unreadable', `JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (isDeeperThan(parsed, depthMax))
    return rejected('too_deep', `JSON: nested deeper than ${depthMax} levels`);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return rejected('unreadable', `JSON: must be an object, is ${describe(parsed)}`);
  }
  return readFields(parsed as Fields, switchIdDefault);
}

type Fields = Readonly<Record<string, unknown>>;

/** The first problem found while reading fields; expected, so a value and not an exception. */
interface Problem {
  code: RejectCode;
  detail: string;
}
let problem: Problem | null = null;

function readFields(fields: Fields, switchIdDefault: string): DecodedRecord {
  problem = null;
  const callId = readText(fields, 'call_id', 'call_id_missing');
  const switchId = optionalText(fields, 'switch_id') ?? switchIdDefault;
  if (switchId === '') complain('field_missing', 'switch_id: missing');
  const leg = optionalInteger(fields, 'leg') ?? 0;
  const direction = optionalMember(fields, 'direction', DIRECTIONS) ?? 'outbound';
  const from = readParty(fields, 'from');
  const to = readParty(fields, 'to');
  const startedAt = readTime(fields, 'started_at') ?? missing('started_at');
  const answeredAt = readTime(fields, 'answered_at');
  const endedAt = readTime(fields, 'ended_at') ?? missing('ended_at');
  const disposition =
    optionalMember(fields, 'disposition', DISPOSITIONS) ?? (answeredAt === null ? 'no_answer' : 'answered');
  const call: CallEvent = {
    callId,
    switchId,
    leg,
    direction,
    from,
    to,
    startedAt,
    answeredAt,
    endedAt,
    disposition,
    account: optionalText(fields, 'account'),
    extension: optionalText(fields, 'extension'),
    device: optionalText(fields, 'device'),
    trunk: optionalText(fields, 'trunk'),
    chargedParty: optionalText(fields, 'charged_party'),
    originalTo: optionalText(fields, 'original_to'),
    routingNumber: optionalText(fields, 'routing_number'),
    parentCallId: optionalText(fields, 'parent_call_id'),
    partialSequence: partialSequenceOf(fields),
    redirectingNumber: optionalText(fields, 'redirecting_number'),
  };
  const found = takeProblem();
  return found === null ? { kind: 'call', call } : rejected(found.code, found.detail);
}

function takeProblem(): Problem | null {
  const found = problem;
  problem = null;
  return found;
}

function complain(code: RejectCode, detail: string): void {
  problem ??= { code, detail };
}

function missing(name: string): number {
  complain('field_missing', `${name}: missing`);
  return NaN;
}

function readText(fields: Fields, name: string, missingCode: RejectCode): string {
  const text = optionalText(fields, name) ?? '';
  if (text === '') complain(missingCode, `${name}: missing`);
  return text;
}

/** A party must be named; null or '' say that it is withheld. */
function readParty(fields: Fields, name: string): string {
  if (fields[name] === undefined) complain('field_missing', `${name}: missing`);
  return optionalText(fields, name) ?? '';
}

function optionalText(fields: Fields, name: string): string | null {
  const value = fields[name];
  if (typeof value === 'string') return value;
  if (value !== undefined && value !== null)
    complain('field_invalid', `${name}: must be a string, is ${describe(value)}`);
  return null;
}

function optionalInteger(fields: Fields, name: string): number | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  complain('field_invalid', `${name}: must be an integer, is ${describe(value)}`);
  return null;
}

/** `partial_last: true` says of a numbered part that it is the last one, as the highest bit of the number does. */
function partialSequenceOf(fields: Fields): number | null {
  const sequence = optionalInteger(fields, 'partial_sequence');
  const last = fields['partial_last'] ?? false;
  if (typeof last !== 'boolean') {
    complain('field_invalid', `partial_last: must be true or false, is ${describe(last)}`);
    return sequence;
  }
  if (!last || sequence === null) {
    if (last) complain('field_missing', 'partial_sequence: missing, but partial_last is true');
    return sequence;
  }
  return isLastPart(sequence) ? sequence : sequence + LAST_PART;
}

function optionalMember<Value extends string>(
  fields: Fields,
  name: string,
  members: readonly Value[],
): Value | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  if (members.includes(value as Value)) return value as Value;
  complain('field_invalid', `${name}: must be one of ${members.join(', ')}, is ${describe(value)}`);
  return null;
}

function readTime(fields: Fields, name: string): number | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const instant = typeof value === 'string' ? parseInstant(value) : NaN;
  if (Number.isNaN(instant)) {
    complain(
      'time_invalid',
      `${name}: must be milliseconds since 1970 or ISO 8601 with a zone, is ${describe(value)}`,
    );
  }
  return instant;
}

/** A value for a message: short, and recognisable. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const name in value) {
    if (isDeeperThan((value as Fields)[name], levels - 1)) return true;
  }
  return false;
}
