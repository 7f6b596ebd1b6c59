/** A run that waits for room on the disk, or for its engine, says so: now and then, not at every attempt. */
const SAID_EVERY_MS = 15_000;

export class WaitTeller {
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  #nextMs = -Infinity;

  constructor(say: (line: string) => void, now: () => number = () => performance.now()) {
    this.#say = say;
    this.#now = now;
  }

  /** @param what does not go on, such as `usage` */
  waiting(what: string, error: Error): void {
    const nowMs = this.#now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + SAID_EVERY_MS;
    this.#say(`Waiting, and trying again: ${what}: ${error.message}`);
  }
}
