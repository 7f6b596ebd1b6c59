/** `tollstream suspended replay` and `discard`. */
import type { Catalog } from '@tollstream/catalog';
import type { CallEvent, ReplayAction } from '@tollstream/contracts';
import { Attributor, emptyAttribution } from '@tollstream/service-ingest';
import { groupName } from '@tollstream/service-kit';
import { catalogOf } from '../catalog-option.ts';
import type { SuspenseOptions } from '../commands/suspended.ts';
import { count, print, say, table } from '../terminal.ts';
import { summariseSuspended } from '../workbench/queries.ts';
import { suspenseTable } from './open-calls.ts';
import { outcomesOf } from './outcomes.ts';
import { parseWhole, requestOf, waiter, withSubject } from './subject.ts';
import type { Subject } from './subject.ts';
import { takeUp } from './take-up.ts';
import type { SuspendedCall } from './take-up.ts';

const CALLS_MAX = 10_000_000;

export async function runSuspense(action: ReplayAction, options: SuspenseOptions): Promise<void> {
  // Over services prices are rating's; the catalog of here only says whose numbers are whose.
  const directory = options.catalog ?? process.env['TOLLSTREAM_CATALOG_DIR'];
  const catalog =
    options.data !== undefined || directory === undefined ? null : await catalogOf({ catalog: directory });
  await withSubject(options, (subject) =>
    ask(action, { ...subject, catalog: subject.catalog ?? catalog }, options),
  );
}

async function ask(action: ReplayAction, subject: Subject, options: SuspenseOptions): Promise<void> {
  const { log, store, topics, groupPrefix, catalog } = subject;
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
  const request = requestOf(action, options);
  const suspense = suspenseTable(store, options, action);
  const until = waiter(options.wait);
  const taken = await takeUp({
    log,
    table: suspense,
    topic: topics.accepted,
    group: groupName('suspense', groupPrefix),
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
