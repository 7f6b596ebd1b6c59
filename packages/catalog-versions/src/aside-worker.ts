/** The thread behind `compileVersionAside`. */
import { setPriority } from 'node:os';
import { parentPort as port, workerData } from 'node:worker_threads';
import { buildCatalog, transferCatalog } from '@tollstream/catalog';
import type { AsideAnswer, AsideTask } from './aside.ts';
import { CatalogVersionError } from './errors.ts';
import { filesOf } from './read.ts';

/**
 * How much this thread steps back behind those that serve calls: with all processors taken it has about a third of what each of them has. More
 * would keep a version from coming into use for minutes on a machine that has no rest.
 */
const NICENESS = 5;

stepBack();

port?.postMessage(await answer(workerData as AsideTask));

function stepBack(): void {
  // Elsewhere than on Linux it would be the priority of the process.
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, NICENESS);
  } catch {
    // Where a sandbox refuses it, the version comes into use all the same.
  }
}

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
