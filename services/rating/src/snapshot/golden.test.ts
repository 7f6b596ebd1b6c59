/**
 * A snapshot of each schema is kept. What its frames hold and mean must not change while the number stays: a program of the day after would
 * take up a state that it does not understand. Who changes them raises STATE_SCHEMA, and keeps a snapshot of the new one with
 * `UPDATE_GOLDEN=1 npm test -- services/rating/src/snapshot/golden.test.ts`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ZERO_TOTALS } from '@tollstream/contracts';
import { createMemorySnapshots, FrameWriter, readFrames } from '@tollstream/event-log';
import type { StoredSnapshot } from '@tollstream/event-log';
import { expect, it } from 'vitest';
import { createRatingProcessor } from '../rating.ts';
import { emptyState } from '../state.ts';
import type { RatingState } from '../state.ts';
import { testCatalog } from '../testing/catalog.ts';
import { limit } from '../testing/limits.ts';
import { accept, openStage, rate, TOPICS } from '../testing/stage.ts';
import { contentOf } from '../testing/state-content.ts';
import type { SnapshotEvent } from './snapshot-writer.ts';
import { readState, restOf, STATE_SCHEMA, writeHead, writeIdentities } from './state-frames.ts';
import type { SnapshotHead } from './state-frames.ts';

interface Kept {
  /** What is in it, for people and to compare with. */
  readonly content: unknown;
  /** In base64. */
  readonly snapshot: string;
}

const DIRECTORY = new URL('golden/', import.meta.url);
const CHANGED = `What snapshots hold has changed, and STATE_SCHEMA is still ${STATE_SCHEMA}: see the top of this file.`;
const PLACE = { group: 'rating', topic: TOPICS.accepted, partition: 0 };
const LIMITS = { windowCallsMax: 1_000, windowAgeMs: 86_400_000 };
const SLOTS = 1_000_000;

const accounts = [...testCatalog().accounts].map(
  ([id, account]) =>
    [id, { ...account, spendLimits: [limit('daily', 0.05, { thresholds: [50, 100] })] }] as const,
);
const catalog = { ...testCatalog(), accounts: new Map(accounts) };

/** A state with something of everything: rated and suspended calls, a conflict, allowances, parts that wait, spending. */
async function stateOfToday(): Promise<RatingState> {
  const log = await openStage();
  await accept(log, [
    [
      { id: 'a', seconds: 120, device: 'desk' },
      { id: 'a', seconds: 60 },
      { id: 'b', to: 442071234567, seconds: 95 },
      { id: 'c', to: 'nowhere' },
      { id: 'd', account: 'nobody' },
    ],
    [
      { id: 'long', partialSequence: 1 },
      { id: 'e', to: 5511987650123, seconds: 300 },
    ],
  ]);
  const processor = createRatingProcessor({ catalog, topics: TOPICS, limits: LIMITS });
  await rate(log, processor, { blocksPerBatch: 1 });
  const claim = await log.claim('rating', TOPICS.accepted, 0);
  return processor.restore(claim, log);
}

async function bytesOf(state: RatingState): Promise<Buffer> {
  const store = createMemorySnapshots();
  const draft = await store.create(PLACE);
  const writer = new FrameWriter(draft);
  const { bounds, size } = state.window;
  const head: SnapshotHead = {
    schema: STATE_SCHEMA,
    source: {
      ...PLACE,
      topicIds: { accepted: '1', rated: '2', suspended: '3', resolved: '4', alerts: '5' },
      limits: LIMITS,
    },
    from: 1,
    outputs: { rated: 1, suspended: 1, resolved: 0, alerts: 0 },
    window: { bounds, size },
  };
  await writeHead(writer, head);
  await writeIdentities(writer, state.window.copy().next(SLOTS)!);
  await restOf(state, 2)(writer);
  await writer.complete();
  return [...store.files(PLACE).values()][0]!;
}

async function storedOf(bytes: Buffer): Promise<StoredSnapshot> {
  const store = createMemorySnapshots();
  store.files(PLACE).set('000000000001-000000.snapshot', bytes);
  return store.open(PLACE, '000000000001-000000.snapshot');
}

function kept(schema: number): Kept {
  return JSON.parse(readFileSync(fileOf(schema), 'utf8')) as Kept;
}

function fileOf(schema: number): URL {
  return new URL(`state-${schema}.json`, DIRECTORY);
}

/** As it stands in a file. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

it('the snapshot that is kept of this schema still loads as the state that it was', async () => {
  if (process.env['UPDATE_GOLDEN'] === '1' && !existsSync(fileOf(STATE_SCHEMA))) {
    const state = await stateOfToday();
    const content = plain(contentOf(state));
    const snapshot = (await bytesOf(state)).toString('base64');
    writeFileSync(fileOf(STATE_SCHEMA), `${JSON.stringify({ content, snapshot }, null, 2)}\n`);
  }
  const { content, snapshot } = kept(STATE_SCHEMA);
  const state = emptyState(LIMITS, ZERO_TOTALS);
  const stored = await storedOf(Buffer.from(snapshot, 'base64'));
  const read = await readState(readFrames(stored), state, () => null);
  if (typeof read === 'string') expect.fail(read);
  state.totals = read.end.totals;
  expect(plain(contentOf(state)), CHANGED).toEqual(content);
});

it('the same calls give the same state, and it is written as the same bytes', async () => {
  const { content, snapshot } = kept(STATE_SCHEMA);
  const state = await stateOfToday();
  expect(plain(contentOf(state)), CHANGED).toEqual(content);
  expect((await bytesOf(state)).toString('base64'), CHANGED).toBe(snapshot);
});

it('snapshots of other schemas are passed over, with their number', async () => {
  const numbers = readdirSync(DIRECTORY).map((name) => Number(/^state-(\d+)\.json$/.exec(name)![1]));
  const older = numbers.filter((schema) => schema !== STATE_SCHEMA);
  const snapshots = older.map((schema) => [schema, Buffer.from(kept(schema).snapshot, 'base64')] as const);
  const next = STATE_SCHEMA + 1;
  for (const [schema, bytes] of [...snapshots, [next, await bytesOfSchema(next)] as const]) {
    const log = await openStage();
    const store = createMemorySnapshots();
    const events: SnapshotEvent[] = [];
    await accept(log, [[{ id: 'a' }]]);
    await rate(log, createRatingProcessor({ catalog, topics: TOPICS, limits: LIMITS }));
    store.files(PLACE).set('000000000001-000000.snapshot', bytes);
    const claim = await log.claim('rating', TOPICS.accepted, 0);
    const onSnapshot = (event: SnapshotEvent): void => void events.push(event);
    const options = { catalog, topics: TOPICS, limits: LIMITS, snapshots: { store }, onSnapshot };
    await createRatingProcessor(options).restore(claim, log);
    expect(events).toMatchObject([
      { kind: 'refused', reason: `it is of schema ${schema}, and this program reads ${STATE_SCHEMA}` },
    ]);
  }
});

async function bytesOfSchema(schema: number): Promise<Buffer> {
  const store = createMemorySnapshots();
  const writer = new FrameWriter(await store.create(PLACE));
  await writeHead(writer, { schema } as SnapshotHead);
  await writer.complete();
  return [...store.files(PLACE).values()][0]!;
}
