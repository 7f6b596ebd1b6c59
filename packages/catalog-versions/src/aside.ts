/** Makes a version ready on a thread of its own, from the pieces on the topic to the catalog, so that whoever serves calls meanwhile is not held up. */
import { Worker } from 'node:worker_threads';
import { receiveCatalog } from '@tollstream/catalog';
import type { Catalog, CatalogProblem, TransferredCatalog } from '@tollstream/catalog';
import type { TollErrorShape } from '@tollstream/service-kit';
import { CatalogVersionError } from './errors.ts';
import type { CatalogVersion } from './manifest.ts';
import { checked } from './read.ts';
import type { ReadOptions } from './read.ts';

type VersionToRead = Pick<CatalogVersion, 'version' | 'fingerprint' | 'content'>;

/** What the thread is given. */
export interface AsideTask extends Pick<ReadOptions, 'defaultPlan'> {
  readonly version: VersionToRead;
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

/** What it answers. */
export type AsideAnswer =
  | { readonly kind: 'built'; readonly catalog: TransferredCatalog }
  | { readonly kind: 'invalid'; readonly problems: readonly CatalogProblem[] }
  | { readonly kind: 'unusable'; readonly error: TollErrorShape };

/**
 * @param chunks as `readStoredContent` found them; they are given away
 * @throws as `readCatalogVersion` does, and what makes the thread fail
 */
export async function compileVersionAside(
  version: VersionToRead,
  chunks: readonly Uint8Array<ArrayBuffer>[],
  { defaultPlan }: Pick<ReadOptions, 'defaultPlan'> = {},
): Promise<Catalog> {
  const answer = await ask({ version, chunks, defaultPlan });
  if (answer.kind === 'unusable') throw new CatalogVersionError(answer.error);
  return checked(
    version,
    answer.kind === 'built'
      ? { ok: true, catalog: receiveCatalog(answer.catalog), warnings: [] }
      : { ok: false, problems: answer.problems },
  );
}

function ask(task: AsideTask): Promise<AsideAnswer> {
  const worker = new Worker(new URL('./aside-worker.ts', import.meta.url), {
    workerData: task,
    transferList: task.chunks.map(({ buffer }) => buffer),
    name: 'catalog',
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (answer: AsideAnswer) => {
      resolve(answer);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread of the catalog ended with ${code}`)));
  });
}
