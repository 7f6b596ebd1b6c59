/** Calls that are reported in parts: which parts wait, and which call they are once all have come. Worked out once more, plainly. */
import type { AuditedCall } from './model.ts';

/** A part and the raw record that it came in. */
export interface SourcedPart {
  readonly source: string;
  readonly call: AuditedCall;
}

export interface WholeCall {
  readonly call: AuditedCall;
  /** In their order. */
  readonly parts: readonly SourcedPart[];
}

/** The parts of one partition. */
export class WaitingParts {
  readonly #waiting = new Map<string, SourcedPart>();
  readonly #rated = new Set<string>();

  add(part: SourcedPart): void {
    this.#waiting.set(part.source, part);
  }

  waits(source: string): boolean {
    return this.#waiting.has(source);
  }

  giveUp(source: string): void {
    this.#waiting.delete(source);
  }

  /** All parts of the call that wait, and those given, each once. */
  of(call: AuditedCall, given: readonly SourcedPart[]): SourcedPart[] {
    const all = new Map([...this.#waiting, ...given.map((part) => [part.source, part] as const)]);
    return [...all.values()].filter((part) => isOfCall(part.call, call));
  }

  isRated({ identity }: AuditedCall): boolean {
    return this.#rated.has(identity);
  }

  /** Its parts wait no longer. */
  rate(whole: WholeCall): void {
    this.#rated.add(whole.call.identity);
    for (const { source } of whole.parts) this.#waiting.delete(source);
  }
}

export function isOfCall(part: AuditedCall, call: AuditedCall): boolean {
  return part.identity === call.identity && part.account === call.account;
}

/** The call, when each of its parts is there, once, up to the last one. */
export function wholeCall(parts: readonly SourcedPart[]): WholeCall | null {
  const ordered: SourcedPart[] = [];
  for (let number = 1; number <= parts.length; number += 1) {
    const found = parts.filter(({ call }) => call.part?.number === number);
    if (found.length !== 1) return null;
    ordered.push(found[0]!);
  }
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (first === undefined || last?.call.part?.isLast !== true) return null;
  const answered = ordered.filter(({ call }) => call.answeredAt !== null);
  const answeredAt = answered[0]?.call.answeredAt ?? null;
  const talkMs = answered.reduce((sum, { call }) => sum + call.endedAt - call.answeredAt!, 0);
  const endedAt = answeredAt === null ? last.call.endedAt : answeredAt + talkMs;
  return { call: { ...first.call, answeredAt, endedAt, part: null }, parts: ordered };
}
