/** `restore-once.ts DIRECTORY IDS output|snapshot`: one restart of rating; see `restore.ts`. From output, it also writes a snapshot. */
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { openSnapshotDirectory, openSqliteEventLog } from '@tollstream/event-log';
import { RATING_GROUP, createRatingProcessor } from '@tollstream/service-rating';
import type { SnapshotEvent } from '@tollstream/service-rating';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { measured } from './process-usage.ts';
import type { RestoredOnce } from './restore.ts';
import { TOPICS } from './stages.ts';

const [directory, ids, from] = process.argv.slice(2) as [string, string, 'output' | 'snapshot'];
const log = openSqliteEventLog({ directory: path.join(directory, 'log') });
const store = openSnapshotDirectory(path.join(directory, 'snapshots'));
const events: SnapshotEvent[] = [];
const processor = createRatingProcessor({
  catalog: await requireCatalog(SAMPLE_CATALOG),
  topics: TOPICS,
  limits: { windowCallsMax: Number(ids) * 2, windowAgeMs: 31 * 86_400_000 },
  snapshots: { store },
  onSnapshot: (event) => events.push(event),
});
const claim = await log.claim(RATING_GROUP, TOPICS.accepted, 0);
const [state, cost] = await measured(() => processor.restore(claim, log));
if ((from === 'snapshot') !== events.some(({ kind }) => kind === 'used'))
  throw new Error(`not restored from ${from}: ${JSON.stringify(events)}`);
const answer: RestoredOnce = { cost, ids: state.window.size, window_bytes: state.window.byteLength };
process.stdout.write(
  JSON.stringify(from === 'snapshot' ? answer : { ...answer, snapshot: await writeSnapshot() }),
);
await claim.release();
await log.close();

/** As fast as it may: each batch is done as soon as it has come. */
async function writeSnapshot(): Promise<NonNullable<RestoredOnce['snapshot']>> {
  const follower = processor.follow!(state, claim, log);
  let pauseSeconds = 0;
  for (;;) {
    await follower.committed(claim.committed!);
    await new Promise(setImmediate);
    const failed = events.find((event) => event.kind === 'failed');
    if (failed !== undefined) throw failed.error;
    for (const event of events)
      if (event.kind === 'paused') pauseSeconds = Math.max(pauseSeconds, event.seconds);
    const written = events.find((event) => event.kind === 'written');
    events.length = 0;
    if (written === undefined) continue;
    await follower.close();
    const { bytes, seconds } = written;
    return {
      bytes,
      seconds: Number(seconds.toFixed(2)),
      pause_ms: Number((pauseSeconds * 1_000).toFixed(1)),
    };
  }
}
