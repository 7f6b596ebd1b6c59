import type { Faults, Step } from './faults.ts';
import type { Random } from './random.ts';
import type { SimulatedProcess, VirtualTime } from './virtual-time.ts';

/** What comes of a request at the other end; thrown errors are the answer. */
export type Effect<T> = () => T;

/** A sender can die before a request is sent, or before its answer is read; at rare steps more often, so that all have their turn. */
const CRASH = 0.004;
const CRASH_AT: Partial<Record<Step, number>> = {
  'operator commit': 0.05,
  'aggregator insert': 0.02,
  'aggregator offset': 0.01,
  'replay staging rows': 0.02,
  'replay count': 0.02,
  'replay insert': 0.04,
  'replay repair': 0.15,
  'replay drop': 0.03,
  'snapshot complete': 0.02,
};
const SLOW = 0.01;

/** Requests of processes to the log and the store: sent, done at the other end, answered; each takes time of its own. */
export class Wire {
  readonly faults: Faults;
  readonly random: Random;
  readonly time: VirtualTime;

  constructor(parts: { faults: Faults; random: Random; time: VirtualTime }) {
    this.faults = parts.faults;
    this.random = parts.random;
    this.time = parts.time;
  }

  /** A request that was sent arrives, whatever becomes of its sender. */
  async request<T>(process: SimulatedProcess, step: Step, effect: Effect<T>): Promise<T> {
    const { faults, time } = this;
    const crash = CRASH_AT[step] ?? CRASH;
    return new Promise<T>((resolve, reject) => {
      if (faults.draws(crash)) {
        faults.crash(process, 'crash before request', step);
        return;
      }
      time.schedule(null, this.#latencyMs(step), () => {
        let answer: () => void;
        try {
          const result = effect();
          faults.trace(`${process.name} ${step}: done`);
          answer = () => resolve(result);
        } catch (error) {
          const reason = error instanceof Error ? error : new Error(String(error));
          faults.trace(`${process.name} ${step}: ${reason.message}`);
          answer = () => reject(reason);
        }
        if (process.isAlive && faults.draws(crash)) {
          faults.crash(process, 'crash after request', step);
          return;
        }
        time.schedule(process, this.#latencyMs(step), answer);
      });
    });
  }

  #latencyMs(step: Step): number {
    if (this.faults.strikes('response slow', SLOW, step)) return this.random.between(100, 8_000);
    return 0.2 + this.random.fraction() * 4;
  }
}
