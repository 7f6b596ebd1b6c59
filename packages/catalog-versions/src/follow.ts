/**
 * Brings new versions of the catalog into use while a service works.
 *
 *   1 look whether a version was published   2 read and compile it, aside   3 prepare what the service needs, aside
 *   4 where others shall have it first: let them   5 swap, between two batches
 *
 * What fails before 5 leaves the version in use as it is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Catalog } from '@tollstream/catalog';
import type { EventLog } from '@tollstream/event-log';
import { compileVersionAside } from './aside.ts';
import { CatalogVersionError } from './errors.ts';
import { catalogHistory, versionInForce } from './history.ts';
import type { CatalogFiles } from './archive.ts';
import type { CatalogVersion } from './manifest.ts';
import { readStoredContent } from './read.ts';
import { CATALOG_TOPIC, MANIFESTS } from './topic.ts';

/** A version as those who use it get it. */
export interface LoadedVersion {
  readonly catalog: Catalog;
  readonly files: CatalogFiles;
}

/** Puts a prepared version in the place of the one in use; does next to nothing. */
export type Swap = () => void;

export interface FollowOptions {
  readonly log: EventLog;
  readonly topic?: string;
  readonly defaultPlan?: string | undefined;
  readonly pollMs: number;
  /** Version in use at the beginning. */
  readonly inUse: number;
  /** Makes all that the service needs of a version, without touching what is in use. */
  readonly prepare: (loaded: Pick<LoadedVersion, 'catalog'>) => Promise<Swap> | Swap;
  readonly onSwapped?: (swapped: { catalog: Catalog; loadMs: number; swapMs: number }) => void;
  readonly onFailure?: (failure: { error: Error; version: number | null }) => void;
  readonly now?: () => number;
  /**
   * Whoever reads what this service writes needs the version for it, and would stand still until it has it: it gets time for one look and for as
   * long as this service took.
   */
  readonly letOthersFirst?: boolean;
  /** Ends early, and rejects, when the signal is aborted. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

export interface Follower {
  /** Looks once, now. Resolves when what was found is in use, or was refused. */
  readonly look: () => Promise<void>;
  /** Finishes the look in hand, and looks no more. */
  readonly stop: () => Promise<void>;
}

export function followCatalog(options: FollowOptions): Follower {
  const { log, topic = CATALOG_TOPIC, pollMs, prepare, now = Date.now, letOthersFirst = false } = options;
  const wait = options.wait ?? ((milliseconds, signal) => sleep(milliseconds, undefined, { signal }));
  const stopping = new AbortController();
  let { inUse } = options;
  let seenEnd = -1;
  let history: readonly CatalogVersion[] = [];
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let turn = Promise.resolve();
  /** Versions that cannot be used: trying again would give the same. */
  const refused = new Set<number>();

  async function look(): Promise<void> {
    let version: number | null = null;
    try {
      const target = await findTarget();
      if (target === undefined || isStopped) return;
      ({ version } = target);
      await change(target);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (version !== null && isLasting(error)) refused.add(version);
      if (!isStopped) options.onFailure?.({ error, version });
    }
  }

  async function findTarget(): Promise<CatalogVersion | undefined> {
    const end = (await log.offsets(topic))[MANIFESTS]!.end;
    if (end !== seenEnd) {
      history = await catalogHistory(log, { topic });
      seenEnd = end;
    }
    const target = versionInForce(history, now());
    return target === undefined || target.version <= inUse || refused.has(target.version)
      ? undefined
      : target;
  }

  async function change(target: CatalogVersion): Promise<void> {
    const startedMs = performance.now();
    const chunks = await readStoredContent(log, target, { topic });
    const catalog = await compileVersionAside(target, chunks, options);
    const swap = await prepare({ catalog });
    const loadMs = performance.now() - startedMs;
    // Stopped meanwhile, it swaps no more; what is thrown then is of no interest.
    if (letOthersFirst && !isStopped) await wait(pollMs + loadMs, stopping.signal);
    if (isStopped) return;
    const swappingMs = performance.now();
    swap();
    inUse = catalog.version;
    options.onSwapped?.({ catalog, loadMs, swapMs: performance.now() - swappingMs });
  }

  /** One look at a time, so that two versions never come into use out of order. */
  function next(): Promise<void> {
    turn = turn.then(look);
    return turn;
  }
  function schedule(): void {
    timer = setTimeout(() => {
      void next().then(() => {
        if (!isStopped) schedule();
      });
    }, pollMs);
  }
  schedule();
  return {
    look: next,
    async stop() {
      isStopped = true;
      stopping.abort();
      clearTimeout(timer);
      await turn;
    },
  };
}

/** What is wrong with the version itself, and not with the way to it. */
function isLasting(error: Error): boolean {
  return error instanceof CatalogVersionError || ('code' in error && error.code === 'TOLL_CATALOG_INVALID');
}
