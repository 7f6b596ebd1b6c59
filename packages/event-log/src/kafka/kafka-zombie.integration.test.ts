/**
 * A member that slept past its session wakes up as if nothing had happened. Whatever it still believes, nothing is done twice.
 * A real process is stopped and continued, so that the whole client sleeps.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, inject, it } from 'vitest';
import type { ClaimMode, EventLog } from '../port.ts';
import { openKafkaEventLog } from './kafka-event-log.ts';
import { joinCopier, SLEEPER_OPTIONS } from './testing/copier.ts';

const brokers = inject('kafkaBrokers');
const WAIT = { timeout: 60_000, interval: 20 };
const children: ChildProcess[] = [];

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

interface Sleeper {
  readonly process: ChildProcess;
  /** Values whose commit was acknowledged. */
  readonly committed: string[];
}

function startSleeper(group: string, topic: string, mode: ClaimMode): Sleeper {
  const script = join(import.meta.dirname, 'testing', 'copier.ts');
  const child = spawn(process.execPath, [script, brokers.join(','), group, topic, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const committed: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => committed.push(line));
  return { process: child, committed };
}

async function append(log: EventLog, topic: string, value: string): Promise<void> {
  const claim = await log.claim(`loader-${topic}`, topic, 0);
  await claim.commit({
    outputs: [{ topic, partition: 0, value: Buffer.from(value) }],
    nextOffset: 0,
    metadata: '',
  });
  await claim.release();
}

describe.skipIf(brokers.length === 0)('a member that slept past its session', () => {
  for (const mode of ['transactional', 'offsets'] as const) {
    it.concurrent(
      `does nothing twice in mode ${mode}, and works on once it is asked again`,
      async ({ expect }) => {
        const log = openKafkaEventLog({ brokers, ...SLEEPER_OPTIONS });
        const topic = `topic-${randomUUID()}`;
        const output = `${topic}-copy`;
        const group = `group-${topic}`;
        await log.createTopics([topic, output].map((name) => ({ name, partitions: 1 })));

        const sleeper = startSleeper(group, topic, mode);
        await append(log, topic, 'a');
        await expect.poll(() => sleeper.committed, WAIT).toEqual(['a']);
        sleeper.process.kill('SIGSTOP');

        const committed: string[] = [];
        const successor = await joinCopier(log, {
          group,
          topic,
          mode,
          onCommitted: (value) => committed.push(value),
        });
        await append(log, topic, 'b');
        await expect.poll(() => committed, WAIT).toEqual(['b']);

        sleeper.process.kill('SIGCONT');
        await append(log, topic, 'c');
        await expect.poll(() => [...committed, ...sleeper.committed].length, WAIT).toBe(3);
        await successor.stop();
        await append(log, topic, 'd');
        await expect.poll(() => sleeper.committed, WAIT).toContain('d');

        expect([...committed, ...sleeper.committed].toSorted()).toEqual(['a', 'b', 'c', 'd']);
        if (mode === 'transactional') {
          await expect
            .poll(async () => {
              const copied: string[] = [];
              for await (const batch of log.read({ topic: output, partition: 0, from: 0 })) {
                copied.push(...batch.records.map((record) => String(record.value)));
              }
              return copied;
            }, WAIT)
            .toEqual(['a', 'b', 'c', 'd']);
        }
        await log.close();
      },
    );
  }
});
