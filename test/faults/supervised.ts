/** A command that is started again whenever it ends, as a supervisor does it in production. */
import { type Running, start } from '../support/cli.ts';

export interface SupervisedOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it says when it has started. */
  readonly ready: RegExp;
}

export type Phase = 'starting' | 'working';

export class Supervised {
  readonly #options: SupervisedOptions;
  #running: Running;
  #phase: Phase = 'starting';
  #isStopping = false;
  readonly #ended: Promise<void>;
  #starts = 0;
  /** Ends that no fault explains: the exit code and the last lines of each. */
  readonly unexpected: string[] = [];
  readonly #expected = new WeakSet<Running>();

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#running = this.#start();
    this.#ended = this.#follow(this.#running);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get starts(): number {
    return this.#starts;
  }

  async untilReady(): Promise<void> {
    // One that is killed while it starts is followed by another.
    for (;;) {
      const running = this.#running;
      try {
        await running.waitFor(this.#options.ready);
        return;
      } catch (error) {
        if (this.#isStopping) throw error;
        await running.finished;
        await new Promise(setImmediate);
      }
    }
  }

  /** @returns in which phase the signal came */
  kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Phase {
    const phase = this.#phase;
    this.#expected.add(this.#running);
    this.#running.child.kill(signal);
    return phase;
  }

  pause(): Phase {
    this.#expected.add(this.#running);
    this.#running.child.kill('SIGSTOP');
    return this.#phase;
  }

  resume(): void {
    this.#running.child.kill('SIGCONT');
  }

  /** @returns the exit code of the last process */
  async stop(): Promise<number | null> {
    this.#isStopping = true;
    this.#running.child.kill('SIGTERM');
    await this.#ended;
    return (await this.#running.finished).code;
  }

  /** Ends it at once and for good. */
  async end(): Promise<void> {
    this.#isStopping = true;
    this.#running.child.kill('SIGKILL');
    await this.#ended;
  }

  #start(): Running {
    this.#starts += 1;
    this.#phase = 'starting';
    const { args, env, ready } = this.#options;
    const running = start(args, env === undefined ? {} : { env });
    running.waitFor(ready).then(
      () => {
        if (running === this.#running) this.#phase = 'working';
      },
      () => undefined,
    );
    return running;
  }

  async #follow(first: Running): Promise<void> {
    let running = first;
    for (;;) {
      const { code, stderr, stdout } = await running.finished;
      if (this.#isStopping) return;
      if (!this.#expected.has(running)) {
        this.unexpected.push(
          `${this.#options.args.join(' ')} ended with ${code}: ${(stderr + stdout).slice(-1_500)}`,
        );
      }
      running = this.#start();
      this.#running = running;
    }
  }
}
