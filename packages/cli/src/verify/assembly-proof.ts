import { DISPOSITIONS, isLastPart, partNumber } from '@tollstream/contracts';
import type { Offset } from '@tollstream/event-log';
import type { BlockMessage } from './blocks.ts';
import type { Check } from './findings.ts';

const ANSWERED = DISPOSITIONS.indexOf('answered') + 1;

interface Part {
  readonly callId: string;
  readonly source: string;
  readonly offset: Offset;
  readonly number: number;
  readonly isLast: boolean;
  /** What it adds to the call. */
  readonly talkMs: number;
}

/**
 * A call that was put together has the row of its first part, is as long as its parts together, and no part of it is missing. Rated rows go
 * first, then suspended ones, then resolutions.
 */
export class AssemblyProof {
  /** Source → offset → duration in ms: rows of calls that were taken up again, among them those that stand for several parts. */
  readonly #ratedAgain = new Map<string, Map<Offset, number>>();
  readonly #parts = new Map<string, Map<Offset, { readonly call: string; readonly part: Part }>>();
  /** Calls of which some part was put together: their parts that no longer wait. */
  readonly #calls = new Map<string, Part[]>();

  ratedAgain({ block, source, sourceOffsets }: BlockMessage): void {
    const durations = block.column('duration_ms').integers();
    const rows = this.#ratedAgain.get(source) ?? new Map<Offset, number>();
    this.#ratedAgain.set(source, rows);
    for (const [row, offset] of sourceOffsets.entries()) rows.set(offset, durations[row]!);
  }

  suspended({ block, source, sourceOffsets }: BlockMessage): void {
    const sequences = block.column('partial_sequence').uint32s();
    for (const [row, offset] of sourceOffsets.entries()) {
      const sequence = sequences[row]!;
      if (sequence === 0) continue;
      const isAnswered = block.column('disposition').number(row) === ANSWERED;
      const at = (name: string): number => block.column(name).integer(row);
      const part: Part = {
        callId: block.column('call_id').string(row),
        source,
        offset,
        number: partNumber(sequence),
        isLast: isLastPart(sequence),
        talkMs: isAnswered ? at('ended_at') - at('answered_at') : 0,
      };
      const identity = block.column('call_hash').bytes(row).toString('hex');
      const call = `${identity} ${block.column('account_id').string(row)}`;
      const parts = this.#parts.get(source) ?? new Map<Offset, { call: string; part: Part }>();
      this.#parts.set(source, parts);
      parts.set(offset, { call, part });
    }
  }

  /** A suspended call that was rated, or put together with others. */
  resolved(source: string, offset: Offset): void {
    const found = this.#parts.get(source)?.get(offset);
    if (found === undefined) return;
    const parts = this.#calls.get(found.call);
    if (parts === undefined) this.#calls.set(found.call, [found.part]);
    else parts.push(found.part);
  }

  /** @param isWhole whether the topics have all that ever was in them: otherwise parts may be gone */
  finish(check: Check, isWhole: boolean): void {
    for (const parts of this.#calls.values()) {
      check.checked += 1;
      parts.sort((a, b) => a.number - b.number);
      const first = parts[0]!;
      const text = this.#fault(parts, isWhole);
      if (text !== null)
        check.differs({ place: first.source, offset: first.offset, text: `call ${first.callId}: ${text}` });
    }
  }

  #fault(parts: readonly Part[], isWhole: boolean): string | null {
    const numbers = parts.map(({ number }) => number);
    const isComplete = numbers.every((number, i) => number === i + 1) && parts.at(-1)!.isLast;
    if (!isComplete) return isWhole ? `it was put together of parts ${numbers.join(', ')}` : null;
    const { source, offset } = parts[0]!;
    const durationMs = this.#ratedAgain.get(source)?.get(offset);
    if (durationMs === undefined) return isWhole ? `its ${parts.length} parts have no rated row` : null;
    const talkMs = parts.reduce((sum, part) => sum + part.talkMs, 0);
    if (talkMs === durationMs) return null;
    return `its ${parts.length} parts are ${talkMs} ms long together, and its row ${durationMs} ms`;
  }
}
