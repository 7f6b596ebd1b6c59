/** Calls that a switch reports in parts, late and out of order, each as a record of its own. */

interface Event {
  readonly call_id: string;
  readonly answered_at: number | null;
  readonly ended_at: number;
  readonly to: string;
}

export const WHOLE_CALLS = 4;
/** Of each whole call; of another one the last part never comes. */
export const PARTS = 3;

/**
 * @returns parts of `WHOLE_CALLS` calls and of one that never becomes whole, the last part of each first, two of them twice; and one of the
 * calls as a whole
 */
export function inParts(lines: readonly Buffer[]): { readonly parts: Buffer[]; readonly whole: Buffer } {
  const events = lines
    .map((line) => line.toString().trimEnd())
    .filter((line) => line.includes('"disposition":"answered","account":"harborline-logistics"'))
    // Some lines are broken on purpose.
    .filter((line) => !/\p{Cc}/u.test(line) && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Event)
    .filter(({ to, answered_at: at, ended_at: end }) => /^\+?1\d{10}$/.test(to) && end - at! > 10_000)
    .slice(0, WHOLE_CALLS + 1)
    .map((event) => ({ ...event, call_id: `${event.call_id}-parts` }));
  if (events.length <= WHOLE_CALLS) throw new Error('too few calls to make parts of');
  const parts = events.flatMap((event, call) => {
    const [start, end] = [event.answered_at!, event.ended_at];
    const cut = (part: number): number => start + Math.floor(((end - start) * part) / PARTS);
    return Array.from({ length: PARTS }, (_, part) => ({
      ...event,
      answered_at: cut(part),
      ended_at: cut(part + 1),
      partial_sequence: part + 1,
      partial_last: part + 1 === PARTS,
    })).slice(0, call < WHOLE_CALLS ? PARTS : PARTS - 1);
  });
  const outOfOrder = parts.toReversed();
  const line = (event: object): Buffer => Buffer.from(JSON.stringify(event));
  return { parts: [...outOfOrder, ...outOfOrder.slice(-2)].map(line), whole: line(events[0]!) };
}
