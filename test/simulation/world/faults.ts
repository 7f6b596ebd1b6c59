import { createHash } from 'node:crypto';
import { EventLogError } from '@tollstream/event-log';
import { StoreError } from '@tollstream/usage-store';
import type { Random } from './random.ts';
import { type SimulatedProcess, type VirtualTime } from './virtual-time.ts';

/** Everything that goes wrong on purpose. */
export const FAULT_KINDS = [
  'publish duplicated',
  'publish reordered',
  'record poisoned',
  'part late',
  'part lost',
  'crash before request',
  'crash after request',
  'commit aborted',
  'commit response lost',
  'commit late',
  'read failed',
  'claim failed',
  'fetch cut short',
  'response slow',
  'insert refused',
  'insert response lost',
  'insert late',
  'insert partial',
  'token without rows',
  'statement failed',
  'store failed unexpectedly',
  'process killed',
  'process restarted',
  'catalog swapped',
  'process paused',
  'member unheard',
  'rebalance',
  'clock jump',
  'log down',
  'log disk full',
  'store down',
  'store disk full',
  'snapshot failed',
  'snapshot damaged',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** Steps whose order matters, as the services number them; a process can crash before and after each. */
export const STEPS = [
  'claim',
  'restore read',
  'ingest commit',
  'rating commit',
  'operator commit',
  'aggregator boundary',
  'aggregator insert',
  'aggregator offset',
  'replay staging table',
  'replay staging rows',
  'replay count',
  'replay insert',
  'replay repair',
  'replay drop',
  'snapshot read',
  'snapshot write',
  'snapshot complete',
] as const;

export type Step = (typeof STEPS)[number];

/** What is wrong for a while: the instant until which it is, by what. */
type Outage = 'log down' | 'log disk full' | 'store down' | 'store disk full';

/** Decides what goes wrong when, counts it, and keeps the trace that tells whether two runs were the same. */
export class Faults {
  /** Faults end here; what they left must heal by itself. */
  isOn = true;
  readonly counts = new Map<FaultKind, number>();
  readonly crashes = new Map<string, number>();
  readonly #random: Random;
  readonly #time: VirtualTime;
  readonly #outages = new Map<Outage, number>();
  readonly #hash = createHash('sha256');
  readonly #onTrace: ((line: string) => void) | undefined;

  constructor(random: Random, time: VirtualTime, onTrace?: (line: string) => void) {
    this.#random = random;
    this.#time = time;
    this.#onTrace = onTrace;
  }

  count(kind: FaultKind, detail = ''): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.trace(`fault: ${kind} ${detail}`);
  }

  /** Draws without counting, where what is drawn is counted by its effect. */
  draws(probability: number): boolean {
    return this.isOn && this.#random.chance(probability);
  }

  /** Draws, and counts when it strikes. */
  strikes(kind: FaultKind, probability: number, detail = ''): boolean {
    if (!this.draws(probability)) return false;
    this.count(kind, detail);
    return true;
  }

  crash(process: SimulatedProcess, kind: 'crash before request' | 'crash after request', step: Step): void {
    this.count(kind, `${process.name} ${step}`);
    const place = `${step} ${kind === 'crash before request' ? '(before)' : '(after)'}`;
    this.crashes.set(place, (this.crashes.get(place) ?? 0) + 1);
    process.isAlive = false;
  }

  begin(outage: Outage, lengthMs: number): void {
    this.count(outage, `${lengthMs} ms`);
    this.#outages.set(outage, this.#time.nowMs + lengthMs);
  }

  isOut(outage: Outage): boolean {
    return this.isOn && (this.#outages.get(outage) ?? 0) > this.#time.nowMs;
  }

  logOutage(): Error | null {
    if (this.isOut('log down')) return new Error('connect ECONNREFUSED (simulated broker)');
    if (this.isOut('log disk full')) {
      return new EventLogError({
        code: 'TOLL_DATA_DISK_FULL',
        message: 'The disk of the simulated log is full.',
        remedy: 'Wait.',
        retriable: true,
      });
    }
    return null;
  }

  storeOutage(): Error | null {
    if (this.isOut('store down')) return storeError('TOLL_STORE_UNREACHABLE', 'is down');
    if (this.isOut('store disk full')) return storeError('TOLL_STORE_DISK_FULL', 'has no space left');
    return null;
  }

  trace(line: string): void {
    const stamped = `${this.#time.nowMs.toFixed(3)} ${line}`;
    this.#hash.update(stamped).update('\n');
    this.#onTrace?.(stamped);
  }

  /** Of everything traced so far; ends the trace. */
  traceHash(): string {
    return this.#hash.digest('hex');
  }
}

export function storeError(
  code: 'TOLL_STORE_UNREACHABLE' | 'TOLL_STORE_DISK_FULL' | 'TOLL_STORE_BUSY',
  what: string,
): StoreError {
  return new StoreError(code, `The simulated store ${what}.`, 'Wait.', { transient: true });
}
