import type { VerifyCommandOptions } from '../commands/verify.ts';
import { EXIT_FAILED, UsageError } from '../failure.ts';
import { count, print, say } from '../terminal.ts';
import { isDifferent, verdictJson, verdictLine, verdictNotes, verdictTable } from './report.ts';
import { openDataDirectory, openFromEnvironment } from './subject.ts';
import { verify } from './verify.ts';

export async function runVerify(options: VerifyCommandOptions): Promise<void> {
  const range = { from: parseOffset(options.from, '--from'), to: parseOffset(options.to, '--to') };
  const progress = new VerifyProgress();
  const subject =
    options.data === undefined
      ? await openFromEnvironment(options.rawTopic ?? [])
      : await openDataDirectory(options.data);
  try {
    const verdict = await verify(subject, { ...range, onProgress: (step) => progress.update(step) });
    progress.close();
    if (options.json === true) print(JSON.stringify(verdictJson(verdict)));
    else {
      print(verdictTable(verdict));
      for (const note of verdictNotes(verdict)) print(note);
      print(verdictLine(verdict));
    }
    if (isDifferent(verdict)) process.exitCode = EXIT_FAILED;
  } finally {
    progress.close();
    await subject.close();
  }
}

function parseOffset(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const offset = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset;
  throw new UsageError({
    code: 'TOLL_USAGE_NUMBER',
    message: `${option}: '${text}' is not an offset`,
    remedy: 'Use a whole number from 0 on: an offset of the raw topic.',
  });
}

/** Nothing is shown of what is over before anybody wonders. */
const SHOWN_AFTER_MS = 2_000;
const TERMINAL_INTERVAL_MS = 200;
const PLAIN_INTERVAL_MS = 5_000;

/** One line redrawn on a terminal, a plain line now and then elsewhere. */
class VerifyProgress {
  readonly #isTerminal = process.stderr.isTTY === true;
  #nextMs = performance.now() + SHOWN_AFTER_MS;
  #isOpen = false;

  update({ topic, read, of }: { topic: string; read: number; of: number }): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + (this.#isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
    const line = `verifying ${topic}: ${count(read)} of ${count(of)}`;
    if (this.#isTerminal) process.stderr.write(`\r\x1b[2K${line}`);
    else say(line);
    this.#isOpen = this.#isTerminal;
  }

  close(): void {
    if (this.#isOpen) process.stderr.write('\r\x1b[2K');
    this.#isOpen = false;
  }
}
