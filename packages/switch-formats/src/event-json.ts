import type { CallEvent } from '@tollstream/contracts';

/** The event's own JSON form; absent fields are left out. */
export function eventJson(call: CallEvent): Buffer {
  return Buffer.from(
    JSON.stringify({
      call_id: call.callId,
      switch_id: call.switchId,
      leg: call.leg,
      direction: call.direction,
      from: call.from,
      to: call.to,
      started_at: call.startedAt,
      answered_at: call.answeredAt,
      ended_at: call.endedAt,
      disposition: call.disposition,
      account: call.account ?? undefined,
      extension: call.extension ?? undefined,
      device: call.device ?? undefined,
      trunk: call.trunk ?? undefined,
      charged_party: call.chargedParty ?? undefined,
      original_to: call.originalTo ?? undefined,
      routing_number: call.routingNumber ?? undefined,
      parent_call_id: call.parentCallId ?? undefined,
      partial_sequence: call.partialSequence ?? undefined,
      redirecting_number: call.redirectingNumber ?? undefined,
    }),
  );
}
