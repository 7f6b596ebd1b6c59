/** Lets at most `max` holders in at once; the others wait in order. */
export class Limiter {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #held = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @returns what gives the place back; calling it again does nothing */
  async acquire(): Promise<() => void> {
    // A place is handed over, not freed, so that no newcomer overtakes those who wait.
    if (this.#held < this.#max) this.#held++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = this.#waiting.shift();
      if (next !== undefined) next();
      else if (--this.#held === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Resolves when nobody is in or waits. */
  async close(): Promise<void> {
    if (this.#held > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
