/** Records that ingest must refuse. */
import type { CallEvent, RejectCode } from '@tollstream/contracts';
import { jsonLine } from './json-line.ts';
import type { Random } from './random.ts';

const DAY_MS = 86_400_000;

/** An event that can be read and cannot be true. */
export function impossibleEvent(event: CallEvent, random: Random): { event: CallEvent; code: RejectCode } {
  switch (random.below(3)) {
    case 0: {
      const answeredAt = event.answeredAt === null ? null : event.startedAt;
      return {
        event: { ...event, answeredAt, endedAt: event.startedAt - 60_000 },
        code: 'ends_before_start',
      };
    }
    case 1: {
      const answeredAt = event.answeredAt ?? event.startedAt;
      const endedAt = event.startedAt + 400 * DAY_MS;
      return { event: { ...event, answeredAt, endedAt, disposition: 'answered' }, code: 'duration_absurd' };
    }
    default:
      return { event: { ...event, callId: '' }, code: 'call_id_missing' };
  }
}

/** A line, in Latin-1, that is no event; or one that cannot be true. */
export function brokenLine(event: CallEvent, random: Random): { line: string; code: RejectCode } {
  const line = jsonLine(event);
  switch (random.below(6)) {
    case 0:
      return { line: `${line.slice(0, 20 + random.below(line.length - 24))}\n`, code: 'unreadable' };
    case 1:
      return { line: line.replace(/"started_at":\d+,/, ''), code: 'field_missing' };
    case 2:
      // The byte 0xFF is in no UTF-8 text.
      return { line: line.replace('"from":"', '"from":"\u00ff'), code: 'invalid_utf8' };
    default: {
      const impossible = impossibleEvent(event, random);
      return { line: jsonLine(impossible.event), code: impossible.code };
    }
  }
}
