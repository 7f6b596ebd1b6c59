/** `tollstream rejected replay` and `discard`. */
import type { ReplayAction } from '@tollstream/contracts';
import type { Offset, RecordHeaders } from '@tollstream/event-log';
import { groupName } from '@tollstream/service-kit';
import type { RejectsOptions } from '../commands/rejected.ts';
import { parseWhole, requestOf, waiter, withSubject } from '../suspense/subject.ts';
import type { Subject } from '../suspense/subject.ts';
import { count, print, say, table } from '../terminal.ts';
import { summariseRejected } from '../workbench/queries.ts';
import { rejectsTable } from './open-rejects.ts';
import type { OpenRejects } from './open-rejects.ts';
import { outcomesAgain } from './outcomes.ts';
import { publishAgain } from './publish-again.ts';

const RECORDS_MAX = 10_000_000;

export async function runRejects(action: ReplayAction, options: RejectsOptions): Promise<void> {
  await withSubject(options, (subject) => ask(action, subject, options));
}

async function ask(action: ReplayAction, subject: Subject, options: RejectsOptions): Promise<void> {
  const { log, store, topics, groupPrefix } = subject;
  if (options.dryRun === true) {
    await sayWhatWouldBe(action, subject, options);
    return;
  }
  const request = requestOf(action, options);
  const until = waiter(options.wait);
  const before = new Map<string, Offset>();
  const rejects = rejectsTable(subject, options, action, headersOf(options));
  const taken = await publishAgain({
    log,
    table: action === 'replay' ? noting(before, subject, rejects) : rejects,
    topics,
    group: groupName('rejects', groupPrefix),
    request,
    countMax: parseWhole(options.limit, '--limit', RECORDS_MAX),
    until,
  });
  if (rejects.lost > 0) {
    say(
      `${count(rejects.lost)} records stay: only their beginning was kept, and their topic no longer holds them.`,
    );
  }
  if (taken.count === 0) {
    say('None of the open records was chosen: nothing was done.');
    return;
  }
  await until(async () => (await rejects.resolutions()) >= taken.requested);
  const { run } = request;
  const outcomes =
    action === 'discard'
      ? [{ outcome: 'discarded', reason: '', records: taken.count }]
      : await outcomesAgain({ log, store, rejectedTopic: topics.rejected, groupPrefix, run, before, until });
  if (options.json === true) print(JSON.stringify({ run, records: taken.count, outcomes }));
  else {
    const rows = outcomes.map(({ outcome, reason, records }) => [outcome, reason, String(records)]);
    print(table(['outcome', 'reason', 'records'], rows, [2]));
  }
}

async function sayWhatWouldBe(
  action: ReplayAction,
  { store }: Subject,
  options: RejectsOptions,
): Promise<void> {
  const rows = await summariseRejected(store, { ...options, all: false }, 1_000);
  const head = ['reason', 'format', 'records', 'example'];
  print(
    table(
      head,
      rows.map((row) => head.map((name) => String(row[name]))),
    ),
  );
  const records = rows.reduce((sum, row) => sum + Number(row['records']), 0);
  const what = action === 'replay' ? 'replayed' : 'discarded';
  say(`${count(records)} records would be ${what}; nothing was done.`);
}

/** Notes where the raw partitions end before anything is published to them. */
function noting(before: Map<string, Offset>, { log }: Subject, rejects: OpenRejects): OpenRejects {
  return {
    get lost() {
      return rejects.lost;
    },
    resolutions: () => rejects.resolutions(),
    async open(after, limit) {
      const records = await rejects.open(after, limit);
      for (const topic of new Set(records.map(({ source }) => source.topic))) {
        if (before.has(`${topic}/0`)) continue;
        for (const { partition, end } of await log.offsets(topic)) before.set(`${topic}/${partition}`, end);
      }
      return records;
    },
  };
}

/** What records shall say of themselves instead of what they said. */
function headersOf(options: RejectsOptions): RecordHeaders {
  const given = {
    'tollstream-format': options.format,
    'tollstream-time-zone': options.timeZone,
    'tollstream-csv-header': options.csvHeader,
    'tollstream-switch': options.switch,
  };
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
