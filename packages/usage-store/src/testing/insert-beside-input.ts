/**
 * Child process of the test of standard input: stores a block while bytes wait there, then says how many bytes it read.
 * Argument: data directory.
 */
import { openEmbeddedStore } from '../embedded-store.ts';
import { USAGE_TABLES } from '../tables.ts';
import { sampleBlock } from './sample-rows.ts';

const ROWS = 100;
const store = await openEmbeddedStore({ dataDirectory: process.argv[2] ?? '' });
await store.migrate();
const natives = [await sampleBlock(store, 'usage', 0, ROWS)];
await store.insertBlocks({
  table: 'usage',
  columns: USAGE_TABLES.usage.columns,
  natives,
  token: 'beside input',
  rows: ROWS,
});
let bytes = 0;
for await (const piece of process.stdin) bytes += (piece as Buffer).length;
await store.close();
process.stdout.write(`${bytes}\n`);
