/**
 * Child process of the kill test: brings block after block into the store, and says on standard output when each is begun and done.
 * Arguments: data directory, number of the first block, whether that one may have been begun before.
 */
import { openEmbeddedStore } from '../embedded-store.ts';
import { USAGE_TABLES } from '../tables.ts';
import { sampleBlock } from './sample-rows.ts';

const ROWS = 2_000;
const [directory = '', first = '0', begun = ''] = process.argv.slice(2);
const store = await openEmbeddedStore({ dataDirectory: directory });
await store.migrate();
for (let block = Number(first), mayBeStored = begun === 'begun'; ; block++, mayBeStored = false) {
  for (const table of ['usage', 'usage_suspended'] as const) {
    const insert = {
      table,
      columns: USAGE_TABLES[table].columns,
      natives: [
        await sampleBlock(store, table, block * ROWS, block * ROWS + ROWS / 2),
        await sampleBlock(store, table, block * ROWS + ROWS / 2, block * ROWS + ROWS),
      ],
      token: `${table}-${block}`,
      rows: ROWS,
    };
    if (table === 'usage') process.stdout.write(`begin ${block}\n`);
    if (mayBeStored) await store.replayBlocks(insert);
    else await store.insertBlocks(insert);
  }
  process.stdout.write(`done ${block}\n`);
}
