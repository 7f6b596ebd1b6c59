import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CrashingStore } from './testing/crashing-store.ts';
import type { Owner } from './testing/partition.ts';
import { logOf, logOfPartitions, readOn, startProcess, takeOver } from './testing/partition.ts';

// The same cases on every run, so that a failure is seen again; FC_SEED asks for others.
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20200131) });

/** One life of a process: how it reads, where a block ends, and at which commit or insert it ends. */
const life = fc.record({
  batchBytes: fc.integer({ min: 1, max: 200 }),
  rowsMax: fc.integer({ min: 1, max: 30 }),
  failure: fc.constantFrom(null, 'nothing stored', 'half stored', 'all stored' as const),
  inBackground: fc.boolean(),
  insertsBefore: fc.integer({ min: 0, max: 4 }),
  crashAtCommit: fc.option(fc.record({ count: fc.integer({ min: 1, max: 8 }), before: fc.boolean() })),
});

test('whatever the blocks and wherever processes end, every row is stored once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 }),
      fc.array(life, { maxLength: 5 }),
      async (sizes, lives) => {
        let name = 0;
        const messages = sizes.map((size) => Array.from({ length: size }, () => `row-${name++}`));
        const log = await logOf(messages);
        const store = new CrashingStore();
        for (const { batchBytes, rowsMax, failure, inBackground, insertsBefore, crashAtCommit } of lives) {
          store.failures.length = 0;
          store.failures.push(...Array.from({ length: insertsBefore }, () => null), failure);
          let commits = 0;
          const end = (before: boolean): void => {
            if (before) commits++;
            if (crashAtCommit?.count === commits && crashAtCommit.before === before)
              throw new Error('ends here');
          };
          const owner = await takeOver(log, store, {
            limits: {
              rowsMax,
              bytesMax: 100_000,
              ageMsMax: 1000,
              ageGrowingMsMax: 1000,
              ageBehindMsMax: 1000,
            },
            inBackground,
            beforeCommit: () => end(true),
            afterCommit: () => end(false),
          });
          await readOn(log, owner, batchBytes)
            .then(async () => owner.task.tick(1000))
            .catch(() => undefined);
          await owner.task.close('failed');
        }
        store.failures.length = 0;
        const last = await takeOver(log, store);
        await readOn(log, last);
        await last.task.close('stop');
        expect(store.rows).toEqual(messages.flat());
      },
    ),
    { numRuns: 300 },
  );
});

/** One life of a process that has some of the partitions; the others have another one, which lives as long. */
const shared = fc.record({
  batchBytes: fc.integer({ min: 1, max: 200 }),
  rowsMax: fc.integer({ min: 1, max: 30 }),
  failure: fc.constantFrom(null, 'nothing stored', 'half stored', 'all stored' as const),
  insertsBefore: fc.integer({ min: 0, max: 4 }),
  crashAtCommit: fc.option(fc.record({ count: fc.integer({ min: 1, max: 8 }), before: fc.boolean() })),
  /** By partition: which of the two has it. */
  split: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 }),
  keepsOld: fc.boolean(),
});

test('however partitions move between processes that end, every row of all of them is stored once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8 }), { minLength: 3, maxLength: 3 }),
      fc.array(shared, { maxLength: 5 }),
      async (sizes, lives) => {
        let name = 0;
        const messages = sizes.map((ofPartition) =>
          ofPartition.map((size) => Array.from({ length: size }, () => `row-${name++}`)),
        );
        const log = await logOfPartitions(messages);
        const store = new CrashingStore();
        const old: Owner[] = [];
        for (const { batchBytes, rowsMax, failure, insertsBefore, crashAtCommit, split, keepsOld } of lives) {
          store.failures.length = 0;
          store.failures.push(...Array.from({ length: insertsBefore }, () => null), failure);
          const limits = {
            rowsMax,
            bytesMax: 100_000,
            ageMsMax: 1000,
            ageGrowingMsMax: 1000,
            ageBehindMsMax: 1000,
          };
          const owners: Owner[] = [];
          for (const process of [0, 1]) {
            let commits = 0;
            const end = (before: boolean): void => {
              if (before) commits++;
              if (crashAtCommit?.count === commits && crashAtCommit.before === before)
                throw new Error('ends here');
            };
            const own = [0, 1, 2].filter((partition) => split[partition] === process);
            const opened = await startProcess(log, store, own, {
              limits,
              inBackground: true,
              beforeCommit: () => end(true),
              afterCommit: () => end(false),
            });
            owners.push(...opened);
          }
          await Promise.all(
            owners.map(async (owner) =>
              readOn(log, owner, batchBytes)
                .then(async () => owner.task.tick(1000))
                .catch(() => undefined),
            ),
          );
          // An owner of the past, who does not know it, goes on beside the next ones.
          if (keepsOld) old.push(...owners);
          else await Promise.all(owners.map(async ({ task }) => task.close('failed')));
        }
        store.failures.length = 0;
        const last = await startProcess(log, store, [0, 1, 2], { inBackground: true });
        for (const owner of last) await readOn(log, owner);
        await Promise.all(last.map(async ({ task }) => task.close('stop')));
        for (const { task } of old) await task.close('stop').catch(() => undefined);
        expect([...store.rows].sort()).toEqual(messages.flat(2).sort());
        expect(new Set(store.rows).size).toBe(store.rows.length);
      },
    ),
    { numRuns: 300 },
  );
});
