/** `tollstream import`: a file to the raw topic of Kafka, or of a data directory. */
import path from 'node:path';
import { openSqliteEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import type { ImportOptions } from '../commands/import.ts';
import { EXIT_INTERRUPTED } from '../failure.ts';
import { openKafkaFromEnvironment } from '../kafka-options.ts';
import { count, say } from '../terminal.ts';
import { importCalls } from './importer.ts';
import { readOptions } from './source-options.ts';

const PROGRESS_EVERY_MS = 2_000;

export async function runImport(files: readonly string[], options: ImportOptions): Promise<void> {
  const log = await openLog(options);
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const startedMs = performance.now();
  let shownMs = startedMs;
  try {
    const { records, resumedAtByte } = await importCalls({
      log,
      rawTopic: options.topic,
      source: { files, options: readOptions(options) },
      signal: stopping.signal,
      onProgress: (progress) => {
        const nowMs = performance.now();
        if (nowMs - shownMs < PROGRESS_EVERY_MS) return;
        shownMs = nowMs;
        say(
          `${count(progress.records)} records, ${count((progress.records * 1000) / (nowMs - startedMs))}/s`,
        );
      },
    });
    const from = resumedAtByte > 0 ? ` (went on at byte ${count(resumedAtByte)})` : '';
    say(`${count(records)} records of ${files.join(', ')} published to ${options.topic}${from}.`);
    if (stopping.signal.aborted) {
      say('Stopped before the end; the same command goes on from here.');
      process.exitCode = EXIT_INTERRUPTED;
    }
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await log.close();
  }
}

async function openLog(options: ImportOptions): Promise<EventLog> {
  if (options.data === undefined) return openKafkaFromEnvironment('tollstream-import');
  const log = openSqliteEventLog({ directory: path.join(options.data, 'log') });
  await log.createTopics([{ name: options.topic, partitions: 1 }]);
  return log;
}
