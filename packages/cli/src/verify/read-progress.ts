import { count, say } from '../terminal.ts';

/** Nothing is shown of what is over before anybody wonders. */
const SHOWN_AFTER_MS = 2_000;
const TERMINAL_INTERVAL_MS = 200;
const PLAIN_INTERVAL_MS = 5_000;

/** One line redrawn on a terminal, a plain line now and then elsewhere. */
export class ReadProgress {
  readonly #verb: string;
  readonly #isTerminal = process.stderr.isTTY === true;
  #nextMs = performance.now() + SHOWN_AFTER_MS;
  #isOpen = false;

  constructor(verb: string) {
    this.#verb = verb;
  }

  update({ topic, read, of }: { topic: string; read: number; of: number }): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + (this.#isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
    const line = `${this.#verb} ${topic}: ${count(read)} of ${count(of)}`;
    if (this.#isTerminal) process.stderr.write(`\r\x1b[2K${line}`);
    else say(line);
    this.#isOpen = this.#isTerminal;
  }

  close(): void {
    if (this.#isOpen) process.stderr.write('\r\x1b[2K');
    this.#isOpen = false;
  }
}
