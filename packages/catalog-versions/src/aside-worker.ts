/** The thread behind `compileVersionAside`. */
import { parentPort as port, workerData } from 'node:worker_threads';
import { buildCatalog, transferCatalog } from '@tollstream/catalog';
import type { AsideAnswer, AsideTask } from './aside.ts';
import { CatalogVersionError } from './errors.ts';
import { filesOf } from './read.ts';

port?.postMessage(await answer(workerData as AsideTask));

async function answer({ version, chunks, defaultPlan }: AsideTask): Promise<AsideAnswer> {
  try {
    const built = buildCatalog(await filesOf(version, chunks), { defaultPlan, version: version.version });
    return built.ok
      ? { kind: 'built', catalog: transferCatalog(built.catalog) }
      : { kind: 'invalid', problems: built.problems };
  } catch (error) {
    // An error of a class does not cross to another thread as one.
    if (!(error instanceof CatalogVersionError)) throw error;
    const { code, message, remedy } = error;
    return { kind: 'unusable', error: { code, message, remedy } };
  }
}
