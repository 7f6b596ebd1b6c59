/** A topic that is deleted and made anew has other records at the same offsets: whoever reads the old one is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createMemoryEventLog } from '../memory/memory-event-log.ts';
import type { EventLog } from '../port.ts';
import { openSqliteEventLog } from '../sqlite/sqlite-event-log.ts';

const TOPIC = 'calls.raw';
const RECORDS = 10;
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end();
});

const LOGS: Record<string, () => EventLog> = {
  memory: () => createMemoryEventLog(),
  sqlite() {
    const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-log-'));
    ending.push(() => rmSync(directory, { recursive: true }));
    return openSqliteEventLog({ directory });
  },
};

async function fill(log: EventLog, text: string): Promise<void> {
  await log.createTopics([{ name: TOPIC, partitions: 1 }]);
  const claim = await log.claim('writer', TOPIC, 0);
  const outputs = Array.from({ length: RECORDS }, (_, i) => ({
    topic: TOPIC,
    partition: 0,
    value: Buffer.from(`${text} ${i}`),
  }));
  await claim.commit({ outputs, nextOffset: 0, metadata: '' });
  await claim.release();
}

async function anew(log: EventLog): Promise<void> {
  await log.deleteTopics([TOPIC]);
  await fill(log, 'new');
}

test.each(Object.keys(LOGS))('%s: a reader does not go on in the new topic', async (kind) => {
  const log = LOGS[kind]!();
  ending.push(async () => log.close());
  await fill(log, 'old');
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { records } of log.read({ topic: TOPIC, partition: 0, from: 0, fetchBytesMax: 1 })) {
      seen.push(...records.map(({ value }) => String(value)));
      if (seen.length === 1) await anew(log);
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: 'TOLL_LOG_RECORDS_GONE' });
  expect(seen).toEqual(['old 0']);
});

test.each(Object.keys(LOGS))('%s: a member does not stand behind the end of the new topic', async (kind) => {
  const log = LOGS[kind]!();
  ending.push(async () => log.close());
  await fill(log, 'old');
  const seen: string[] = [];
  const member = await log.join({
    group: 'reader',
    topics: [TOPIC],
    mode: 'offsets',
    tickMs: 1,
    open: async () => ({
      process: async ({ records }) => {
        seen.push(...records.map(({ value }) => String(value)));
      },
      close: async () => undefined,
    }),
  });
  await expect.poll(() => seen.length).toBe(RECORDS);
  await anew(log);
  await expect(member.done).rejects.toMatchObject({ code: 'TOLL_LOG_RECORDS_GONE' });
  expect(seen.filter((text) => text.startsWith('new'))).toEqual([]);
});
