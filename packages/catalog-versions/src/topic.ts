/**
 * The catalog topic:
 *
 *   partition 0   version/7 → manifest, the last thing written of a version
 *   partition 1   content/<sha256>/<index> → a piece of the compressed files
 *
 * Keys never repeat but for content whose publication was cut off, so compaction keeps every version that a row may name.
 */
import type { TopicSpec } from '@tollstream/event-log';

export const CATALOG_TOPIC = 'catalog';
export const MANIFESTS = 0;
export const CONTENT = 1;
const PARTITIONS = 2;

/** The topic as it is to be created. */
export function catalogTopic(name: string = CATALOG_TOPIC): TopicSpec {
  return {
    name,
    partitions: PARTITIONS,
    // A version may be named by rows for ever: kept without a limit of time, whatever the broker's default.
    settings: { 'cleanup.policy': 'compact', 'retention.ms': '-1' },
  };
}

export function versionKey(version: number): string {
  return `version/${version}`;
}

export function contentKey(sha256: string, index: number): string {
  return `content/${sha256}/${index}`;
}
