import { writeCdrFile } from '@tollstream/service-billing';
import type { CdrOptions } from './commands/cdr.ts';
import { parseMonth } from './duration.ts';
import { SAMPLE_DATA, openStoreOf } from './embedded/open-store.ts';
import { UsageError } from './failure.ts';
import { count, say } from './terminal.ts';

export async function downloadCdr(options: CdrOptions): Promise<void> {
  const month = parseMonth(options.month, '--month');
  const { format } = options;
  if (format !== 'csv' && format !== 'jsonl') {
    throw new UsageError({
      code: 'TOLL_USAGE_FORMAT',
      message: `--format: '${format}' is not a call detail format`,
      remedy: 'Use csv or jsonl.',
    });
  }
  const opened = await openStoreOf(options.data ?? SAMPLE_DATA);
  try {
    const written = await writeCdrFile(opened.store, {
      accountId: options.account,
      month,
      format,
      output: options.output,
    });
    say(`${count(written.calls)} calls → ${options.output === '-' ? 'standard output' : options.output}`);
  } finally {
    await opened.close();
  }
}
