import type { EventLog, PartitionClaim } from '@tollstream/event-log';
import type { DedupeLimits } from '../dedupe-window.ts';
import type { RatingTopics } from '../processor.ts';
import { OUTPUTS } from './state-frames.ts';
import type { SnapshotSource } from './state-frames.ts';

/** What a snapshot of the partition belongs to, as things are now. */
export async function sourceOf({
  log,
  claim: { group, topic, partition },
  topics,
  limits,
}: {
  log: EventLog;
  claim: PartitionClaim;
  topics: RatingTopics;
  limits: DedupeLimits;
}): Promise<SnapshotSource> {
  const names = ['accepted', ...OUTPUTS] as const;
  const infos = await log.describeTopics(names.map((name) => topics[name]));
  const idOf = (name: string): string => infos.find((info) => info.name === name)?.id ?? '';
  const topicIds = Object.fromEntries(names.map((name) => [name, idOf(topics[name])]));
  const { windowCallsMax, windowAgeMs } = limits;
  return {
    group,
    topic,
    partition,
    topicIds: topicIds as SnapshotSource['topicIds'],
    limits: { windowCallsMax, windowAgeMs },
  };
}

/** @returns in what the two differ, for a person; null when in nothing */
export function differenceOf(found: SnapshotSource, wanted: SnapshotSource): string | null {
  if (found.group !== wanted.group || found.topic !== wanted.topic || found.partition !== wanted.partition)
    return `it is of ${found.group} on ${found.topic}/${found.partition}`;
  for (const name of ['accepted', ...OUTPUTS] as const)
    if (found.topicIds[name] !== wanted.topicIds[name])
      return `the topic of ${name} records was created anew since it was written`;
  if (
    found.limits.windowCallsMax !== wanted.limits.windowCallsMax ||
    found.limits.windowAgeMs !== wanted.limits.windowAgeMs
  )
    return 'it was written under other limits of the duplicate window';
  return null;
}
