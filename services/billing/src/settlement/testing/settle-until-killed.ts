/** A process that settles the month of a data directory, and is killed after some step: `node settle-until-killed.ts DIR STEP NTH`. */
import { testTable } from '@tollstream/settlement/testing';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { pricedAsRated } from '../catalogs.ts';
import { applyMonth } from '../settle.ts';

const [directory = '', step = '0', nth = '1'] = process.argv.slice(2);
const store = await openEmbeddedStore({ dataDirectory: directory });
let seen = 0;
const applied = await applyMonth(store, {
  month: 202001,
  account: null,
  kind: 'settlement',
  catalogs: pricedAsRated([testTable().catalog]),
  again: false,
  clock: () => Date.UTC(2020, 1, 2),
  limits: { chunkRowsMax: 80, insertRowsMax: 30, chunksAtOnceMax: 2 },
  async onStep(number) {
    if (number !== Number(step) || ++seen < Number(nth)) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal ends the process before this does.
    await new Promise(() => undefined);
  },
});
process.stdout.write(
  `${JSON.stringify({ adjustments: applied.adjustments, isResumed: applied.isResumed })}\n`,
);
await store.close();
process.exit(0);
