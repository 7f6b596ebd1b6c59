/** The public call event and its closed sets of values. One record per call leg. */

export const DIRECTIONS = ['outbound', 'inbound', 'internal'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** How the call ended. Only `answered` calls have a conversation to bill. */
export const DISPOSITIONS = ['answered', 'busy', 'no_answer', 'cancelled', 'failed', 'rejected'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/**
 * A call event as switches publish it on `calls.raw`. Times in ms since epoch, UTC.
 * Identity is (switchId, callId, leg).
 */
export interface CallEvent {
  readonly callId: string;
  readonly switchId: string;
  /** 0 for the only or first leg. */
  readonly leg: number;
  readonly direction: Direction;
  /** Calling and called party as the switch sent them (any notation; normalised by ingest). */
  readonly from: string;
  readonly to: string;
  readonly startedAt: number;
  /** Absent when nobody answered. */
  readonly answeredAt: number | null;
  readonly endedAt: number;
  readonly disposition: Disposition;
  readonly account: string | null;
  readonly extension: string | null;
  readonly device: string | null;
  readonly trunk: string | null;
  /** The party that pays when it is neither `from` nor `to`. */
  readonly chargedParty: string | null;
  /** Destination before translation. */
  readonly originalTo: string | null;
  /** Ported number's routing number (`;rn=`). */
  readonly routingNumber: string | null;
  /** Call id of the call this leg was transferred or forwarded from. */
  readonly parentCallId: string | null;
  /** Number of a partial record from 1, with `LAST_PART` added for the last one of the call; absent for whole calls. */
  readonly partialSequence: number | null;
  /**
   * The party that forwarded or transferred the call and so made this leg: it owes it, in the place of `from`. Says nothing on
   * inbound legs, which those owe who were called.
   */
  readonly redirectingNumber: string | null;
}

/** The bit of a partial sequence that says that no part comes after this one. */
export const LAST_PART = 2 ** 31;

/** Of a partial sequence: which part it is, from 1. */
export function partNumber(partialSequence: number): number {
  return partialSequence % LAST_PART;
}

export function isLastPart(partialSequence: number): boolean {
  return partialSequence >= LAST_PART;
}

/** The party that forwarded or transferred the call and so owes the leg; '' = nobody did, or it is an inbound one. */
export function redirectingOfLeg(
  direction: Direction,
  redirectingNumber: CallEvent['redirectingNumber'],
): string {
  return direction === 'inbound' ? '' : (redirectingNumber ?? '');
}

/** What the call was. */
export const CALL_TYPES = [
  'internal',
  'local',
  'long_distance',
  'premium',
  'toll_free_outbound',
  'toll_free_inbound',
  'inbound',
  'international',
  'emergency',
  'service_code',
] as const;
export type CallType = (typeof CALL_TYPES)[number];

/** How the call was charged. */
export const RATE_TYPES = [
  'included',
  'split',
  'overage',
  'metered',
  'free',
  'unanswered',
  'before_billing_start',
] as const;
export type RateType = (typeof RATE_TYPES)[number];

/**
 * Whether a call stays in a state or province: told from where both ends stand. '' = not asked (extensions, emergency and
 * service codes) or of no meaning there (within a country without states). Universal-service contributions go by it.
 */
export const JURISDICTIONS = ['', 'interstate', 'intrastate', 'indeterminate', 'international'] as const;
export type Jurisdiction = (typeof JURISDICTIONS)[number];

/** Why ingest refused a raw record. The bytes are kept on `calls.rejected`. */
export const REJECT_CODES = [
  'unreadable', // not the declared format: broken Avro, JSON or CSV
  'too_large',
  'too_deep', // JSON nested beyond the limit
  'invalid_utf8',
  'schema_unknown', // registry id or single-object fingerprint not known
  'field_missing',
  'field_invalid',
  'call_id_missing',
  'time_invalid',
  'ends_before_start',
  'answered_outside_call',
  'duration_absurd',
  'starts_in_future',
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];

/** Why rating could not price a call. The call is kept on `usage.suspended` and can be replayed. */
export const SUSPEND_CODES = [
  'account_unknown',
  'account_inactive',
  'plan_missing',
  'destination_unknown',
  'destination_blocked',
  'number_invalid',
  'rate_missing',
  'partial_incomplete',
  'amount_overflow',
  'content_conflict', // a record of a call that came before, with other content
] as const;
export type SuspendCode = (typeof SUSPEND_CODES)[number];

/** What a person asks for with a suspended call. */
export const REPLAY_ACTIONS = ['replay', 'discard'] as const;
export type ReplayAction = (typeof REPLAY_ACTIONS)[number];

/** The windows in which spend limits are counted. */
export const ALERT_WINDOWS = ['hour', 'day', 'month'] as const;

/**
 * Outcomes on `usage.resolved`. Of suspended calls that were taken up again: `kept` = it still has no price, and stays suspended;
 * `assembled` = it is a part of a call that was put together, and is rated with its first part. Of rejected records: `replayed` = the bytes
 * were published once more.
 */
export const RESOLVED_OUTCOMES = ['rated', 'discarded', 'kept', 'replayed', 'assembled'] as const;

/** What became of a suspended call that was taken up again. */
export type Resolution = Exclude<(typeof RESOLVED_OUTCOMES)[number], 'replayed'>;
