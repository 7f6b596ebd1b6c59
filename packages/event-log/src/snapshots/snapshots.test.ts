import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameWriter, readFrames, SnapshotDamagedError } from './frames.ts';
import { createMemorySnapshots } from './memory-snapshots.ts';
import type { SnapshotStore } from './port.ts';
import { openSnapshotDirectory } from './snapshot-directory.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const PLACE = { group: 'a/b', topic: 'calls.accepted', partition: 3 };
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-snapshots-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function write(store: SnapshotStore, contents: readonly Buffer[]): Promise<void> {
  const writer = new FrameWriter(await store.create(PLACE));
  await Promise.all(contents.map(async (content, i) => writer.frame(i, content)));
  await writer.complete();
}

async function read(store: SnapshotStore, name: string): Promise<Buffer[]> {
  const stored = await store.open(PLACE, name);
  const contents: Buffer[] = [];
  try {
    for await (const { kind, content } of readFrames(stored)) {
      expect(kind).toBe(contents.length);
      expect(content.byteOffset % 8).toBe(0);
      contents.push(content);
    }
  } finally {
    await stored.close();
  }
  return contents;
}

const STORES: readonly [string, () => SnapshotStore][] = [
  ['in memory', () => createMemorySnapshots()],
  ['in a directory', () => openSnapshotDirectory(mkdtempSync(path.join(directory, 'store-')))],
];

describe.each(STORES)('snapshots %s', (_name, open) => {
  it('are read as they were written, newest first, and two are kept', async () => {
    const store = open();
    expect(await store.list(PLACE)).toEqual([]);
    for (const text of ['one', 'two', 'three']) await write(store, [Buffer.from(text), Buffer.alloc(0)]);
    const names = await store.list(PLACE);
    expect(await Promise.all(names.map(async (name) => (await read(store, name)).map(String)))).toEqual([
      ['three', ''],
      ['two', ''],
    ]);
    expect(await store.list({ ...PLACE, partition: 4 })).toEqual([]);
  });

  it('are seen once they are complete', async () => {
    const store = open();
    await write(store, [Buffer.from('one')]);
    const names = await store.list(PLACE);
    const draft = await store.create(PLACE);
    await draft.append([Buffer.from('half of')]);
    expect(await store.list(PLACE)).toEqual(names);
    await draft.discard();
    expect(await store.list(PLACE)).toEqual(names);
  });
});

it('leaves nothing of what a killed process was writing', async () => {
  const own = mkdtempSync(path.join(directory, 'killed-'));
  const store = openSnapshotDirectory(own);
  await write(store, [Buffer.from('one')]);
  const [folder] = readdirSync(own, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  writeFileSync(path.join(folder!.parentPath, '000000000002-0a0a0a.snapshot.partial'), 'half');
  await write(store, [Buffer.from('two')]);
  expect(readdirSync(folder!.parentPath).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect((await store.list(PLACE)).length).toBe(2);
});

it(`a snapshot with any byte changed, cut or lengthened is found damaged (seed ${seed})`, async () => {
  const contents = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), async (pieces, where, bits) => {
      const store = createMemorySnapshots();
      await write(
        store,
        pieces.map((piece) => Buffer.from(piece)),
      );
      const [[name, sound]] = store.files(PLACE) as unknown as [[string, Buffer]];
      const at = where % sound.length;
      const changed = Buffer.from(sound);
      changed[at]! ^= bits;
      for (const damaged of [
        changed,
        sound.subarray(0, at),
        Buffer.concat([sound, changed.subarray(0, 1)]),
      ]) {
        store.files(PLACE).set(name, damaged);
        await expect(read(store, name)).rejects.toBeInstanceOf(SnapshotDamagedError);
      }
    }),
    { numRuns: 500, seed },
  );
});
