/**
 * `npm run bench`: every stage alone, then the whole pipeline embedded and over a real broker. Figures of one run are compared
 * with each other and with an earlier run's file; between machines only ratios mean something.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadCatalog } from '@tollstream/catalog';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { benchEmbedded } from './embedded.ts';
import { benchKafka } from './kafka.ts';
import { renderReport } from './render.ts';
import { type BenchReport, machine, versions } from './result.ts';
import { benchStages } from './stages.ts';

const SCENARIOS = ['all', 'stages', 'embedded', 'kafka', 'billions'] as const;

const HELP = `npm run bench -- [--scenario ${SCENARIOS.join('|')}] [--calls N] [--seed N] [--partitions N] [--json] [--output FILE] [--compare FILE]

  all       stages, embedded and Kafka on 2,000,000 calls (default)
  billions  embedded and Kafka on 20,000,000 calls

With --json the last line of standard output is one JSON object; the table goes to standard error.`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'all' },
    calls: { type: 'string' },
    seed: { type: 'string', default: '2020' },
    partitions: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
    output: { type: 'string' },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (values.help) {
  process.stdout.write(`${HELP}\n`);
} else if (!SCENARIOS.includes(values.scenario as (typeof SCENARIOS)[number])) {
  say(`There is no scenario "${values.scenario}".\n${HELP}`);
  process.exitCode = 2;
} else {
  await main();
}

async function main(): Promise<void> {
  const seed = Number(values.seed);
  const calls = Number(values.calls ?? (values.scenario === 'billions' ? 20_000_000 : 2_000_000));
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
  if (runs('embedded') || values.scenario === 'billions') {
    say(`embedded, ${calls.toLocaleString('en')} calls from an Avro file …`);
    report = { ...report, embedded: await benchEmbedded({ calls, seed, format: 'avro' }) };
  }
  if (runs('embedded')) {
    say(`embedded, ${calls.toLocaleString('en')} calls from JSON lines …`);
    report = { ...report, embedded_json: await benchEmbedded({ calls, seed, format: 'json' }) };
  }
  if (runs('kafka') || values.scenario === 'billions') {
    say(`four services over Kafka, ${calls.toLocaleString('en')} calls …`);
    report = {
      ...report,
      kafka: await benchKafka({ calls, seed, partitions: Number(values.partitions), say }),
    };
  }
  const before =
    values.compare === undefined ? null : (JSON.parse(readFileSync(values.compare, 'utf8')) as BenchReport);
  (values.json ? say : (text: string) => void process.stdout.write(`${text}\n`))(
    renderReport(report, before),
  );
  if (values.output !== undefined) writeFileSync(values.output, `${JSON.stringify(report, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exit(0);
}
