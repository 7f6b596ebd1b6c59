/**
 * `npm run bench`: every stage alone, then the whole pipeline embedded and over a real broker. Figures of one run are compared
 * with each other and with an earlier run's file; between machines only ratios mean something.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCatalog, requireCatalog } from '@tollstream/catalog';
import { writeCalls } from '../../packages/cli/src/generate/index.ts';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { readOptions } from '../support/options.ts';
import { releaseBenchBroker } from './bench-broker.ts';
import { benchBacklog } from './backlog.ts';
import { BILLIONS_LOGS, benchBillions } from './billions.ts';
import { benchEmbedded } from './embedded.ts';
import { benchExactlyOnceCost } from './exactly-once-cost.ts';
import { benchKafka } from './kafka.ts';
import { benchEmbeddedLatency, benchKafkaLatency } from './latency.ts';
import { LINEARITY_GROUPS, benchLinearity } from './linearity.ts';
import { benchPeers } from './peers.ts';
import { checkRatios, renderRatios, storeRatios } from './ratio.ts';
import { renderReport } from './render.ts';
import { type BenchInput, type BenchReport, machine, versions } from './result.ts';
import { benchRestore } from './restore.ts';
import { benchRisingLoad } from './rising-load.ts';
import { benchSettlement } from './settlement.ts';
import { benchStages } from './stages.ts';
import { benchSwap } from './swap.ts';

const SCENARIOS = [
  'all',
  'stages',
  'embedded',
  'kafka',
  'billions',
  'settlement',
  'latency',
  'rising-load',
  'exactly-once-cost',
  'restore',
  'linearity',
  'peers',
  'backlog',
  'swap',
  'ratio',
] as const;

/** What two busy cores take beside compiling. */
const SWAP_CALLS_PER_SECOND = 6_000;

const HELP = `npm run bench -- [--scenario ${SCENARIOS.join('|')}] [--calls N] [--seed N] [--partitions N] [--runs N] [--accounts N] [--in-order] [--made DIR] [--log kafka,embedded] [--update] [--rate N] [--rates N,N…] [--seconds N] [--of GROUPS] [--ids N] [--swaps N] [--prefixes N] [--json] [--output FILE] [--compare FILE]

  all       stages, embedded and Kafka on 2,000,000 calls (default)
  billions  100,000 prefixes, 20,000 accounts, both event logs several times, each run verified, then the latency of both with
            JSON events at half of the speed that these reach (--seconds, 0 for none); about 15 minutes with its 2,000,000 calls and
            3 runs. The full one: --calls 20000000 --runs 5. --log takes one of kafka and embedded alone, without latency
  settlement  a month's calls settled, an invoice for every account, previews, the monthly sums over HTTP and a large file of
            call details; 10,000,000 calls of 10,000 accounts, unless --calls and --accounts say otherwise. --in-order: calls
            arrived in the order of their answers. --made DIR: where the month is kept, so that the next run need not make it
  latency   from an event published to its row visible, on both event logs, at half of the speed that each was measured at
            just before on 2,000,000 calls, or at --rate calls/s, for --seconds (60)
  rising-load
            the same with the catalog of billions, at --rates one after the other, each for --seconds: the most that is kept up with
            while the load is published on the same machine, and the latency at half of it
  exactly-once-cost
            the services over Kafka beside the same with at-least-once settings, in turns: speed (--runs 3), and latency at the
            same load
  linearity whether a call costs the same with more calls (10,000,000, or --calls), with 100,000 and 1,000,000 prefixes and accounts,
            and when half of the calls are one account's, in turns (--runs). --of ${LINEARITY_GROUPS.join(',')} takes some; partitions,
            over Kafka, only then
  peers     pricing on decks of 10,000 and 100,000 prefixes beside what else does it here: PostgreSQL with its extension prefix, and
            ClickHouse, in turns (--runs) on the same calls (200,000, or --calls)
  restore   a restart of rating with --ids (1,000,000) remembered calls in one partition: memory, and time from all of its output and
            from a snapshot. 100,000,000 need 16 GB of memory and 25 GB of disk
  backlog   --calls (2,000,000) are rated over Kafka while ClickHouse is away, then it comes back: the memory of each process, and
            how fast the lag drains
  swap      --swaps (6) versions of a catalog of --prefixes (100,000) and --accounts are published within --seconds while the services over
            Kafka rate --rate (6,000) calls/s: what batches and rows then name, and what stood still
  ratio     what ingest, rating and pricing of a call cost in turns of a fixed loop, held against test/bench/ratio.json; exit
            code 1 when that grew by more than noise. --update stores the new ones

With --json the last line of standard output is one JSON object; the table goes to standard error.`;

const values = readOptions(HELP, {
  scenario: { type: 'string', default: 'all' },
  calls: { type: 'string' },
  seed: { type: 'string', default: '2020' },
  partitions: { type: 'string', default: '4' },
  runs: { type: 'string', default: '3' },
  accounts: { type: 'string', default: '10000' },
  'in-order': { type: 'boolean', default: false },
  made: { type: 'string' },
  rate: { type: 'string' },
  rates: { type: 'string', default: '20000,30000,40000,50000,60000,70000,80000,90000' },
  seconds: { type: 'string', default: '60' },
  ids: { type: 'string', default: '1000000' },
  swaps: { type: 'string', default: '6' },
  prefixes: { type: 'string', default: '100000' },
  of: { type: 'string', default: 'prefixes,accounts,hot,calls' },
  log: { type: 'string', default: 'kafka,embedded' },
  update: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  output: { type: 'string' },
  compare: { type: 'string' },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (!SCENARIOS.includes(values.scenario as (typeof SCENARIOS)[number])) {
  say(`There is no scenario "${values.scenario}".\n${HELP}`);
  process.exitCode = 2;
} else if (values.log.split(',').some((log) => !BILLIONS_LOGS.some((known) => known === log))) {
  say(`--log is ${BILLIONS_LOGS.join(', ')}, or both with a comma between them.\n${HELP}`);
  process.exitCode = 2;
} else if (values.scenario === 'ratio') {
  await ratio();
} else {
  await main();
}

async function ratio(): Promise<void> {
  const checked = await checkRatios(await requireCatalog(SAMPLE_CATALOG), Number(values.seed), say);
  if (values.update) storeRatios(checked.ratios);
  process.stdout.write(`${values.json ? JSON.stringify(checked) : renderRatios(checked)}\n`);
  process.exit(checked.regressions.length > 0 && !values.update ? 1 : 0);
}

async function main(): Promise<void> {
  const seed = Number(values.seed);
  const calls = Number(values.calls ?? 2_000_000);
  const runs = (scenario: string): boolean => [scenario, 'all'].includes(values.scenario);
  let report: BenchReport = {
    made_at: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    stages: [],
  };
  if (runs('stages')) {
    say('stages, one core …');
    const loaded = await loadCatalog(SAMPLE_CATALOG);
    if (!loaded.ok) throw new Error('the sample catalog is broken');
    report = { ...report, stages: await benchStages({ calls: 200_000, seed, catalog: loaded.catalog }) };
  }
  const partitions = Number(values.partitions);
  const seconds = Number(values.seconds);
  if (runs('embedded')) {
    say(`embedded, ${calls.toLocaleString('en')} calls from an Avro file …`);
    const embedded = await onSample({ calls, seed, format: 'avro' }, (input) => benchEmbedded({ input }));
    say(`embedded, ${calls.toLocaleString('en')} calls from JSON lines …`);
    const fromJson = await onSample({ calls, seed, format: 'json' }, (input) => benchEmbedded({ input }));
    report = { ...report, embedded, embedded_json: fromJson };
  }
  if (runs('kafka')) {
    say(`four services over Kafka, ${calls.toLocaleString('en')} calls …`);
    const kafka = await onSample({ calls, seed, format: 'avro' }, (input) =>
      benchKafka({ input, partitions, say }),
    );
    report = { ...report, kafka };
  }
  if (values.scenario === 'billions') {
    const logs = BILLIONS_LOGS.filter((log) => values.log.split(',').includes(log));
    report = {
      ...report,
      ...(await benchBillions({ calls, runs: Number(values.runs), logs, seed, partitions, seconds, say })),
    };
  }
  if (values.scenario === 'settlement') {
    const settlement = await benchSettlement({
      calls: Number(values.calls ?? 10_000_000),
      accounts: Number(values.accounts),
      seed,
      inOrder: values['in-order'],
      made: values.made,
      say,
    });
    report = { ...report, settlement };
  }
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  if (values.scenario === 'latency') {
    const half = async (
      measure: (input: BenchInput) => Promise<{ calls_per_second: number }>,
    ): Promise<number> =>
      rate ?? (await onSample({ calls, seed, format: 'json' }, measure)).calls_per_second / 2;
    const onKafka = await half((input) => benchKafka({ input, partitions, say }));
    say(`Kafka at ${Math.round(onKafka)} calls/s …`);
    const kafka = await benchKafkaLatency({
      load: { ratePerSecond: onKafka, seconds, seed },
      partitions,
      say,
    });
    const onSqlite = await half((input) => benchEmbedded({ input }));
    say(`embedded at ${Math.round(onSqlite)} calls/s …`);
    const embedded = await benchEmbeddedLatency({ load: { ratePerSecond: onSqlite, seconds, seed }, say });
    report = { ...report, latency: { kafka, embedded } };
  }
  if (values.scenario === 'rising-load') {
    const rates = values.rates.split(',').map(Number);
    report = {
      ...report,
      rising_load: await benchRisingLoad({ rates, seconds, seed, partitions, say }),
    };
  }
  if (values.scenario === 'exactly-once-cost') {
    const measured = { partitions, runs: Number(values.runs), seconds, seed, ratePerSecond: rate, say };
    const exactly_once_cost = await onSample({ calls, seed, format: 'json' }, (input) =>
      benchExactlyOnceCost({ input, ...measured }),
    );
    report = { ...report, exactly_once_cost };
  }
  if (values.scenario === 'restore') {
    const ids = Number(values.ids);
    say(`a restart with ${ids.toLocaleString('en')} remembered calls …`);
    const catalog = await requireCatalog(SAMPLE_CATALOG);
    report = { ...report, restore: await benchRestore({ ids, seed, catalog, say }) };
  }
  if (values.scenario === 'linearity') {
    const linearity = await benchLinearity({
      groups: LINEARITY_GROUPS.filter((group) => values.of.split(',').includes(group)),
      calls: Number(values.calls ?? 10_000_000),
      rounds: Number(values.runs),
      seed,
      say,
    });
    report = { ...report, linearity };
  }
  if (values.scenario === 'peers') {
    const peers = await benchPeers({
      calls: Number(values.calls ?? 200_000),
      rounds: Number(values.runs),
      seed,
      say,
    });
    report = { ...report, peers };
  }
  if (values.scenario === 'backlog') {
    const backlog = await onSample({ calls, seed, format: 'avro' }, (input) =>
      benchBacklog({ input, partitions, say }),
    );
    report = { ...report, backlog };
  }
  if (values.scenario === 'swap') {
    const swap = await benchSwap({
      load: { ratePerSecond: rate ?? SWAP_CALLS_PER_SECOND, seconds, seed },
      partitions,
      swaps: Number(values.swaps),
      prefixes: Number(values.prefixes),
      accounts: Number(values.accounts),
      say,
    });
    report = { ...report, swap };
  }
  const before =
    values.compare === undefined ? null : (JSON.parse(readFileSync(values.compare, 'utf8')) as BenchReport);
  (values.json ? say : (text: string) => void process.stdout.write(`${text}\n`))(
    renderReport(report, before),
  );
  if (values.output !== undefined) writeFileSync(values.output, `${JSON.stringify(report, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  await releaseBenchBroker();
  process.exit(0);
}

/** Lets `work` measure on calls of the sample's catalog. */
async function onSample<Result>(
  { calls, seed, format }: { calls: number; seed: number; format: 'avro' | 'json' },
  work: (input: BenchInput) => Promise<Result>,
): Promise<Result> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-bench-'));
  try {
    const file = path.join(directory, format === 'avro' ? 'calls.avro' : 'calls.jsonl');
    const catalog = await requireCatalog(SAMPLE_CATALOG);
    const expected = await writeCalls({ calls, seed, catalog, format, output: file });
    return await work({ calls, file, expected });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
