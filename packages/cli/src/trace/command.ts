import type { TraceCommandOptions } from '../commands/trace.ts';
import { EXIT_FAILED, UsageError } from '../failure.ts';
import { print } from '../terminal.ts';
import { ReadProgress } from '../verify/read-progress.ts';
import { openDataDirectory, openFromEnvironment } from '../verify/subject.ts';
import { traceLines, traceVerdict } from './report.ts';
import { traceCall } from './trace.ts';

export async function runTrace(callId: string, options: TraceCommandOptions): Promise<void> {
  if (callId === '') {
    throw new UsageError({
      code: 'TOLL_USAGE_OPTIONS',
      message: 'the id of the call is empty',
      remedy: 'Name the id as the switch reports it.',
    });
  }
  const progress = new ReadProgress('searching');
  const subject =
    options.data === undefined
      ? await openFromEnvironment(options.rawTopic ?? [])
      : await openDataDirectory(options.data);
  try {
    const trace = await traceCall(subject, callId, { onProgress: (step) => progress.update(step) });
    progress.close();
    if (options.json === true) print(JSON.stringify({ ...trace, verdict: traceVerdict(trace) }));
    else for (const line of traceLines(trace)) print(line);
    if (trace.records.length === 0 && trace.rows.length === 0) process.exitCode = EXIT_FAILED;
  } finally {
    progress.close();
    await subject.close();
  }
}
