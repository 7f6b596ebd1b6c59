import type { CallEvent, Direction, Disposition, RejectCode } from '@tollstream/contracts';

/** What became of one raw record. */
export type Decoded =
  | { readonly kind: 'call'; readonly call: CallEvent }
  | { readonly kind: 'rejected'; readonly code: RejectCode; readonly detail: string };

/** What a record does not say of itself. */
export interface DecodeContext {
  /** IANA zone of formats that write local times. */
  readonly timeZone?: string;
  /** Column names of a CSV record. */
  readonly csvHeader?: string | readonly string[];
  /** Switch id of records that do not name their switch. */
  readonly switchId?: string;
  /** CSV only: column name → event field, for files with other names. */
  readonly columnFields?: Readonly<Record<string, string>>;
  /** Hosts that calls from outside come from; formats without a direction take calls from them as inbound. */
  readonly inboundHosts?: readonly string[];
  /** Records longer than this are rejected `too_large`; default `RECORD_BYTES_MAX`. */
  readonly recordBytesMax?: number;
}

export const RECORD_BYTES_MAX = 1_048_576;

/** Offending text is quoted in details up to this length. */
const QUOTED_CHARACTERS_MAX = 80;

export function rejected(code: RejectCode, detail: string): Decoded {
  return { kind: 'rejected', code, detail };
}

/** A value for a detail: one line, bounded. */
export function quoted(value: unknown): string {
  const text =
    typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? 'undefined');
  const cut = text.length > QUOTED_CHARACTERS_MAX ? `${text.slice(0, QUOTED_CHARACTERS_MAX)}…` : text;
  return JSON.stringify(cut);
}

/** What every switch format knows of a call; the rest is null until said. */
export interface CallDraft {
  callId: string;
  switchId: string;
  direction: Direction;
  from: string;
  to: string;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number;
  disposition: Disposition;
  leg?: number;
  account?: string | null;
  extension?: string | null;
  device?: string | null;
  trunk?: string | null;
  chargedParty?: string | null;
  originalTo?: string | null;
  routingNumber?: string | null;
  parentCallId?: string | null;
  partialSequence?: number | null;
  redirectingNumber?: string | null;
}

/** The event of a draft, or why its times cannot be. Empty texts of optional fields are absent. */
export function finishCall(draft: CallDraft): Decoded {
  if (draft.callId === '') return rejected('call_id_missing', 'The call id is empty.');
  if (draft.to === '') return rejected('field_missing', 'The called number is empty.');
  if (draft.endedAt < draft.startedAt) {
    return rejected('ends_before_start', `Ends ${draft.startedAt - draft.endedAt} ms before it starts.`);
  }
  const answeredAt = draft.answeredAt;
  if (answeredAt !== null && (answeredAt < draft.startedAt || answeredAt > draft.endedAt)) {
    return rejected('answered_outside_call', 'The answer time lies outside the call.');
  }
  return {
    kind: 'call',
    call: {
      callId: draft.callId,
      switchId: draft.switchId,
      leg: draft.leg ?? 0,
      direction: draft.direction,
      from: draft.from,
      to: draft.to,
      startedAt: draft.startedAt,
      answeredAt,
      endedAt: draft.endedAt,
      disposition: draft.disposition,
      account: draft.account || null,
      extension: draft.extension || null,
      device: draft.device || null,
      trunk: draft.trunk || null,
      chargedParty: draft.chargedParty || null,
      originalTo: draft.originalTo || null,
      routingNumber: draft.routingNumber || null,
      parentCallId: draft.parentCallId || null,
      partialSequence: draft.partialSequence ?? null,
      // Some switches name the called party itself where nobody sent the call on.
      redirectingNumber: draft.redirectingNumber === draft.to ? null : draft.redirectingNumber || null,
    },
  };
}
