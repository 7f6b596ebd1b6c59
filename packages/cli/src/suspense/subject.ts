/** What is asked to take up again: over a data directory that no run holds, or over Kafka and ClickHouse by environment. */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Catalog } from '@tollstream/catalog';
import type { ReplayAction, ReplayRequest } from '@tollstream/contracts';
import type { EventLog } from '@tollstream/event-log';
import { createMetrics } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { startPipeline } from '../embedded/pipeline.ts';
import { catalogOfRun, loadDirectory } from '../embedded/run-catalog.ts';
import { readSettings } from '../embedded/settings.ts';
import { EMBEDDED_TOPICS } from '../embedded/status.ts';
import type { StageTopics } from '../embedded/status.ts';
import { openWorkspace } from '../embedded/workspace.ts';
import { UsageError } from '../failure.ts';
import { openFromEnvironment } from '../verify/subject.ts';

export interface SubjectOptions {
  readonly data?: string;
  readonly catalog?: string;
  readonly defaultPlan?: string;
}

/** Where what was kept stands, and where it is published. */
export interface Subject {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly topics: StageTopics;
  readonly groupPrefix: string;
  /** The one that prices, where this command runs the stages itself. */
  readonly catalog: Catalog | null;
}

/** Does the work while the services run, or, over a directory, while the stages run here as long as it takes. */
export async function withSubject(
  options: SubjectOptions,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  if (options.data === undefined) await overServices(work);
  else await overDirectory(options, options.data, work);
}

async function overServices(work: (subject: Subject) => Promise<void>): Promise<void> {
  const opened = await openFromEnvironment([]);
  const { log, store, topics, groupPrefix } = opened;
  try {
    await work({ log, store, topics: { ...topics, raw: topics.raw[0]! }, groupPrefix, catalog: null });
  } finally {
    await opened.close();
  }
}

async function overDirectory(
  options: SubjectOptions,
  directory: string,
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const settings = await readSettings(directory);
  if (settings === null) {
    throw new UsageError({
      code: 'TOLL_USAGE_DATA',
      message: `${directory} holds no rated calls`,
      remedy: 'Run `tollstream run` first, or name its data directory with --data.',
    });
  }
  const defaultPlan = options.defaultPlan ?? settings.defaultPlan ?? undefined;
  const named =
    options.catalog === undefined ? null : await loadDirectory(path.resolve(options.catalog), defaultPlan);
  const workspace = await openWorkspace(directory);
  const { log, store, snapshots } = workspace;
  try {
    const loaded = await catalogOfRun(log, named, defaultPlan);
    const { catalog } = loaded;
    const metrics = createMetrics({ service: 'workbench' });
    const pipeline = await startPipeline({ log, store, snapshots, ...loaded, metrics });
    try {
      const subject = { log, store, topics: EMBEDDED_TOPICS, groupPrefix: '', catalog };
      await Promise.race([work(subject), pipeline.done]);
    } finally {
      await pipeline.stop();
    }
  } finally {
    await workspace.close();
  }
}

/** Who asks, when and why, under a name of its own. */
export function requestOf(
  action: ReplayAction,
  { because = '', by }: { readonly because?: string; readonly by?: string },
): ReplayRequest {
  return {
    action,
    reason: because,
    requestedBy: by ?? `${userInfo().username}@${hostname()}`,
    requestedAt: Date.now(),
    run: randomUUID(),
  };
}

const POLL_MS = 50;

/** @throws UsageError when a condition does not hold within so many seconds */
export function waiter(waitSeconds: string): (condition: () => Promise<boolean>) => Promise<void> {
  const waitMs = parseWhole(waitSeconds, '--wait', 86_400) * 1_000;
  return async (condition) => {
    const deadlineMs = performance.now() + waitMs;
    while (!(await condition())) {
      if (performance.now() > deadlineMs) {
        throw new UsageError({
          code: 'TOLL_SUSPENSE_UNDER_WAY',
          message: `what was asked for is not in the table after ${waitSeconds} s`,
          remedy:
            'Nothing is lost: see that the services run and have caught up, and ask again; what is resolved by then is not taken up twice.',
        });
      }
      await delay(POLL_MS);
    }
  };
}

export function parseWhole(text: string, option: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new UsageError({
    code: 'TOLL_USAGE_NUMBER',
    message: `${option}: '${text}' is not a whole number`,
    remedy: `Use a whole number from 0 to ${max}.`,
  });
}
