/**
 * From measured processor time a call to machines, for `docs/capacity.md`. Measured inputs come from the longest result with all of them, the newest of
 * equally long ones: a short one pays for the broker's compilers and leaves merges out. The others are assumptions, named here and on the page.
 */
import { table, whole } from './figures.ts';
import type { NamedReport } from './figures.ts';

/** Of a core, planned for; the rest is for peaks and for a machine that is away. */
const UTILISATION = 0.6;
const CORES_A_MACHINE = 16;
const REPLICAS = 3;
const LOG_RETENTION_DAYS = 3;
const LINK_GIGABITS = 10;
/** Of a link, planned for. */
const LINK_UTILISATION = 0.5;
const USAGE_MONTHS_KEPT = 13;
const USAGE_REPLICAS = 2;
/** A row of `usage` on disk, merged, keys and marks included: `system.parts` after a million calls of 20,000 accounts. */
const USAGE_ROW_BYTES = 89;
const SECONDS_A_DAY = 86_400;
/** Calls of the mean second against those of the busiest. */
const MEAN_TO_PEAK = 0.4;

interface Inputs {
  readonly source: string;
  readonly cpu: Readonly<Record<string, number>>;
  readonly rawBytes: number;
  readonly acceptedBytes: number;
  readonly ratedBytes: number;
}

export function capacityTables(reports: readonly NamedReport[]): Readonly<Record<string, () => string>> {
  return {
    inputs: () => inputsTable(inputsOf(reports)),
    machines: () => machinesTable(inputsOf(reports)),
  };
}

function inputsOf(reports: readonly NamedReport[]): Inputs {
  // A broker of another machine leaves no processor time behind.
  const pipeline = reports
    .filter(({ report }) => report.kafka?.cpu_seconds_per_million['broker'] !== undefined)
    .reduce((longest, each) => (each.report.kafka!.calls >= longest.report.kafka!.calls ? each : longest));
  const stages = reports.findLast(({ report }) => report.stages.length > 0)!;
  const bytesOf = (stage: string): number =>
    stages.report.stages.find((each) => each.stage.startsWith(stage))!.bytes_per_call!;
  return {
    source: pipeline.name === stages.name ? pipeline.name : `${pipeline.name} and ${stages.name}`,
    cpu: pipeline.report.kafka!.cpu_seconds_per_million,
    rawBytes: pipeline.report.kafka!.bytes_per_call,
    acceptedBytes: bytesOf('rate'),
    ratedBytes: bytesOf('insert'),
  };
}

function inputsTable({ source, cpu, rawBytes, acceptedBytes, ratedBytes }: Inputs): string {
  return table(
    ['input', 'where from', 'value'],
    [
      ...Object.entries(cpu).map(([name, seconds]) => [
        `processor time of ${name}`,
        `measured, ${source}`,
        `${seconds.toFixed(2)} s a million calls`,
      ]),
      ['a call on `calls.raw`', `measured, ${source}`, `${whole(rawBytes)} bytes`],
      ['a call on `calls.accepted`', `measured, ${source}`, `${whole(acceptedBytes)} bytes`],
      ['a call on `usage.rated`', `measured, ${source}`, `${whole(ratedBytes)} bytes`],
      ['a row of `usage` on disk', 'measured', `${USAGE_ROW_BYTES} bytes`],
      ['planned use of a core', 'assumed', `${UTILISATION * 100} %`],
      ['cores of a machine', 'assumed', String(CORES_A_MACHINE)],
      ['copies on the log', 'assumed', `${REPLICAS}, kept ${LOG_RETENTION_DAYS} days`],
      ['link of a machine', 'assumed', `${LINK_GIGABITS} Gbit/s, used to ${LINK_UTILISATION * 100} %`],
      ['copies of usage', 'assumed', `${USAGE_REPLICAS}, kept ${USAGE_MONTHS_KEPT} months`],
      ['mean second against the busiest', 'assumed', `${MEAN_TO_PEAK * 100} %`],
    ],
  );
}

function machinesTable(inputs: Inputs): string {
  const rates = [1_000_000, 10_000_000];
  const columns = rates.map((rate) => needsOf(inputs, rate));
  const names = Object.keys(columns[0]!);
  return table(
    ['need', 'unit', ...rates.map((rate) => `${whole(rate)} calls/s`)],
    names.map((name) => {
      const [what, unit] = name.split(', ') as [string, string];
      return [what, unit, ...columns.map((column) => whole(column[name]!))];
    }),
  );
}

/** What a busiest second of `rate` calls needs; keys are "what, unit". */
function needsOf({ cpu, rawBytes, acceptedBytes, ratedBytes }: Inputs, rate: number): Record<string, number> {
  const millions = rate / 1e6;
  const cores = (name: string, copies = 1): number =>
    Math.ceil((cpu[name]! * millions * copies) / UTILISATION);
  const logBytes = rawBytes + acceptedBytes + ratedBytes;
  // Written once and to each follower, read once by the next stage.
  const logTraffic = logBytes * rate * (REPLICAS + 1) * 8;
  const callsADay = rate * MEAN_TO_PEAK * SECONDS_A_DAY;
  const brokerCores = cores('broker', REPLICAS);
  const brokersByLink = Math.ceil(logTraffic / (LINK_GIGABITS * 1e9 * LINK_UTILISATION));
  const services = cores('ingest') + cores('rating') + cores('aggregator');
  const storeCores = cores('clickhouse', USAGE_REPLICAS);
  return {
    'ingest, cores': cores('ingest'),
    'rating, cores': cores('rating'),
    'aggregator, cores': cores('aggregator'),
    'machines for the three, machines': Math.ceil(services / CORES_A_MACHINE),
    'partitions of each topic (one core rates one), partitions': cores('rating'),
    'brokers, cores': brokerCores,
    'brokers, machines': Math.max(REPLICAS, Math.ceil(brokerCores / CORES_A_MACHINE), brokersByLink),
    'traffic of the log, Gbit/s': logTraffic / 1e9,
    'disk of the log, TB': (logBytes * callsADay * LOG_RETENTION_DAYS * REPLICAS) / 1e12,
    'ClickHouse, cores': storeCores,
    'ClickHouse (shards times copies), machines':
      Math.ceil(cores('clickhouse') / CORES_A_MACHINE) * USAGE_REPLICAS,
    'disk of usage, TB': (USAGE_ROW_BYTES * callsADay * 30.4 * USAGE_MONTHS_KEPT * USAGE_REPLICAS) / 1e12,
  };
}
