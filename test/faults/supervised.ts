/** A command that is started again whenever it ends, as a supervisor does it in production. */
import { appendFileSync } from 'node:fs';
import { type Running, start } from '../support/cli.ts';
import { within } from '../support/until.ts';

export interface SupervisedOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it is run by, as `start` takes it. */
  readonly by?: readonly string[];
  /** What it says when it has started. */
  readonly ready: RegExp;
  /** Where the output of all its processes is kept. */
  readonly logFile: string;
  /** How long it may take to come up or to stop; default {@link DEADLINE_MS}. */
  readonly deadlineMs?: number;
}

export type Phase = 'starting' | 'working';

/** Only what hangs reaches it: a start takes seconds. */
const DEADLINE_MS = 90_000;
const OUTPUT_SHOWN = 1_500;

export class Supervised {
  readonly #options: SupervisedOptions;
  #running: Running;
  #phase: Phase = 'starting';
  #isStopping = false;
  readonly #ended: Promise<void>;
  #starts = 0;
  /** Ends that no fault explains: the exit code and the last lines of each. */
  readonly unexpected: string[] = [];
  /** Told to end. */
  readonly #struck = new WeakSet<Running>();
  /** Not told to end, but may. */
  readonly #excused = new WeakSet<Running>();

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#running = this.#start();
    this.#ended = this.#follow(this.#running);
  }

  get name(): string {
    return this.#options.args.join(' ');
  }

  get phase(): Phase {
    return this.#phase;
  }

  get starts(): number {
    return this.#starts;
  }

  /** What the process that runs now has said. */
  get said(): string {
    return this.#running.output();
  }

  /** Waits until the process that runs now, or the one after it where this one was told to end, has started. */
  async untilReady(): Promise<void> {
    await within(this.#deadlineMs, this.#readiness(), () => this.#describe('did not come up'));
  }

  async #readiness(): Promise<void> {
    while (!this.#isStopping) {
      const running = this.#running;
      // What one that was killed said before is no news of the one after it.
      if (!this.#struck.has(running)) {
        try {
          await running.waitFor(this.#options.ready);
          if (!this.#struck.has(running)) return;
        } catch {
          // It ended before it was ready: another follows.
        }
      }
      await running.finished;
      await new Promise(setImmediate);
    }
    throw new Error(`${this.name} was stopped before it was ready`);
  }

  /** @returns in which phase the signal came */
  kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Phase {
    const phase = this.#phase;
    this.#struck.add(this.#running);
    this.#phase = 'starting';
    this.#running.child.kill(signal);
    return phase;
  }

  /** @returns the phase, and what lets the same process go on */
  pause(): { readonly phase: Phase; readonly resume: () => void } {
    const running = this.#running;
    this.#excused.add(running);
    running.child.kill('SIGSTOP');
    return { phase: this.#phase, resume: () => void running.child.kill('SIGCONT') };
  }

  /** @returns the exit code of the last process */
  async stop(): Promise<number | null> {
    this.#isStopping = true;
    this.#running.child.kill('SIGTERM');
    await within(this.#deadlineMs, this.#ended, () => this.#describe('did not stop'));
    return (await this.#running.finished).code;
  }

  /** Ends it at once and for good. */
  async end(): Promise<void> {
    this.#isStopping = true;
    this.#running.child.kill('SIGKILL');
    await this.#ended;
  }

  get #deadlineMs(): number {
    return this.#options.deadlineMs ?? DEADLINE_MS;
  }

  #describe(what: string): string {
    const { logFile } = this.#options;
    const said = this.#running.output().slice(-OUTPUT_SHOWN);
    return `${this.name} ${what} within ${this.#deadlineMs} ms (start ${this.#starts}; all its output: ${logFile}). It said last:\n${said}`;
  }

  #start(): Running {
    this.#starts += 1;
    this.#phase = 'starting';
    const { args, env = {}, by = [], ready } = this.#options;
    const running = start(args, { env, by });
    running.waitFor(ready).then(
      () => {
        if (running === this.#running && !this.#struck.has(running)) this.#phase = 'working';
      },
      () => undefined,
    );
    return running;
  }

  async #follow(first: Running): Promise<void> {
    let running = first;
    for (let starts = 1; ; starts += 1) {
      const { code, stderr, stdout } = await running.finished;
      const output = stdout + stderr;
      appendFileSync(this.#options.logFile, `=== start ${starts}, ended with ${code}\n${output}\n`);
      if (this.#isStopping) return;
      if (!this.#struck.has(running) && !this.#excused.has(running)) {
        this.unexpected.push(`${this.name} ended with ${code}: ${output.slice(-OUTPUT_SHOWN)}`);
      }
      running = this.#start();
      this.#running = running;
    }
  }
}
