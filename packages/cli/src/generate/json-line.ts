/** A call event as the JSON line that a switch publishes: keys as in the public contract, nothing that is null. */
import type { CallEvent } from '@tollstream/contracts';

/** The texts of generated events need no escaping: their maker uses no quote, backslash or control character. */
export function jsonLine(event: CallEvent): string {
  let line = `{"call_id":"${event.callId}","switch_id":"${event.switchId}","leg":${event.leg},"direction":"${event.direction}","from":"${event.from}","to":"${event.to}","started_at":${event.startedAt}`;
  if (event.answeredAt !== null) line += `,"answered_at":${event.answeredAt}`;
  line += `,"ended_at":${event.endedAt},"disposition":"${event.disposition}"`;
  if (event.account !== null) line += `,"account":"${event.account}"`;
  if (event.extension !== null) line += `,"extension":"${event.extension}"`;
  if (event.device !== null) line += `,"device":"${event.device}"`;
  if (event.trunk !== null) line += `,"trunk":"${event.trunk}"`;
  if (event.originalTo !== null) line += `,"original_to":"${event.originalTo}"`;
  if (event.routingNumber !== null) line += `,"routing_number":"${event.routingNumber}"`;
  if (event.parentCallId !== null) line += `,"parent_call_id":"${event.parentCallId}"`;
  return `${line}}\n`;
}
