/** A call is followed from stage to stage: each starts only when the trace has said that the call waits for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCatalog } from '@tollstream/catalog';
import { createMemoryEventLog } from '@tollstream/event-log';
import type { EventLog, Membership } from '@tollstream/event-log';
import { startAggregator } from '@tollstream/service-aggregator';
import { startIngest } from '@tollstream/service-ingest';
import { startRating } from '@tollstream/service-rating';
import { createMetrics } from '@tollstream/service-kit';
import { openEmbeddedStore } from '@tollstream/usage-store';
import { expect, test, vi } from 'vitest';
import { EMBEDDED_TOPICS as TOPICS } from '../embedded/status.ts';
import { SAMPLE_CATALOG } from '../paths.ts';
import { traceLines, traceVerdict } from './report.ts';
import { traceCall } from './trace.ts';

const ANSWERED = {
  switch_id: 'sbc-1',
  direction: 'outbound',
  from: '+12125550100',
  to: '+5511987650123',
  account: 'nobody',
  started_at: '2020-01-15T15:00:00Z',
  answered_at: '2020-01-15T15:00:05Z',
  ended_at: '2020-01-15T15:01:05Z',
};

const ODD_ID = 'pbx/"1"\\né';

const RECORDS = [
  { ...ANSWERED, call_id: 'good' },
  { ...ANSWERED, call_id: 'good' },
  { ...ANSWERED, call_id: 'other', parent_call_id: 'good' },
  { ...ANSWERED, call_id: 'broken', ended_at: '2020-01-15T14:00:00Z' },
  { ...ANSWERED, call_id: 'nowhere', to: '+999123' },
  { ...ANSWERED, call_id: ODD_ID },
].map((event) => Buffer.from(escaped(JSON.stringify(event))));

/** As writers of JSON do that escape whatever they may. */
function escaped(json: string): string {
  return json
    .replaceAll('/', String.raw`\/`)
    .replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The log as if retention had taken all records of some topics. */
function without(log: EventLog, topics: readonly string[]): EventLog {
  const read: EventLog['read'] = (range) =>
    topics.includes(range.topic) ? log.read({ ...range, to: range.from }) : log.read(range);
  return new Proxy(log, {
    get(target, name) {
      const value: unknown = name === 'read' ? read : Reflect.get(target, name, target);
      return typeof value === 'function' && name !== 'read' ? (value.bind(target) as unknown) : value;
    },
  });
}

test('a call says at each stage where it is', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'tollstream-trace-'));
  const store = await openEmbeddedStore({ dataDirectory: directory });
  const log = createMemoryEventLog();
  try {
    await store.migrate();
    const loaded = await loadCatalog(SAMPLE_CATALOG, { defaultPlan: 'standard' });
    if (!loaded.ok) throw new Error('the sample catalog does not load');
    const { catalog } = loaded;
    await log.createTopics(Object.values(TOPICS).map((name) => ({ name, partitions: 1 })));
    const publisher = await log.claim('publisher', TOPICS.raw, 0);
    const headers = { 'tollstream-format': 'json' };
    const outputs = RECORDS.map((value, i) => ({
      topic: TOPICS.raw,
      partition: 0,
      value,
      headers,
      key: `calls.jsonl:${i + 1}`,
    }));
    await publisher.commit({ outputs, nextOffset: 1, metadata: '' });

    const subject = { log, store, topics: { ...TOPICS, raw: [TOPICS.raw] }, groupPrefix: '' };
    const verdictOf = async (id: string): Promise<string> => traceVerdict(await traceCall(subject, id));
    const run = async (start: Promise<Membership>, id: string, expected: string | RegExp): Promise<void> => {
      const stage = await start;
      await vi.waitFor(async () => expect(await verdictOf(id)).toMatch(expected), {
        timeout: 60_000,
        interval: 20,
      });
      await stage.stop();
    };
    const stage = (service: string) => ({ log, topics: TOPICS, metrics: createMetrics({ service }) });

    expect(await verdictOf('good')).toBe('stuck: it waits for ingest');
    expect(await verdictOf('unheard-of')).toMatch(/^unknown: /);
    await run(startIngest({ ...stage('ingest'), catalog }), 'good', 'stuck: it waits for rating');
    expect(await verdictOf('broken')).toMatch(/^rejected: ends_before_start/);
    await run(startRating({ ...stage('rating'), catalog }), 'good', 'stuck: it waits for the aggregator');
    await run(startAggregator({ ...stage('aggregator'), store }), 'good', /^rated: USD /);
    expect(await verdictOf('nowhere')).toMatch(/^suspended: (destination_unknown|number_invalid)/);

    const trace = await traceCall(subject, 'good');
    const { records, rows } = trace;
    // The call that names it as its parent is another one.
    expect(records.map(({ source, position, rating }) => [source.offset, position, rating?.outcome])).toEqual(
      [
        [0, 'calls.jsonl:1', 'rated'],
        [1, 'calls.jsonl:2', 'duplicate'],
      ],
    );
    expect(records[1]?.rating).toMatchObject({ of: { topic: TOPICS.raw, partition: 0, offset: 0 } });
    expect(rows).toMatchObject([
      { table: 'usage', source: 'calls.raw/0 offset 0', revision: 0, billingMonth: 202001 },
    ]);
    expect(traceLines(trace).join('\n')).toContain('dropped as a duplicate of calls.raw/0 offset 0');

    expect(await verdictOf(ODD_ID)).toMatch(/^rated: USD /);
    const execute = async (sql: string): Promise<unknown> => store.engine.run(sql, { format: 'Null' });
    await execute(
      `INSERT INTO tollstream.usage_resolved (source_topic, source_partition, source_offset, outcome, reason, requested_by, run)
       VALUES ('calls.raw', 0, 3, 'discarded', 'a probe', 'ops', 'run-1')`,
    );
    expect(await verdictOf('broken')).toMatch(
      /^rejected: ends_before_start.*; then discarded, asked for by ops: a probe$/,
    );
    await execute(
      `INSERT INTO tollstream.billed_usage (series, sequence, billing_month, currency, account_id, number, charge)
       VALUES ('invoice', 1, 202001, 'USD', 'nobody', 'INV-1', 1)`,
    );
    // It is settled that is billed: the account's other calls may have come later.
    expect((await traceCall(subject, 'good')).bills).toMatchObject([{ number: 'INV-1', isSettled: false }]);
    await execute(
      `INSERT INTO tollstream.settled_calls (billing_month, account_id, call_key, run_number)
       SELECT billing_month, account_id, sipHash64(started_at, call_id, leg, switch_id), 1 FROM tollstream.usage WHERE call_id = 'good'`,
    );
    expect(await verdictOf('good')).toMatch(/^rated: USD .*, billed by INV-1$/);
    expect((await traceCall(subject, 'other')).bills).toMatchObject([{ isSettled: false }]);

    // What topics no longer hold, the later ones and the tables still tell.
    expect(traceVerdict(await traceCall({ ...subject, log: without(log, [TOPICS.raw]) }, 'good'))).toMatch(
      /^rated: /,
    );
    const emptied = { ...subject, log: without(log, [TOPICS.raw, TOPICS.accepted]) };
    expect(traceVerdict(await traceCall(emptied, 'good'))).toMatch(/^in table usage: USD .*no longer hold/);
  } finally {
    await log.close();
    await store.close();
    rmSync(directory, { recursive: true });
  }
});
