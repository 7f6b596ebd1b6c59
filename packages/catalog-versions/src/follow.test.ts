import { createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog } from '@tollstream/event-log';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followCatalog } from './follow.ts';
import type { Follower, FollowOptions } from './follow.ts';
import { publishCatalog } from './publish.ts';
import type { PublishOptions } from './publish.ts';
import { catalogFiles } from './testing/catalog-files.ts';
import { CONTENT, catalogTopic } from './topic.ts';

let log: EventLog;
let follower: Follower | undefined;
let used: number[];
let failures: { code: unknown; version: number | null }[];
let nowMs: number;

beforeEach(async () => {
  log = createMemoryEventLog();
  await log.createTopics([catalogTopic()]);
  used = [];
  failures = [];
  nowMs = Date.parse('2020-02-01T00:00:00Z');
});
afterEach(async () => {
  await follower?.stop();
  await log.close();
});

async function publish(version: number, options: Partial<PublishOptions> = {}): Promise<void> {
  await publishCatalog(log, catalogFiles(version, `0.0${version}`), {
    publishedBy: 'test',
    now: () => nowMs,
    ...options,
  });
}

/** Looks only when the test does. */
function follow(options: Partial<FollowOptions> = {}): Follower {
  follower = followCatalog({
    log,
    pollMs: 3_600_000,
    inUse: 0,
    prepare:
      ({ catalog }) =>
      () =>
        void used.push(catalog.version),
    onFailure: ({ error, version }) =>
      failures.push({ code: 'code' in error ? error.code : error.message, version }),
    now: () => nowMs,
    ...options,
  });
  return follower;
}

it('brings each newer version into use once, and the newest where several came', async () => {
  const { look } = follow();
  await look();
  await publish(1);
  await look();
  await look();
  await publish(2);
  await publish(3);
  await Promise.all([look(), look()]);
  expect(used).toEqual([1, 3]);
  expect(failures).toEqual([]);
});

it('lets others have a version first: for one look and for as long as it took itself', async () => {
  const waits: number[] = [];
  const over = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { look } = follow({
    letOthersFirst: true,
    pollMs: 1_000_000,
    wait: (milliseconds) => {
      waits.push(milliseconds);
      asked.resolve();
      return over.promise;
    },
  });
  await publish(1);
  const looking = look();
  await asked.promise;
  expect(used).toEqual([]);
  over.resolve();
  await looking;
  expect(used).toEqual([1]);
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeGreaterThan(1_000_000);
  expect(failures).toEqual([]);
});

it('stops while others have a version first, and does not take it', async () => {
  const { look, stop } = follow({ letOthersFirst: true });
  await publish(1);
  const looking = look();
  await stop();
  await looking;
  expect(used).toEqual([]);
  expect(failures).toEqual([]);
});

it('looks by itself', async () => {
  const seen = Promise.withResolvers<number>();
  follow({
    pollMs: 1,
    prepare:
      ({ catalog }) =>
      () =>
        seen.resolve(catalog.version),
  });
  await publish(4);
  expect(await seen.promise).toBe(4);
});

it('leaves the version in use when the next lacks the default plan, and tries it no more; a later one mends it', async () => {
  await publish(1);
  const { look } = follow({ inUse: 1, defaultPlan: 'gold' });
  await publish(2);
  await look();
  await look();
  expect(used).toEqual([]);
  expect(failures).toEqual([{ code: 'TOLL_CATALOG_INVALID', version: 2 }]);
  const files = catalogFiles(3, '0.03');
  const plan = new TextDecoder().decode(files.get('plans/standard.yaml')).replace('id: standard', 'id: gold');
  files.set('plans/gold.yaml', new TextEncoder().encode(plan));
  await publishCatalog(log, files, { publishedBy: 'test', now: () => nowMs });
  await look();
  expect(used).toEqual([3]);
});

it('leaves the version in use when the service cannot prepare the next, and tries again', async () => {
  let isBroken = true;
  const { look } = follow({
    prepare({ catalog }) {
      if (isBroken) throw new Error('no memory');
      return () => void used.push(catalog.version);
    },
  });
  await publish(1);
  await look();
  expect(failures).toEqual([{ code: 'no memory', version: 1 }]);
  expect(used).toEqual([]);
  isBroken = false;
  await look();
  expect(used).toEqual([1]);
});

it('says that it cannot look, and looks again', async () => {
  let isAway = true;
  const flaky = {
    offsets: (topic) => (isAway ? Promise.reject(new Error('away')) : log.offsets(topic)),
    describeTopics: (names) => log.describeTopics(names),
    read: (range) => log.read(range),
  } as EventLog;
  const { look } = follow({ log: flaky });
  await publish(1);
  await look();
  expect(failures).toEqual([{ code: 'away', version: null }]);
  isAway = false;
  await look();
  expect(used).toEqual([1]);
});

it('waits with a version until its time has come', async () => {
  await publish(1);
  await publish(2, { effectiveAt: new Date(nowMs + 1_000) });
  const { look } = follow();
  await look();
  nowMs += 999;
  await look();
  expect(used).toEqual([1]);
  nowMs += 1;
  await look();
  expect(used).toEqual([1, 2]);
});

it('does not swap once it was stopped', async () => {
  await publish(1);
  const preparing = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const { look, stop } = follow({
    async prepare({ catalog }) {
      preparing.resolve();
      await released.promise;
      return () => void used.push(catalog.version);
    },
  });
  const looking = look();
  await preparing.promise;
  const stopping = stop();
  released.resolve();
  await Promise.all([looking, stopping]);
  expect(used).toEqual([]);
});

it('tells what is wrong with the content of a version, and stays with the one in use', async () => {
  await publish(1);
  const damaged = {
    offsets: (topic) => log.offsets(topic),
    describeTopics: (names) => log.describeTopics(names),
    async *read(range) {
      for await (const batch of log.read(range)) {
        if (range.partition !== CONTENT) yield batch;
        else
          yield {
            ...batch,
            records: batch.records.map((each) => ({ ...each, value: Buffer.from('no gzip') })),
          };
      }
    },
  } as Pick<EventLog, 'offsets' | 'describeTopics' | 'read'> as EventLog;
  const { look } = follow({ log: damaged });
  await look();
  await look();
  expect(failures).toEqual([{ code: 'TOLL_CATALOG_CONTENT_UNREADABLE', version: 1 }]);
  expect(used).toEqual([]);
});
