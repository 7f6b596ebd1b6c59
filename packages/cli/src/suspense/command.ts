/** `tollstream suspended replay` and `discard`: over a data directory that no run holds, or over Kafka and ClickHouse by environment. */
import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Catalog } from '@tollstream/catalog';
import type { CallEvent, ReplayRequest } from '@tollstream/contracts';
import type { EventLog } from '@tollstream/event-log';
import { Attributor, emptyAttribution } from '@tollstream/service-ingest';
import { createMetrics, groupName } from '@tollstream/service-kit';
import type { UsageStore } from '@tollstream/usage-store';
import { catalogOf } from '../catalog-option.ts';
import type { SuspenseOptions } from '../commands/suspended.ts';
import { startPipeline } from '../embedded/pipeline.ts';
import { catalogOfRun, loadDirectory } from '../embedded/run-catalog.ts';
import { readSettings } from '../embedded/settings.ts';
import { EMBEDDED_TOPICS } from '../embedded/status.ts';
import { openWorkspace } from '../embedded/workspace.ts';
import { UsageError } from '../failure.ts';
import { count, print, say, table } from '../terminal.ts';
import { openFromEnvironment } from '../verify/subject.ts';
import { summariseSuspended } from '../workbench/queries.ts';
import { suspenseTable } from './open-calls.ts';
import { outcomesOf } from './outcomes.ts';
import { takeUp } from './take-up.ts';
import type { SuspendedCall } from './take-up.ts';

const CALLS_MAX = 10_000_000;
const POLL_MS = 50;

/** What is asked of: where the calls stand, and where they are published. */
interface Subject {
  readonly log: EventLog;
  readonly store: UsageStore;
  readonly acceptedTopic: string;
  readonly group: string;
  readonly catalog: Catalog | null;
}

export async function runSuspense(action: ReplayRequest['action'], options: SuspenseOptions): Promise<void> {
  if (options.data === undefined) await overServices(action, options);
  else await overDirectory(action, options, options.data);
}

async function overServices(action: ReplayRequest['action'], options: SuspenseOptions): Promise<void> {
  const directory = options.catalog ?? process.env['TOLLSTREAM_CATALOG_DIR'];
  const catalog = directory === undefined ? null : await catalogOf({ catalog: directory });
  const opened = await openFromEnvironment([]);
  const { log, store, topics, groupPrefix } = opened;
  try {
    const group = groupName('suspense', groupPrefix);
    await ask(action, { log, store, acceptedTopic: topics.accepted, group, catalog }, options);
  } finally {
    await opened.close();
  }
}

/** The stages run here as long as it takes. */
async function overDirectory(
  action: ReplayRequest['action'],
  options: SuspenseOptions,
  directory: string,
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
  const { log, store } = workspace;
  try {
    const loaded = await catalogOfRun(log, named, defaultPlan);
    const { catalog } = loaded;
    const metrics = createMetrics({ service: 'suspended' });
    const pipeline = await startPipeline({ log, store, ...loaded, metrics });
    try {
      const group = groupName('suspense', '');
      const subject = { log, store, acceptedTopic: EMBEDDED_TOPICS.accepted, group, catalog };
      await Promise.race([ask(action, subject, options), pipeline.done]);
    } finally {
      await pipeline.stop();
    }
  } finally {
    await workspace.close();
  }
}

async function ask(
  action: ReplayRequest['action'],
  subject: Subject,
  options: SuspenseOptions,
): Promise<void> {
  const { log, store, acceptedTopic: topic, group, catalog } = subject;
  if (options.dryRun === true) {
    const rows = await summariseSuspended(store, { ...options, all: false }, 1_000);
    const calls = rows.reduce((sum, row) => sum + Number(row['calls']), 0);
    print(
      table(
        ['reason', 'detail', 'calls', 'accounts'],
        rows.map((row) => ['reason', 'detail', 'calls', 'accounts'].map((name) => String(row[name]))),
      ),
    );
    say(
      `${count(calls)} calls would be ${action === 'replay' ? 'replayed' : 'discarded'}; nothing was done.`,
    );
    return;
  }
  const request: ReplayRequest = {
    action,
    reason: options.because ?? '',
    requestedBy: options.by ?? `${userInfo().username}@${hostname()}`,
    requestedAt: Date.now(),
    run: randomUUID(),
  };
  const suspense = suspenseTable(store, options, action);
  const until = waiter(options.wait);
  const taken = await takeUp({
    log,
    table: suspense,
    topic,
    group,
    request,
    catalogVersion: parseWhole(options.catalogVersion ?? '0', '--catalog-version', 4_294_967_295),
    callsMax: parseWhole(options.limit, '--limit', CALLS_MAX),
    ...(catalog === null ? {} : { accountOf: accountFinder(catalog) }),
    until,
  });
  if (taken.calls === 0) {
    say('None of the open calls was chosen: nothing was done.');
    return;
  }
  await until(async () => (await suspense.resolutions()) >= taken.requested);
  const outcomes = await outcomesOf(store, request.run);
  if (options.json === true) print(JSON.stringify({ run: request.run, calls: taken.calls, outcomes }));
  else {
    const head = ['outcome', 'reason', 'calls', 'charge'] as const;
    print(
      table(
        head,
        outcomes.map((row) => head.map((name) => row[name])),
        [2, 3],
      ),
    );
  }
}

/** Who pays by the catalog of now: numbers and accounts may have been added since the call was suspended. */
function accountFinder(catalog: Catalog): (suspended: SuspendedCall) => string {
  const attributor = new Attributor(catalog, {
    country: catalog.defaultPlan?.country ?? 'US',
    areaCode: '',
  });
  const out = emptyAttribution();
  const written = ({ number, text }: SuspendedCall['attribution']['origin']): string =>
    number === 0 ? text : `+${number}`;
  return ({ call, attribution }) => {
    const { origin, destination } = attribution;
    const asWritten: CallEvent = { ...call, from: written(origin), to: written(destination) };
    attributor.attribute(asWritten, out);
    return out.accountId;
  };
}

function waiter(waitSeconds: string): (condition: () => Promise<boolean>) => Promise<void> {
  const waitMs = parseWhole(waitSeconds, '--wait', 86_400) * 1_000;
  return async (condition) => {
    const deadlineMs = performance.now() + waitMs;
    while (!(await condition())) {
      if (performance.now() > deadlineMs) {
        throw new UsageError({
          code: 'TOLL_SUSPENSE_UNDER_WAY',
          message: `calls that were asked for are not in the table after ${waitSeconds} s`,
          remedy:
            'Nothing is lost: see that rating and the aggregator run and have caught up, and ask again; what is resolved by then is not taken up twice.',
        });
      }
      await delay(POLL_MS);
    }
  };
}

function parseWhole(text: string, option: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw new UsageError({
    code: 'TOLL_USAGE_NUMBER',
    message: `${option}: '${text}' is not a whole number`,
    remedy: `Use a whole number from 0 to ${max}.`,
  });
}
