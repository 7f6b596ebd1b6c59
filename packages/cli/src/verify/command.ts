import type { VerifyCommandOptions } from '../commands/verify.ts';
import { EXIT_FAILED, UsageError } from '../failure.ts';
import { print } from '../terminal.ts';
import { ReadProgress } from './read-progress.ts';
import { isDifferent, verdictJson, verdictLine, verdictNotes, verdictTable } from './report.ts';
import { openDataDirectory, openFromEnvironment } from './subject.ts';
import { verify } from './verify.ts';

export async function runVerify(options: VerifyCommandOptions): Promise<void> {
  const range = { from: parseOffset(options.from, '--from'), to: parseOffset(options.to, '--to') };
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to)
    throw rangeEmpty(`--from ${range.from} is not below --to ${range.to}`);
  const progress = new ReadProgress('verifying');
  const subject =
    options.data === undefined
      ? await openFromEnvironment(options.rawTopic ?? [])
      : await openDataDirectory(options.data);
  try {
    const verdict = await verify(subject, { ...range, onProgress: (step) => progress.update(step) });
    progress.close();
    // Nothing was looked at, so nothing is proven.
    if ((range.from ?? range.to) !== undefined && verdict.calls === 0 && !isDifferent(verdict))
      throw rangeEmpty('ingest has read no records of the raw topic in this range');
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

function rangeEmpty(message: string): UsageError {
  return new UsageError({
    code: 'TOLL_USAGE_OPTIONS',
    message,
    remedy: 'Name offsets of the raw topic, --to being the one after the last.',
  });
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
