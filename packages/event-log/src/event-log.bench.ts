/** `node packages/event-log/src/event-log.bench.ts [brokers]`: what one record and one commit cost in each event log. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryEventLog } from './memory/memory-event-log.ts';
import { openKafkaEventLog } from './kafka/kafka-event-log.ts';
import { openSqliteEventLog } from './sqlite/sqlite-event-log.ts';
import type { EventLog, OutputRecord } from './port.ts';

const RECORD_BYTES = 300;
const RECORDS_PER_COMMIT = 25_000;
const BLOCK_BYTES = 500_000;
const BLOCKS_PER_COMMIT = 6;

async function measure(log: EventLog, commits: number): Promise<void> {
  const topic = `bench-${randomUUID()}`;
  await log.createTopics([{ name: topic, partitions: 1, settings: { 'max.message.bytes': '67108864' } }]);
  const headers = { 'tollstream-format': 'json' };
  const value = Buffer.alloc(RECORD_BYTES, 'x');
  const record: OutputRecord = { topic, partition: 0, key: 'calls.jsonl:123456', value, headers };
  const events = Array.from({ length: RECORDS_PER_COMMIT }, () => ({ ...record }));
  const block = { topic, partition: 0, value: Buffer.alloc(BLOCK_BYTES, 'x') };

  const claim = await log.claim('bench', topic, 0);
  await claim.commit({ outputs: [block], nextOffset: 0, metadata: '' });
  const append = await timeEach(commits, async (i) =>
    claim.commit({ outputs: events, nextOffset: i, metadata: '' }),
  );
  const total = commits * RECORDS_PER_COMMIT;
  const startedMs = performance.now();
  let read = 0;
  while (read < total) {
    read = 0;
    for await (const batch of log.read({ topic, partition: 0, from: 1 })) read += batch.records.length;
  }
  const readMs = performance.now() - startedMs;
  const blocks = await timeEach(20, async (i) =>
    claim.commit({
      outputs: Array.from({ length: BLOCKS_PER_COMMIT }, () => block),
      nextOffset: i,
      metadata: '',
    }),
  );
  const offsets = await timeEach(20, async (i) => claim.commit({ outputs: [], nextOffset: i, metadata: '' }));
  process.stdout.write(
    [
      log.kind.padEnd(6),
      `append ${((append.totalMs * 1000) / total).toFixed(2)} µs/record of ${RECORD_BYTES} B`,
      `read ${((readMs * 1000) / total).toFixed(2)} µs/record`,
      `commit of ${BLOCKS_PER_COMMIT} blocks of ${BLOCK_BYTES / 1000} kB: median ${blocks.medianMs.toFixed(1)} ms`,
      `commit of a position: median ${offsets.medianMs.toFixed(1)} ms`,
    ].join(' · ') + '\n',
  );
  await claim.release();
  await log.deleteTopics([topic]);
}

async function timeEach(
  count: number,
  work: (i: number) => Promise<void>,
): Promise<{ totalMs: number; medianMs: number }> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const startedMs = performance.now();
    await work(i);
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  return { totalMs: times.reduce((sum, time) => sum + time, 0), medianMs: times[times.length >> 1] ?? 0 };
}

const directory = mkdtempSync(join(tmpdir(), 'tollstream-bench-'));
const brokers = process.argv[2];
const logs = [
  createMemoryEventLog(),
  openSqliteEventLog({ directory }),
  ...(brokers ? [openKafkaEventLog({ brokers: brokers.split(',') })] : []),
];
for (const log of logs) {
  await measure(log, log.kind === 'kafka' ? 6 : 20);
  await log.close();
}
rmSync(directory, { recursive: true, force: true });
