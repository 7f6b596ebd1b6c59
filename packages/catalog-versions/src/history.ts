import type { EventLog } from '@tollstream/event-log';
import { decodeManifest } from './manifest.ts';
import type { CatalogVersion } from './manifest.ts';
import { CATALOG_TOPIC, MANIFESTS } from './topic.ts';

/** @returns all published versions, ascending; none when there is no catalog topic */
export async function catalogHistory(
  log: EventLog,
  { topic = CATALOG_TOPIC }: { readonly topic?: string } = {},
): Promise<CatalogVersion[]> {
  const [info] = await log.describeTopics([topic]);
  if (info === undefined) return [];
  const versions = new Map<number, CatalogVersion>();
  for await (const batch of log.read({ topic, partition: MANIFESTS, from: 0 })) {
    for (const { value } of batch.records) {
      if (value === null) continue;
      const version = decodeManifest(value);
      versions.set(version.version, version);
    }
  }
  return [...versions.values()].sort((a, b) => a.version - b.version);
}

/** The version that services use at an instant: the newest whose time has come. */
export function versionInForce(history: readonly CatalogVersion[], atMs: number): CatalogVersion | undefined {
  return history.findLast(({ effectiveAt }) => effectiveAt === null || Date.parse(effectiveAt) <= atMs);
}
