import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import promises from 'node:timers/promises';
import type { Random } from './random.ts';

/** A simulated operating system process: what runs in it stops with it, at whatever it was waiting for. */
export class SimulatedProcess {
  readonly name: string;
  isAlive = true;
  /** Nothing of it runs before this instant of virtual time: a long collection, a stopped machine, SIGSTOP. */
  pausedUntilMs = 0;
  /** How far its wall clock is off. */
  clockOffsetMs = 0;

  constructor(name: string) {
    this.name = name;
  }
}

interface Event {
  atMs: number;
  /** Events of one instant run in random order. */
  readonly tie: number;
  readonly sequence: number;
  readonly process: SimulatedProcess | null;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Wall clock at the beginning of virtual time. */
export const EPOCH_MS = Date.UTC(2020, 0, 31, 22);

const current = new AsyncLocalStorage<{ time: VirtualTime; process: SimulatedProcess }>();

/**
 * One thread's time, which passes only from event to event. Whatever runs inside a simulated process finds the timers and clocks of
 * Node replaced by those of the simulation; everything else in the real process keeps its own.
 */
export class VirtualTime {
  nowMs = 0;
  eventCount = 0;
  readonly #random: Random;
  readonly #queue: Event[] = [];
  #sequence = 0;

  constructor(random: Random) {
    this.#random = random;
    replaceTimers();
  }

  /** Runs `action` as part of a process: all that follows from it belongs to it. */
  within<T>(process: SimulatedProcess, action: () => T): T {
    return current.run({ time: this, process }, action);
  }

  /**
   * @param process whose event it is: dropped when that is dead, put off while it is paused; null = of the world
   * @returns cancels it
   */
  schedule(process: SimulatedProcess | null, delayMs: number, run: () => void): () => void {
    const event: Event = {
      atMs: this.nowMs + Math.max(0, delayMs),
      tie: this.#random.fraction(),
      sequence: this.#sequence++,
      process,
      run,
      isCancelled: false,
    };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Runs events until the condition holds or time is up. @returns whether it holds */
  async runUntil(condition: () => boolean, deadlineMs: number): Promise<boolean> {
    while (!condition()) {
      const event = this.#pop();
      if (event === undefined) return false;
      if (event.atMs > deadlineMs) {
        this.#push(event);
        this.nowMs = deadlineMs;
        return false;
      }
      if (event.isCancelled) continue;
      const { process } = event;
      if (process !== null && !process.isAlive) continue;
      if (process !== null && process.pausedUntilMs > event.atMs) {
        event.atMs = process.pausedUntilMs;
        this.#push(event);
        continue;
      }
      this.nowMs = event.atMs;
      this.eventCount += 1;
      if (process === null) event.run();
      else this.within(process, event.run);
      await allMicrotasks();
    }
    return true;
  }

  #push(event: Event): void {
    const queue = this.#queue;
    let at = queue.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, queue[parent]!)) break;
      queue[at] = queue[parent]!;
      at = parent;
    }
    queue[at] = event;
  }

  #pop(): Event | undefined {
    const queue = this.#queue;
    const first = queue[0];
    const last = queue.pop();
    if (first === undefined || last === undefined || queue.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= queue.length) break;
      if (child + 1 < queue.length && isBefore(queue[child + 1]!, queue[child]!)) child += 1;
      if (!isBefore(queue[child]!, last)) break;
      queue[at] = queue[child]!;
      at = child;
    }
    queue[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return a.tie !== b.tie ? a.tie < b.tie : a.sequence < b.sequence;
}

class VirtualTimer {
  readonly cancel: () => void;

  constructor(cancel: () => void) {
    this.cancel = cancel;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

const real = {
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
  sleep: promises.setTimeout,
  nextTurn: promises.setImmediate,
};

/** Nothing in a simulated process waits for anything but microtasks and virtual time. */
async function allMicrotasks(): Promise<void> {
  await new Promise((resolve) => real.setImmediate(resolve));
}

let isReplaced = false;

function replaceTimers(): void {
  if (isReplaced) return;
  isReplaced = true;
  const setTimeout = (run: (...args: unknown[]) => void, waitMs = 0, ...args: unknown[]): unknown => {
    const inside = current.getStore();
    if (inside === undefined) return real.setTimeout(run, waitMs, ...args);
    return new VirtualTimer(inside.time.schedule(inside.process, waitMs, () => run(...args)));
  };
  const clearTimeout = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else real.clearTimeout(timer as NodeJS.Timeout);
  };
  Object.assign(globalThis, { setTimeout, clearTimeout });
  Date.now = () => {
    const inside = current.getStore();
    if (inside === undefined) return real.dateNow();
    return EPOCH_MS + Math.floor(inside.time.nowMs) + inside.process.clockOffsetMs;
  };
  performance.now = () => current.getStore()?.time.nowMs ?? real.performanceNow();
  Object.assign(promises, {
    setTimeout: async (waitMs = 0, value?: unknown, options?: { signal?: AbortSignal }): Promise<unknown> =>
      current.getStore() === undefined
        ? real.sleep(waitMs, value, options)
        : virtualSleep(waitMs, value, options?.signal),
    setImmediate: async (value?: unknown): Promise<unknown> =>
      current.getStore() === undefined ? real.nextTurn(value) : virtualSleep(0, value),
  });
  // Named imports of a built-in module follow its default export from here on.
  syncBuiltinESMExports();
}

async function virtualSleep(waitMs: number, value: unknown, signal?: AbortSignal): Promise<unknown> {
  const { time, process } = current.getStore()!;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const cancel = time.schedule(process, waitMs, () => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    signal?.addEventListener('abort', abort, { once: true });
  });
}
