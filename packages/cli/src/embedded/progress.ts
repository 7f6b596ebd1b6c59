/** Live progress of a run: one line redrawn on a terminal, a plain line every few seconds elsewhere. */
import { count } from '../terminal.ts';

export interface ProgressSnapshot {
  /** Records that have an outcome at ingest. */
  readonly seen: number;
  readonly rated: number;
  readonly rejected: number;
  readonly suspended: number;
  readonly duplicate: number;
  /** Calls read from the input and not yet visible in ClickHouse. */
  readonly lag: number;
  /** Currency → decimal text. */
  readonly charge: Readonly<Record<string, string>>;
}

const TERMINAL_INTERVAL_MS = 200;
const PLAIN_INTERVAL_MS = 2_000;
/** The shown speed is the mean over this window, so that it neither jumps nor lags far behind. */
const SPEED_WINDOW_MS = 3_000;

export class ProgressDisplay {
  readonly #stream: NodeJS.WriteStream;
  readonly #isTerminal: boolean;
  readonly #history: { atMs: number; seen: number }[] = [];
  #shownAtMs = 0;
  #lineIsOpen = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#isTerminal = stream.isTTY === true;
  }

  get intervalMs(): number {
    return this.#isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
  }

  update(snapshot: ProgressSnapshot, nowMs: number): void {
    if (nowMs - this.#shownAtMs < this.intervalMs) return;
    this.#shownAtMs = nowMs;
    this.#history.push({ atMs: nowMs, seen: snapshot.seen });
    while (this.#history.length > 2 && nowMs - (this.#history[0]?.atMs ?? nowMs) > SPEED_WINDOW_MS)
      this.#history.shift();
    const line = progressLine(snapshot, this.#callsPerSecond());
    if (this.#isTerminal) {
      const width = Math.max(20, (this.#stream.columns ?? 80) - 1);
      this.#stream.write(`\r\x1b[2K${line.slice(0, width)}`);
      this.#lineIsOpen = true;
    } else {
      this.#stream.write(`${line}\n`);
    }
  }

  /** Ends the redrawn line, so that what follows begins on its own. */
  close(): void {
    if (this.#lineIsOpen) this.#stream.write('\r\x1b[2K');
    this.#lineIsOpen = false;
  }

  #callsPerSecond(): number {
    const first = this.#history[0];
    const last = this.#history.at(-1);
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0;
    return ((last.seen - first.seen) * 1000) / (last.atMs - first.atMs);
  }
}

function progressLine(snapshot: ProgressSnapshot, callsPerSecond: number): string {
  const money = Object.entries(snapshot.charge)
    .map(([currency, amount]) => `${currency} ${amount}`)
    .join(', ');
  return (
    `${count(snapshot.seen)} calls, ${count(callsPerSecond)}/s, lag ${count(snapshot.lag)} | ` +
    `rated ${count(snapshot.rated)}, rejected ${count(snapshot.rejected)}, ` +
    `suspended ${count(snapshot.suspended)}, duplicate ${count(snapshot.duplicate)}` +
    (money === '' ? '' : ` | ${money}`)
  );
}
