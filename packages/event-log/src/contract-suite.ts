/** What every event log must do, whatever stands behind it. Each adapter's test runs this one suite. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackedOutputs } from './packed-outputs.ts';
import {
  ClaimLostError,
  type EventLog,
  type JoinOptions,
  type LogRecord,
  type MembershipEvent,
  type OutputRecord,
  type PartitionClaim,
  type PartitionTask,
  type RecordBatch,
} from './port.ts';
import { runProcessor } from './runner.ts';

export interface EventLogUnderTest {
  readonly log: EventLog;
  /** The same log as a second process sees it; a log that lives inside one process gives the same object. */
  readonly other: EventLog;
  dispose(): Promise<void>;
}

export interface ContractOptions {
  /** Most that one test may take. */
  readonly timeoutMs?: number;
}

export function describeEventLog(
  name: string,
  open: () => Promise<EventLogUnderTest>,
  { timeoutMs = 10_000 }: ContractOptions = {},
): void {
  describe(`event log contract: ${name}`, { timeout: timeoutMs }, () => {
    let under: EventLogUnderTest;
    let log: EventLog;
    let other: EventLog;
    beforeAll(async () => {
      under = await open();
      ({ log, other } = under);
    }, 120_000);
    afterAll(async () => under?.dispose(), 30_000);

    const newTopic = async (partitions = 1): Promise<string> => {
      const topic = `topic-${randomUUID()}`;
      await log.createTopics([{ name: topic, partitions }]);
      return topic;
    };
    const append = async (topic: string, values: readonly string[], partition = 0): Promise<void> => {
      const claim = await log.claim(`loader-${randomUUID()}`, topic, partition);
      await claim.commit({
        outputs: values.map((value) => ({ topic, partition, value: Buffer.from(value) })),
        nextOffset: 0,
        metadata: '',
      });
      await claim.release();
      const isVisible = async (): Promise<boolean> => ((await log.offsets(topic))[partition]?.end ?? 0) > 0;
      await until(isVisible);
    };
    const readAll = async (topic: string, partition = 0, from = 0, to?: number): Promise<LogRecord[]> => {
      const records: LogRecord[] = [];
      for await (const batch of log.read({ topic, partition, from, ...(to === undefined ? {} : { to }) })) {
        records.push(...batch.records);
      }
      return records;
    };
    const values = (records: readonly LogRecord[]): (string | null)[] =>
      records.map((r) => r.value?.toString() ?? null);
    const poll = <T>(actual: () => Promise<T>) => expect.poll(actual, { timeout: timeoutMs, interval: 5 });
    const texts = (count: number, prefix = 'v'): string[] =>
      Array.from({ length: count }, (_, i) => `${prefix}${i}`);

    describe('topics', () => {
      it('creates what is missing and leaves what exists', async () => {
        const first = `topic-${randomUUID()}`;
        const second = `topic-${randomUUID()}`;
        await log.createTopics([{ name: first, partitions: 2 }]);
        const again = await log.createTopics([
          { name: first, partitions: 2 },
          { name: second, partitions: 3, settings: { 'max.message.bytes': '67108864' } },
        ]);
        expect(again).toEqual({ created: [second], existing: [first] });
        const infos = await log.describeTopics([first, second, 'topic-that-nobody-made']);
        expect(infos.map(({ name: topic, partitions }) => ({ topic, partitions }))).toEqual([
          { topic: first, partitions: 2 },
          { topic: second, partitions: 3 },
        ]);
      });

      it('refuses another partition count for an existing topic', async () => {
        const topic = await newTopic(2);
        await expect(log.createTopics([{ name: topic, partitions: 3 }])).rejects.toMatchObject({
          code: 'TOLL_LOG_PARTITIONS_DIFFER',
        });
      });

      it('gives a topic made again under its name another id, no records and no positions', async () => {
        const topic = await newTopic();
        const group = `group-${randomUUID()}`;
        await append(topic, ['old']);
        const claim = await log.claim(group, topic, 0);
        await claim.commit({ outputs: [], nextOffset: 1, metadata: 'old' });
        await claim.release();
        const [before] = await log.describeTopics([topic]);
        await log.deleteTopics([topic]);
        await until(async () => (await log.describeTopics([topic])).length === 0);
        await log.createTopics([{ name: topic, partitions: 1 }]);
        const [after] = await log.describeTopics([topic]);
        expect(before?.id).toBeTruthy();
        expect(after?.id).toBeTruthy();
        expect(after?.id).not.toBe(before?.id);
        expect(await readAll(topic)).toEqual([]);
        await until(async () => (await log.committed(group, topic, 0)) === null);
      });

      it('names a missing topic and the command that creates it', async () => {
        const options = joinOptions({ topics: ['topic-that-nobody-made'] });
        await expect(log.join(options)).rejects.toMatchObject({
          code: 'TOLL_LOG_TOPIC_MISSING',
          message: expect.stringContaining('topic-that-nobody-made') as string,
          remedy: expect.stringContaining('tollstream topics create') as string,
        });
        await expect(log.offsets('topic-that-nobody-made')).rejects.toMatchObject({
          code: 'TOLL_LOG_TOPIC_MISSING',
        });
      });
    });

    describe('records', () => {
      it('come back in order, with key, headers, time and bytes as given', async () => {
        const topic = await newTopic();
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
        const outputs: OutputRecord[] = [
          { topic, partition: 0, key: 'calls.jsonl:1', value: bytes, timestampMs: 1_580_000_000_000 },
          {
            topic,
            partition: 0,
            key: Buffer.from([0, 255]),
            value: Buffer.from('b'),
            headers: { a: '1', b: 'ü' },
          },
          { topic, partition: 0, value: null },
          { topic, partition: 0, key: '', value: Buffer.alloc(0), headers: { a: '1', b: 'ü' } },
        ];
        const claim = await log.claim('loader', topic, 0);
        await claim.commit({ outputs, nextOffset: 0, metadata: '' });
        await poll(async () => (await readAll(topic)).length).toBe(4);
        const records = await readAll(topic);
        expect(records.map(({ key, value, headers }) => ({ key, value, headers: { ...headers } }))).toEqual([
          { key: Buffer.from('calls.jsonl:1'), value: bytes, headers: {} },
          { key: Buffer.from([0, 255]), value: Buffer.from('b'), headers: { a: '1', b: 'ü' } },
          { key: null, value: null, headers: {} },
          { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: { a: '1', b: 'ü' } },
        ]);
        expect(records[0]?.timestampMs).toBe(1_580_000_000_000);
        expect(records.map((record) => record.offset)).toEqual([0, 1, 2, 3]);
      });

      it('that were packed stand behind the others, and their memory may be used again', async () => {
        const topic = await newTopic(2);
        const claim = await log.claim('loader', topic, 0);
        const bytes = Buffer.from('k1onek2twok3');
        const columns = {
          topic,
          headers: { a: '1' },
          bytes,
          keyLengths: new Uint32Array([2, 2, 2]),
          valueLengths: new Uint32Array([3, 3, 0]),
        };
        const packed = new PackedOutputs({ ...columns, partition: 0 });
        const outputs = [0, 1].map((partition) => ({ topic, partition, value: Buffer.from('first') }));
        await claim.commit({ outputs, packed, nextOffset: 5, metadata: 'five' });
        bytes.fill(0);
        await poll(async () => (await readAll(topic)).length).toBe(4);
        const records = await readAll(topic);
        expect(
          records.map(({ key, value, headers }) => [String(key), String(value), { ...headers }]),
        ).toEqual([
          ['null', 'first', {}],
          ['k1', 'one', { a: '1' }],
          ['k2', 'two', { a: '1' }],
          ['k3', '', { a: '1' }],
        ]);
        expect(values(await readAll(topic, 1))).toEqual(['first']);
        await poll(async () => log.committed('loader', topic, 0)).toEqual({ offset: 5, metadata: 'five' });
        const elsewhere = new PackedOutputs({ ...columns, partition: 2 });
        await expect(
          claim.commit({ outputs: [], packed: elsewhere, nextOffset: 6, metadata: '' }),
        ).rejects.toMatchObject({ code: 'TOLL_LOG_PARTITION_MISSING' });
      });

      it('of 5 MB and of no bytes stand side by side', async () => {
        const topic = `topic-${randomUUID()}`;
        await log.createTopics([
          { name: topic, partitions: 1, settings: { 'max.message.bytes': '67108864' } },
        ]);
        const large = Buffer.alloc(5_000_000, 'tollstream ');
        const claim = await log.claim('loader', topic, 0);
        const outputs = [large, Buffer.from('small'), large].map((value) => ({ topic, partition: 0, value }));
        await claim.commit({ outputs, nextOffset: 0, metadata: '' });
        await poll(async () => (await readAll(topic)).length).toBe(3);
        const records = await readAll(topic);
        expect(records.map((record) => record.value?.length)).toEqual([5_000_000, 5, 5_000_000]);
        expect(records[2]?.value?.equals(large)).toBe(true);
      });

      it('are read from an inclusive to an exclusive offset', async () => {
        const topic = await newTopic();
        await append(topic, texts(5));
        await append(topic, texts(5, 'w'));
        await poll(async () => (await readAll(topic)).length).toBe(10);
        const all = await readAll(topic);
        const from = all[3]?.offset ?? 0;
        const to = all[7]?.offset ?? 0;
        await poll(async () => values(await readAll(topic, 0, from, to))).toEqual(['v3', 'v4', 'w0', 'w1']);
        expect(await readAll(topic, 0, to, to)).toEqual([]);
      });

      it('that are appended after a read began are not in it', async () => {
        const topic = await newTopic();
        await append(topic, ['before']);
        const iterable = log.read({ topic, partition: 0, from: 0 });
        const read: (string | null)[] = [];
        for await (const batch of iterable) {
          read.push(...values(batch.records));
          if (read.length < 3) await append(topic, ['after']);
        }
        expect(read).toEqual(['before']);
      });

      it('stay in the partition they were written to', async () => {
        const topic = await newTopic(3);
        await append(topic, ['zero'], 0);
        await append(topic, ['two', 'two again'], 2);
        await poll(async () => values(await readAll(topic, 0))).toEqual(['zero']);
        await poll(async () => values(await readAll(topic, 1))).toEqual([]);
        await poll(async () => values(await readAll(topic, 2))).toEqual(['two', 'two again']);
        const offsets = await log.offsets(topic);
        expect(offsets.map(({ partition, begin }) => ({ partition, begin }))).toEqual(
          [0, 1, 2].map((partition) => ({ partition, begin: 0 })),
        );
        expect(offsets.map(({ end }) => end > 0)).toEqual([true, false, true]);
      });
    });

    describe('claims', () => {
      it('carry the committed position and its metadata', async () => {
        const topic = await newTopic();
        const group = `group-${randomUUID()}`;
        const first = await log.claim(group, topic, 0);
        expect(first.committed).toBeNull();
        const metadata = JSON.stringify({ seen: 3, charge: { USD: '12' }, text: 'ü' });
        await first.commit({ outputs: [], nextOffset: 3, metadata });
        await first.release();
        await poll(async () => other.committed(group, topic, 0)).toEqual({ offset: 3, metadata });
        const second = await other.claim(group, topic, 0);
        expect(second.committed).toEqual({ offset: 3, metadata });
        await second.release();
        expect(await log.committed(`group-${randomUUID()}`, topic, 0)).toBeNull();
      });

      it('refuse a commit whose metadata is too long, and write nothing of it', async () => {
        const topic = await newTopic();
        const claim = await log.claim('group', topic, 0);
        const step = { outputs: [{ topic, partition: 0, value: Buffer.from('x') }], nextOffset: 1 };
        await expect(claim.commit({ ...step, metadata: 'm'.repeat(4_001) })).rejects.toMatchObject({
          code: 'TOLL_LOG_COMMIT_INVALID',
        });
        expect(await readAll(topic)).toEqual([]);
        await claim.release();
      });

      it('commit outputs to several partitions and the position together', async () => {
        const input = await newTopic();
        const output = await newTopic(2);
        const group = `group-${randomUUID()}`;
        const claim = await log.claim(group, input, 0);
        await claim.commit({
          outputs: [0, 1, 0].map((partition, i) => ({
            topic: output,
            partition,
            value: Buffer.from(`o${i}`),
          })),
          nextOffset: 7,
          metadata: 'seven',
        });
        await claim.release();
        await poll(async () => values(await readAll(output, 0))).toEqual(['o0', 'o2']);
        await poll(async () => values(await readAll(output, 1))).toEqual(['o1']);
        await poll(async () => log.committed(group, input, 0)).toEqual({ offset: 7, metadata: 'seven' });
      });

      it('leave nothing of a failed commit', async () => {
        const input = await newTopic();
        const output = await newTopic();
        const group = `group-${randomUUID()}`;
        const claim = await log.claim(group, input, 0);
        await claim.commit({ outputs: [], nextOffset: 1, metadata: 'one' });
        const outputs = [
          { topic: output, partition: 0, value: Buffer.from('never seen') },
          { topic: output, partition: 99, value: Buffer.from('no such partition') },
        ];
        await expect(claim.commit({ outputs, nextOffset: 2, metadata: 'two' })).rejects.toThrow();
        await claim.release();
        expect(await readAll(output)).toEqual([]);
        await poll(async () => log.committed(group, input, 0)).toEqual({ offset: 1, metadata: 'one' });
      });

      it('fence every earlier holder', async () => {
        const topic = await newTopic();
        const group = `group-${randomUUID()}`;
        const past = await log.claim(group, topic, 0);
        await past.commit({ outputs: [], nextOffset: 1, metadata: 'past' });
        const present = await other.claim(group, topic, 0);
        expect(present.committed).toEqual({ offset: 1, metadata: 'past' });
        const stale = {
          outputs: [{ topic, partition: 0, value: Buffer.from('stale') }],
          nextOffset: 9,
          metadata: 'stale',
        };
        await expect(past.commit(stale)).rejects.toBeInstanceOf(ClaimLostError);
        await present.commit({ outputs: [], nextOffset: 2, metadata: 'present' });
        await expect(past.commit(stale)).rejects.toThrow();
        expect(await readAll(topic)).toEqual([]);
        await poll(async () => log.committed(group, topic, 0)).toEqual({ offset: 2, metadata: 'present' });
        await past.release();
        await present.release();
      });

      it('of one group leave the other groups alone', async () => {
        const topic = await newTopic();
        const one = await log.claim(`group-${randomUUID()}`, topic, 0);
        const two = await log.claim(`group-${randomUUID()}`, topic, 0);
        await one.commit({ outputs: [], nextOffset: 1, metadata: '' });
        await two.commit({ outputs: [], nextOffset: 5, metadata: '' });
        await one.commit({ outputs: [], nextOffset: 2, metadata: '' });
        await poll(async () => (await log.committed(one.group, topic, 0))?.offset).toBe(2);
        await poll(async () => (await log.committed(two.group, topic, 0))?.offset).toBe(5);
        await one.release();
        await two.release();
      });
    });

    describe('members', () => {
      it('get every record once and in order, and lag falls to nothing', async () => {
        const topic = await newTopic(2);
        await append(topic, texts(50, 'p0-'), 0);
        await append(topic, texts(30, 'p1-'), 1);
        const seen: Record<number, (string | null)[]> = { 0: [], 1: [] };
        const lags = new Map<number, number>();
        const options = joinOptions({
          topics: [topic],
          process: async (batch) => void seen[batch.partition]?.push(...values(batch.records)),
          onEvent: (event) => {
            if (event.kind === 'lag') lags.set(event.partition, event.lag);
          },
        });
        const member = await log.join(options);
        await until(() => seen[0]?.length === 50 && seen[1]?.length === 30);
        await append(topic, ['late'], 0);
        await until(() => seen[0]?.length === 51);
        expect(member.joined).toBe(true);
        await until(() => lags.get(0) === 0 && lags.get(1) === 0);
        // A record of a transaction may be seen a moment before the marker behind it: a member that stopped then would leave it.
        for (const { partition, end } of await log.offsets(topic)) {
          await poll(async () => (await log.committed(options.group, topic, partition))?.offset).toBe(end);
        }
        await member.stop();
        await member.done;
        expect(seen[0]).toEqual([...texts(50, 'p0-'), 'late']);
        expect(seen[1]).toEqual(texts(30, 'p1-'));
      });

      it('go on where the last one committed', async () => {
        const topic = await newTopic();
        const group = `group-${randomUUID()}`;
        await append(topic, texts(10));
        const seen: (string | null)[] = [];
        const options = joinOptions({
          group,
          topics: [topic],
          recordsMax: 4,
          process: async (batch) => void seen.push(...values(batch.records)),
        });
        const first = await log.join(options);
        await until(() => seen.length === 10);
        await first.stop();
        await append(topic, texts(3, 'w'));
        const second = await other.join(options);
        await until(() => seen.length === 13);
        await second.stop();
        expect(seen).toEqual([...texts(10), ...texts(3, 'w')]);
      });

      it('are given batches within the limit of records', async () => {
        const topic = await newTopic();
        await append(topic, texts(10));
        const sizes: number[] = [];
        const options = joinOptions({
          topics: [topic],
          recordsMax: 4,
          process: async (batch) => void sizes.push(batch.records.length),
        });
        const member = await log.join(options);
        await until(() => sizes.reduce((sum, size) => sum + size, 0) === 10);
        await member.stop();
        expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
      });

      it('begin a failed task anew from the committed position', async () => {
        const topic = await newTopic();
        await append(topic, texts(6));
        const events: MembershipEvent[] = [];
        const committedBatches: (string | null)[] = [];
        const closed: string[] = [];
        const starts: (number | undefined)[] = [];
        let failures = 0;
        const member = await log.join(
          joinOptions({
            topics: [topic],
            recordsMax: 2,
            onOpen: (claim) => starts.push(claim.committed?.offset),
            onClose: (reason) => closed.push(reason),
            process: async (batch) => {
              if (batch.records[0]?.offset === 2 && failures < 2) {
                failures += 1;
                throw new Error(`failure ${failures}`);
              }
              committedBatches.push(...values(batch.records));
            },
            onEvent: (event) => events.push(event),
          }),
        );
        await until(() => committedBatches.length === 6);
        await member.stop();
        expect(committedBatches).toEqual(texts(6));
        expect(starts).toEqual([undefined, 2, 2]);
        expect(closed).toEqual(['failed', 'failed', 'stop']);
        const retries = events.filter((event) => event.kind === 'retry');
        expect(retries.map((event) => event.error.message)).toEqual(['failure 1', 'failure 2']);
      });

      it('drop a partition without a word when another owner took it', async () => {
        const topic = await newTopic();
        await append(topic, ['a']);
        const group = `group-${randomUUID()}`;
        const events: MembershipEvent[] = [];
        let processed = 0;
        let took: PartitionClaim | undefined;
        const member = await log.join(
          joinOptions({
            group,
            topics: [topic],
            onEvent: (event) => events.push(event),
            process: async () => {
              processed += 1;
              took ??= await other.claim(group, topic, 0);
            },
          }),
        );
        await until(() => events.some((event) => event.kind === 'revoked'));
        expect(events.find((event) => event.kind === 'revoked')?.error).toBeInstanceOf(ClaimLostError);
        expect(processed).toBe(1);
        expect(events.filter((event) => event.kind === 'retry' || event.kind === 'fatal')).toEqual([]);
        expect(await log.committed(group, topic, 0)).toBeNull();
        await member.stop();
        await took?.release();
      });

      it('share partitions, and take over what another leaves', async () => {
        const topic = await newTopic(4);
        const group = `group-${randomUUID()}`;
        const owned = { first: new Set<number>(), second: new Set<number>() };
        const seen: string[] = [];
        const options = (who: 'first' | 'second'): JoinOptions =>
          joinOptions({
            group,
            topics: [topic],
            process: async (batch) => void seen.push(...values(batch.records).map(String)),
            onEvent: (event) => {
              if (event.kind === 'assigned') owned[who].add(event.partition);
              if (event.kind === 'revoked') owned[who].delete(event.partition);
            },
          });
        const first = await log.join(options('first'));
        await until(() => owned.first.size === 4);
        for (const partition of [0, 1, 2, 3]) await append(topic, [`before-${partition}`], partition);
        await until(() => seen.length === 4);
        const second = await other.join(options('second'));
        await until(() => owned.first.size === 2 && owned.second.size === 2);
        for (const partition of [0, 1, 2, 3]) await append(topic, [`during-${partition}`], partition);
        await until(() => seen.length === 8);
        await first.stop();
        await until(() => owned.second.size === 4);
        for (const partition of [0, 1, 2, 3]) await append(topic, [`after-${partition}`], partition);
        await until(() => seen.length === 12);
        await second.stop();
        expect(seen.toSorted()).toEqual(
          ['after', 'before', 'during'].flatMap((when) =>
            [0, 1, 2, 3].map((partition) => `${when}-${partition}`),
          ),
        );
      });

      it('tick while nothing arrives, and flush on the way out', async () => {
        const topic = await newTopic();
        const group = `group-${randomUUID()}`;
        await append(topic, ['a', 'b']);
        let ticks = 0;
        let position = 0;
        const member = await log.join({
          group,
          topics: [topic],
          mode: 'offsets',
          tickMs: 20,
          open: async (claim): Promise<PartitionTask> => ({
            process: async (batch) => {
              position = batch.nextOffset;
            },
            tick: async () => {
              ticks += 1;
            },
            close: async () => claim.commit({ outputs: [], nextOffset: position, metadata: 'flushed' }),
          }),
        });
        await until(() => ticks >= 3 && position >= 2);
        expect(await log.committed(group, topic, 0)).toBeNull();
        await member.stop();
        await poll(async () => log.committed(group, topic, 0)).toEqual({
          offset: position,
          metadata: 'flushed',
        });
      });

      it('begin where the task says', async () => {
        const topic = await newTopic();
        await append(topic, texts(5));
        const seen: (string | null)[] = [];
        const options = joinOptions({
          topics: [topic],
          process: async (batch) => void seen.push(...values(batch.records)),
        });
        const member = await log.join({
          ...options,
          open: async (claim) => ({ ...(await options.open(claim)), startOffset: 3 }),
        });
        await until(() => seen.length === 2);
        await member.stop();
        expect(seen).toEqual(['v3', 'v4']);
      });

      it('in mode offsets commit positions only, and are refused once the partition has passed on', async () => {
        const topic = await newTopic();
        const group = `group-${randomUUID()}`;
        await append(topic, ['a']);
        const claims: PartitionClaim[] = [];
        const options = (): JoinOptions =>
          joinOptions({ group, topics: [topic], mode: 'offsets', onOpen: (claim) => claims.push(claim) });
        const first = await log.join(options());
        await until(async () => (await log.committed(group, topic, 0)) !== null);
        const output = { topic, partition: 0, value: Buffer.from('x') };
        await expect(
          claims[0]?.commit({ outputs: [output], nextOffset: 1, metadata: '' }),
        ).rejects.toMatchObject({
          code: 'TOLL_LOG_COMMIT_INVALID',
        });
        await first.stop();
        const second = await other.join(options());
        await until(() => claims.length === 2);
        const before = await log.committed(group, topic, 0);
        await expect(claims[0]?.commit({ outputs: [], nextOffset: 0, metadata: 'past' })).rejects.toThrow();
        await poll(async () => log.committed(group, topic, 0)).toEqual(before);
        await second.stop();
      });

      it('commit positions of several partitions together, all or none', async () => {
        const topic = await newTopic(3);
        const group = `group-${randomUUID()}`;
        for (const partition of [0, 1, 2]) await append(topic, ['a', 'b'], partition);
        const claims = new Map<number, PartitionClaim>();
        const opened = (claim: PartitionClaim): void => void claims.set(claim.partition, claim);
        const member = await log.join(
          joinOptions({ group, topics: [topic], mode: 'offsets', onOpen: opened }),
        );
        const positions = async (): Promise<unknown[]> =>
          Promise.all([0, 1, 2].map(async (partition) => log.committed(group, topic, partition)));
        await until(async () => (await positions()).every((position) => position !== null));
        const moved = [0, 1, 2].map((partition) => ({ offset: partition, metadata: `note ${partition}` }));
        const moves = moved.map(({ offset, metadata }, partition) => ({
          claim: claims.get(partition)!,
          nextOffset: offset,
          metadata,
        }));
        await log.commitPositions(moves);
        await poll(positions).toEqual(moved);
        const tooLong = { ...moves[2]!, metadata: 'x'.repeat(4_001) };
        const others = moves.slice(0, 2).map((move) => ({ ...move, metadata: 'not written' }));
        await expect(log.commitPositions([...others, tooLong])).rejects.toMatchObject({
          code: 'TOLL_LOG_COMMIT_INVALID',
        });
        const stranger = { ...moves[2]!, claim: { ...claims.get(2)!, handle: {} } };
        await expect(log.commitPositions([...others, stranger])).rejects.toMatchObject({
          code: 'TOLL_LOG_COMMIT_INVALID',
        });
        expect(await positions()).toEqual(moved);
        await member.stop();
      });

      it('commit none of several positions when a partition of them has passed on, and name it', async () => {
        const topic = await newTopic(2);
        const group = `group-${randomUUID()}`;
        for (const partition of [0, 1]) await append(topic, ['a'], partition);
        const claims = {
          first: new Map<number, PartitionClaim>(),
          second: new Map<number, PartitionClaim>(),
        };
        const options = (who: 'first' | 'second'): JoinOptions =>
          joinOptions({
            group,
            topics: [topic],
            mode: 'offsets',
            onOpen: (claim) => void claims[who].set(claim.partition, claim),
          });
        const first = await log.join(options('first'));
        await until(() => claims.first.size === 2);
        const second = await other.join(options('second'));
        await until(() => claims.second.size === 1);
        const positions = async (): Promise<unknown[]> =>
          Promise.all([0, 1].map(async (partition) => log.committed(group, topic, partition)));
        await until(async () => (await positions()).every((position) => position !== null));
        const before = await positions();
        const past = [0, 1].map((partition) => ({
          claim: claims.first.get(partition)!,
          nextOffset: 0,
          metadata: 'past',
        }));
        await expect(log.commitPositions(past)).rejects.toMatchObject({
          name: 'ClaimLostError',
          partition: [...claims.second.keys()][0],
        });
        expect(await positions()).toEqual(before);
        await second.stop();
        await first.stop();
      });

      it('stop after the batch in hand', async () => {
        const topic = await newTopic();
        await append(topic, texts(4));
        const group = `group-${randomUUID()}`;
        const entered = Promise.withResolvers<void>();
        const leave = Promise.withResolvers<void>();
        const member = await log.join(
          joinOptions({
            group,
            topics: [topic],
            recordsMax: 2,
            process: async () => {
              entered.resolve();
              await leave.promise;
            },
          }),
        );
        await entered.promise;
        const stopping = member.stop();
        leave.resolve();
        await stopping;
        await member.done;
        await poll(async () => (await log.committed(group, topic, 0))?.offset).toBe(2);
      });

      it('stop at once while a task is waiting to be opened again', async () => {
        const topic = await newTopic();
        await append(topic, ['a']);
        let retried = false;
        const member = await log.join(
          joinOptions({
            topics: [topic],
            process: async () => {
              throw new Error('never works');
            },
            onEvent: (event) => {
              retried ||= event.kind === 'retry' && event.attempt >= 2;
            },
          }),
        );
        await until(() => retried);
        await member.stop();
        await member.done;
      });

      it('end with the error that waiting cannot cure', async () => {
        const topic = await newTopic();
        await append(topic, ['a']);
        const error = Object.assign(new Error('the store is of a newer version'), { retriable: false });
        const member = await log.join(
          joinOptions({
            topics: [topic],
            process: async () => {
              throw error;
            },
          }),
        );
        await expect(member.done).rejects.toBe(error);
        await member.stop();
      });
    });

    describe('runner', () => {
      it('moves a chain of topics exactly once, whatever fails on the way', async () => {
        const input = await newTopic(2);
        const output = await newTopic(2);
        const group = `group-${randomUUID()}`;
        await append(input, texts(40), 0);
        await append(input, texts(40), 1);
        let calls = 0;
        const restored: number[] = [];
        const member = await runProcessor<{ count: number }>({
          log,
          group,
          topics: [input],
          recordsMax: 7,
          processor: {
            // The state is a fold over the stage's own output.
            restore: async (claim, from) => {
              let count = 0;
              for await (const batch of from.read({ topic: output, partition: claim.partition, from: 0 })) {
                count += batch.records.length;
              }
              restored.push(count);
              return { count };
            },
            process: (state, batch) => {
              calls += 1;
              if (calls % 5 === 0) throw new Error('every fifth batch fails');
              const outputs = batch.records.map((record) => {
                state.count += 1;
                return {
                  topic: output,
                  partition: batch.partition,
                  value: Buffer.from(`${record.value?.toString()}:${state.count}`),
                };
              });
              return { outputs, metadata: String(state.count) };
            },
          },
        });
        const isDone = async (partition: number): Promise<boolean> =>
          (await log.committed(group, input, partition))?.metadata === '40';
        await until(async () => (await isDone(0)) && (await isDone(1)));
        await member.stop();
        const expected = texts(40).map((text, i) => `${text}:${i + 1}`);
        await poll(async () => values(await readAll(output, 0))).toEqual(expected);
        await poll(async () => values(await readAll(output, 1))).toEqual(expected);
        expect(restored.length).toBeGreaterThan(2);
      });
    });
  });
}

interface TestJoin {
  readonly topics: readonly string[];
  readonly group?: string;
  readonly mode?: JoinOptions['mode'];
  readonly recordsMax?: number;
  readonly onEvent?: (event: MembershipEvent) => void;
  readonly onOpen?: (claim: PartitionClaim) => void;
  readonly onClose?: (reason: string) => void;
  readonly process?: (batch: RecordBatch) => Promise<void>;
}

/** A member that does `process` with each batch and commits it. */
function joinOptions(test: TestJoin): JoinOptions {
  return {
    group: test.group ?? `group-${randomUUID()}`,
    topics: test.topics,
    mode: test.mode ?? 'transactional',
    tickMs: 50,
    ...(test.recordsMax === undefined ? {} : { recordsMax: test.recordsMax }),
    ...(test.onEvent ? { onEvent: test.onEvent } : {}),
    open: async (claim) => {
      test.onOpen?.(claim);
      return {
        process: async (batch) => {
          await test.process?.(batch);
          await claim.commit({ outputs: [], nextOffset: batch.nextOffset, metadata: '' });
        },
        close: async (reason) => test.onClose?.(reason),
      };
    },
  };
}

/** Waits for a condition; the test's own time limit is the deadline. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}
