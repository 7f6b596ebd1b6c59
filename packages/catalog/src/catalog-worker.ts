/** The thread behind `loadCatalogInWorker`. */
import { parentPort as port, workerData } from 'node:worker_threads';
import { buildCatalog } from './build.ts';
import type { CatalogAnswer, CatalogTask } from './catalog-thread.ts';
import { loadCatalog } from './load.ts';
import { transferCatalog } from './transfer.ts';

const { source, options } = workerData as CatalogTask;
const result =
  'directory' in source ? await loadCatalog(source.directory, options) : buildCatalog(source.files, options);
const answer: CatalogAnswer = result.ok ? { ...result, catalog: transferCatalog(result.catalog) } : result;
port?.postMessage(answer);
