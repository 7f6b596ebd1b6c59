import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMemoryEventLog } from '@tollstream/event-log';
import { expect, test } from 'vitest';
import { importCalls } from './importer.ts';

const TOPIC = 'calls.raw';
const PARTITIONS = 4;
const FILES = 40;

test('many small files spread over the partitions, and each is published once', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-import-'));
  const log = createMemoryEventLog({ controlRecords: false });
  try {
    await log.createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
    const files = Array.from({ length: FILES }, (_, i) => path.join(directory, `calls-${i}.jsonl`));
    for (const file of files) writeFileSync(file, '{"call_id":"a"}\n');
    for (const file of [...files, ...files])
      await importCalls({
        log,
        rawTopic: TOPIC,
        source: { files: [file], options: { format: 'json' } },
      });
    const ends = (await log.offsets(TOPIC)).map(({ end }) => end);
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(FILES);
    for (const end of ends) expect(end).toBeGreaterThan(0);
  } finally {
    await log.close();
    rmSync(directory, { recursive: true });
  }
});
