import type { CallEvent } from '@tollstream/contracts';
import type { DecodeContext } from '../decoded.ts';
import { joinCalls } from '../formats/join-calls.ts';
import type { AccRow } from '../formats/kamailio-acc.ts';

/** A row with where it stands, so that a row of no call can be rejected with its bytes. */
export interface PlacedRow extends AccRow {
  readonly raw: Buffer;
  readonly line: number;
}

export type Joined =
  | { readonly kind: 'call'; readonly call: CallEvent; readonly line: number }
  | { readonly kind: 'orphan'; readonly raw: Buffer; readonly line: number };

export interface JoinLimits {
  /** How long after its last row, in the rows' own time, an ended call waits for late rows (retransmitted BYE). */
  readonly endedWaitMs: number;
  /** How long an answered call waits for its BYE. */
  readonly openWaitMs: number;
  /** Call-IDs held at once (some 6 KB each); beyond it the oldest are given out as they stand. */
  readonly callsHeldMax: number;
}

export const JOIN_LIMITS: JoinLimits = {
  endedWaitMs: 5 * 60_000,
  openWaitMs: 24 * 3_600_000,
  callsHeldMax: 100_000,
};

interface Group {
  readonly rows: PlacedRow[];
  lastAt: number;
}

/** Holds the rows of calls that are not complete yet. The same rows in the same order always give the same output. */
export class CallJoiner {
  readonly #context: DecodeContext;
  readonly #limits: JoinLimits;
  // Both in the order of their last row, so that the longest waiting stands first.
  readonly #ended = new Map<string, Group>();
  readonly #open = new Map<string, Group>();
  #newestAt = 0;
  #spilled = 0;

  constructor(context: DecodeContext, limits: JoinLimits) {
    this.#context = context;
    this.#limits = limits;
  }

  /** Calls that were given out before their time because too many were held. */
  get spilledCalls(): number {
    return this.#spilled;
  }

  add(row: PlacedRow): Joined[] {
    const group = this.#ended.get(row.callId) ?? this.#open.get(row.callId) ?? { rows: [], lastAt: row.at };
    group.rows.push(row);
    group.lastAt = Math.max(group.lastAt, row.at);
    this.#ended.delete(row.callId);
    this.#open.delete(row.callId);
    (isOpen(group) ? this.#open : this.#ended).set(row.callId, group);
    this.#newestAt = Math.max(this.#newestAt, row.at);
    const out: Joined[] = [];
    this.#expire(this.#ended, this.#limits.endedWaitMs, out);
    this.#expire(this.#open, this.#limits.openWaitMs, out);
    if (this.#ended.size + this.#open.size > this.#limits.callsHeldMax) this.#spill(out);
    return out;
  }

  end(): Joined[] {
    const out: Joined[] = [];
    for (const group of this.#ended.values()) this.#give(group, out);
    for (const group of this.#open.values()) this.#give(group, out);
    this.#ended.clear();
    this.#open.clear();
    return out;
  }

  #expire(groups: Map<string, Group>, waitMs: number, out: Joined[]): void {
    for (const [callId, group] of groups) {
      if (group.lastAt + waitMs >= this.#newestAt) return;
      groups.delete(callId);
      this.#give(group, out);
    }
  }

  #spill(out: Joined[]): void {
    const groups = this.#ended.size > 0 ? this.#ended : this.#open;
    const [callId, group] = groups.entries().next().value!;
    groups.delete(callId);
    this.#spilled += 1;
    this.#give(group, out);
  }

  #give(group: Group, out: Joined[]): void {
    const { calls, orphans } = joinCalls(group.rows, this.#context);
    const line = group.rows[0]!.line;
    for (const call of calls) out.push({ kind: 'call', call, line });
    for (const { row } of orphans) out.push({ kind: 'orphan', raw: row.raw, line: row.line });
  }
}

/** Whether an answered call waits for its BYE. */
function isOpen(group: Group): boolean {
  let answered = false;
  for (const row of group.rows) {
    if (row.method === 'BYE') return false;
    answered ||= row.sipCode >= 200 && row.sipCode < 300;
  }
  return answered;
}
