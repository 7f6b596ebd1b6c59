/** A member that copies a topic; run as a process of its own, it writes each committed value to standard output. */
import type { ClaimMode, EventLog, Membership } from '../../port.ts';
import { openKafkaEventLog } from '../kafka-event-log.ts';

export const SLEEPER_OPTIONS = {
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 500,
  backoff: { initialMs: 20, maxMs: 200 },
} as const;

export interface CopierOptions {
  readonly group: string;
  readonly topic: string;
  readonly mode: ClaimMode;
  readonly onCommitted: (value: string) => void;
}

/** Copies to `<topic>-copy` in mode transactional; in mode offsets it only moves its position. */
export async function joinCopier(
  log: EventLog,
  { group, topic, mode, onCommitted }: CopierOptions,
): Promise<Membership> {
  return log.join({
    group,
    topics: [topic],
    mode,
    open: async (claim) => ({
      process: async ({ records, nextOffset }) => {
        const copies = records.map(({ value }) => ({ topic: `${topic}-copy`, partition: 0, value }));
        await claim.commit({ outputs: mode === 'transactional' ? copies : [], nextOffset, metadata: '' });
        for (const { value } of records) onCommitted(String(value));
      },
      close: async () => undefined,
    }),
  });
}

if (import.meta.main) {
  const [brokers = '', group = '', topic = '', mode = ''] = process.argv.slice(2);
  const log = openKafkaEventLog({ brokers: brokers.split(','), ...SLEEPER_OPTIONS });
  await joinCopier(log, {
    group,
    topic,
    mode: mode === 'offsets' ? 'offsets' : 'transactional',
    onCommitted: (value) => process.stdout.write(`${value}\n`),
  });
}
