/** Reads, checks and compiles a catalog on a thread of its own, so that whoever serves calls meanwhile is not held up. */
import { Worker } from 'node:worker_threads';
import type { CatalogOptions, CatalogResult } from './build.ts';
import type { CatalogProblem } from './problems.ts';
import { type TransferredCatalog, receiveCatalog } from './transfer.ts';

/** A directory, or the files of one by their paths in it. */
export type CatalogSource =
  { readonly directory: string } | { readonly files: ReadonlyMap<string, Uint8Array> };

/** What the thread is given. */
export interface CatalogTask {
  readonly source: CatalogSource;
  readonly options: CatalogOptions;
}

/** What it answers. */
export type CatalogAnswer =
  | { readonly ok: true; readonly catalog: TransferredCatalog; readonly warnings: readonly CatalogProblem[] }
  | { readonly ok: false; readonly problems: readonly CatalogProblem[] };

/**
 * As `loadCatalog` and `buildCatalog`, on another thread.
 * @throws what makes the thread fail; what the files say does not
 */
export function loadCatalogInWorker(
  source: CatalogSource,
  options: CatalogOptions = {},
): Promise<CatalogResult> {
  const task: CatalogTask = { source, options };
  const worker = new Worker(new URL('./catalog-worker.ts', import.meta.url), { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once('message', (answer: CatalogAnswer) => {
      resolve(answer.ok ? { ...answer, catalog: receiveCatalog(answer.catalog) } : answer);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread of the catalog ended with ${code}`)));
  });
}
