/** Tables of the pages about speed and capacity, from what benchmarks wrote: `test/bench/results/*.json`. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StepCost } from '../../test/bench/process-usage.ts';
import type { BenchReport, EndToEndResult, LatencyResult, LinearityRow } from '../../test/bench/result.ts';

export interface NamedReport {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly report: BenchReport;
}

const REGION = /(<!-- figures: (?<name>[a-z]+) -->)[\s\S]*?(<!-- end of figures -->)/g;

/** All results, oldest first. */
export function readReports(root: string): NamedReport[] {
  const directory = join(root, 'test/bench/results');
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({
      name: file.slice(0, -'.json'.length),
      report: JSON.parse(readFileSync(join(directory, file), 'utf8')) as BenchReport,
    }))
    .sort((a, b) => (a.report.made_at < b.report.made_at ? -1 : 1));
}

/** The page with each `<!-- figures: NAME --> … <!-- end of figures -->` filled by the table of that name. */
export function withFigures(page: string, tables: Readonly<Record<string, () => string>>): string {
  return page.replace(REGION, (_, begin: string, name: string, end: string) => {
    const table = tables[name];
    if (table === undefined) throw new Error(`There are no figures "${name}".`);
    return `${begin}\n\n${table()}\n\n${end}`;
  });
}

export function performanceTables(reports: readonly NamedReport[]): Readonly<Record<string, () => string>> {
  return {
    pipeline: () => pipelineTable(reports),
    processes: () => processTable(reports),
    stages: () => stageTable(reports),
    latency: () => latencyTable(reports),
    risingload: () => risingTable(reports),
    exactlyonce: () => costTable(reports),
    settlement: () => settlementTable(reports),
    restore: () => restoreTable(reports),
    linearity: () => linearityTable(reports),
    peers: () => peersTable(reports),
    pauses: () => pausesTable(reports),
    swap: () => swapTable(reports),
    swappauses: () => swapPausesTable(reports),
  };
}

const NONE = 'No result is kept yet.';

function pipelinesOf({ report }: NamedReport): EndToEndResult[] {
  return [report.kafka, report.embedded, report.embedded_json].filter((each) => each !== undefined);
}

function pipelineTable(reports: readonly NamedReport[]): string {
  return table(
    ['result', 'scenario', 'calls', 'calls/s', 'of all runs', 'bytes a call', 'CPU-s a million'],
    reports.flatMap((named) =>
      pipelinesOf(named).map((result) => [
        named.name,
        result.scenario,
        whole(result.calls),
        whole(result.calls_per_second),
        result.runs === undefined
          ? ''
          : `${whole(Math.min(...result.runs))} to ${whole(Math.max(...result.runs))}`,
        whole(result.bytes_per_call),
        sumOf(result.cpu_seconds_per_million).toFixed(1),
      ]),
    ),
  );
}

function processTable(reports: readonly NamedReport[]): string {
  return table(
    ['result', 'process or thread', 'CPU-s a million', 'MB at most'],
    reports.flatMap((named) =>
      pipelinesOf(named).flatMap(({ scenario, cpu_seconds_per_million: cpu, peak_megabytes: peaks }) =>
        Object.entries(cpu).map(([process, seconds]) => [
          named.name,
          `${scenario}: ${process}`,
          seconds.toFixed(2),
          (peaks[process] ?? 0) === 0 ? '' : whole(peaks[process]!),
        ]),
      ),
    ),
  );
}

function stageTable(reports: readonly NamedReport[]): string {
  return table(
    ['result', 'stage alone', 'calls/s', 'CPU-s a million'],
    reports.flatMap(({ name, report }) =>
      report.stages.map((stage) => [
        name,
        stage.stage,
        whole(stage.calls_per_second),
        stage.cpu_seconds_per_million.toFixed(2),
      ]),
    ),
  );
}

function latencyRow(name: string, scenario: string, result: LatencyResult): string[] {
  return [
    name,
    scenario,
    whole(result.calls_per_second_achieved),
    ...[result.p50_ms, result.p99_ms, result.p999_ms, result.max_ms].map(whole),
  ];
}

const LATENCY_HEAD = ['result', 'log', 'calls/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'largest ms'];

function latencyTable(reports: readonly NamedReport[]): string {
  return table(
    LATENCY_HEAD,
    reports.flatMap(({ name, report: { latency } }) =>
      latency === undefined
        ? []
        : Object.values(latency).map((result) => latencyRow(name, result.scenario, result)),
    ),
  );
}

function risingTable(reports: readonly NamedReport[]): string {
  return table(
    LATENCY_HEAD,
    reports.flatMap(({ name, report: { rising_load: rising } }) =>
      Object.values(rising ?? {})
        .flat()
        .map((result) => latencyRow(name, result.scenario, result)),
    ),
  );
}

function costTable(reports: readonly NamedReport[]): string {
  return table(
    ['result', 'settings', 'calls/s', 'of all runs', 'p50 ms', 'p99 ms', 'p99.9 ms'],
    reports.flatMap(({ name, report: { exactly_once_cost: cost } }) =>
      cost === undefined
        ? []
        : (['exactly_once', 'at_least_once'] as const).map((kind) => {
            const { throughput, latency } = cost[kind];
            const runs = throughput.runs ?? [throughput.calls_per_second];
            return [
              name,
              kind.replaceAll('_', ' '),
              whole(throughput.calls_per_second),
              `${whole(Math.min(...runs))} to ${whole(Math.max(...runs))}`,
              ...[latency.p50_ms, latency.p99_ms, latency.p999_ms].map(whole),
            ];
          }),
    ),
  );
}

function settlementTable(reports: readonly NamedReport[]): string {
  return table(
    ['result', 'calls', 'accounts', 'settlement', 'invoices', 'MB at most', 'preview', 'API p99', 'CDR file'],
    reports.flatMap(({ name, report: { settlement: month } }) =>
      month === undefined
        ? []
        : [
            [
              name,
              whole(month.calls),
              whole(month.accounts),
              `${month.settlement.seconds.toFixed(1)} s`,
              `${month.invoices.seconds.toFixed(1)} s`,
              whole(Math.max(month.settlement.peak_megabytes, month.invoices.peak_megabytes)),
              `${whole(month.preview_milliseconds.median)} ms`,
              `${whole(month.monthly_usage_milliseconds.p99)} ms`,
              `${whole(month.call_details.rows)} rows in ${month.call_details.seconds} s`,
            ],
          ],
    ),
  );
}

function linearityTable(reports: readonly NamedReport[]): string {
  return table(
    [
      'result',
      'of',
      'variant',
      'CPU-s a million',
      'times base',
      'aim',
      'MB at most',
      'merged a row',
      'calls/s',
    ],
    reports.flatMap(({ name, report: { linearity } }) =>
      (linearity?.rows ?? []).map((each) => [
        name,
        each.group,
        each.note === undefined ? each.variant : `${each.variant}; ${each.note}`,
        each.cpu_seconds_per_million.toFixed(2),
        each.times_base.toFixed(2),
        each.bound === null ? '' : `≤ ${each.bound}${isReached(each) ? '' : ', not reached'}`,
        whole(each.peak_megabytes),
        each.merged_rows_per_row?.toFixed(2) ?? '',
        each.calls_per_second === undefined ? '' : whole(each.calls_per_second),
      ]),
    ),
  );
}

function isReached({ bound, times_base: times, note }: LinearityRow): boolean {
  return bound === null || (times <= bound && !(note ?? '').startsWith('not reached'));
}

function peersTable(reports: readonly NamedReport[]): string {
  return table(
    ['result', 'pricing', 'prefixes', 'calls/s', 'CPU-s a million', 'times Tollstream', 'same prices'],
    reports.flatMap(({ name, report: { peers } }) => [
      ...(peers?.results ?? []).map((each) => [
        name,
        `${each.name} (${each.version})`,
        whole(each.prefixes),
        whole(each.calls_per_second),
        each.cpu_seconds_per_million?.toFixed(2) ?? '',
        each.times_tollstream.toFixed(1),
        each.difference === '' ? 'all' : each.difference,
      ]),
      ...Object.entries(peers?.missing ?? {}).map(([peer, why]) => [
        name,
        `${peer}: ${why}`,
        '',
        '',
        '',
        '',
        '',
      ]),
    ]),
  );
}

function pausesTable(reports: readonly NamedReport[]): string {
  return table(
    [
      'result',
      'stage',
      'longest pause, ms',
      'longest garbage collection, ms',
      'half seconds with over 100 ms',
    ],
    reports.flatMap(({ name, report: { latency } }) =>
      Object.values(latency ?? {}).flatMap(({ pauses = {} }) =>
        Object.entries(pauses).map(([stage, pause]) => [
          name,
          stage,
          whole(pause.longest_ms),
          whole(pause.longest_gc_ms),
          `${whole(pause.half_seconds_over_100_ms)} of ${whole(pause.half_seconds)}`,
        ]),
      ),
    ),
  );
}

function swapTable(reports: readonly NamedReport[]): string {
  return table(
    [
      'result',
      'versions',
      'prefixes',
      'accounts',
      'calls/s',
      'batches',
      'of two versions',
      'rows',
      'without a version',
      'rating waited, ms at most',
      'swap, ms at most',
    ],
    reports.flatMap(({ name, report: { swap } }) =>
      swap === undefined
        ? []
        : [
            [
              name,
              whole(swap.swaps.length),
              whole(swap.prefixes),
              whole(swap.accounts),
              whole(swap.calls_per_second),
              whole(swap.batches),
              whole(swap.batches_of_two_versions),
              whole(swap.rows),
              whole(swap.rows_without_version),
              whole(Math.max(...swap.swaps.map((each) => each.rating_waited_ms))),
              Math.max(
                ...swap.swaps.flatMap(({ services }) => Object.values(services).map((each) => each.swap_ms)),
              ).toFixed(1),
            ],
          ],
    ),
  );
}

function swapPausesTable(reports: readonly NamedReport[]): string {
  return table(
    [
      'result',
      'thread',
      'meanwhile',
      'half seconds',
      'stood still, ms at most',
      'without waiting for a processor',
      'computed',
      'blocks through rating, p50 and p99 ms',
    ],
    reports.flatMap(({ name, report: { swap } }) =>
      swap === undefined
        ? []
        : (['with_swaps', 'without'] as const).flatMap((side) =>
            Object.entries(swap[side].pauses).map(([thread, pause]) => [
              name,
              thread,
              side === 'without' ? 'nothing' : 'versions came into use',
              whole(pause.half_seconds),
              whole(pause.longest_ms),
              whole(pause.longest_own_ms ?? 0),
              whole(pause.longest_cpu_ms ?? 0),
              `${whole(swap[side].delay_ms.p50)}, ${whole(swap[side].delay_ms.p99)}`,
            ]),
          ),
    ),
  );
}

function restoreTable(reports: readonly NamedReport[]): string {
  const cost = ({ seconds, cpu_seconds }: StepCost): string =>
    `${seconds.toFixed(1)} s (${cpu_seconds.toFixed(1)} CPU-s)`;
  return table(
    [
      'result',
      'remembered calls',
      'bytes each',
      'from all output',
      'MB at most',
      'from a snapshot',
      'MB at most',
      'snapshot',
      'longest pause',
    ],
    reports.flatMap(({ name, report: { restore } }) =>
      restore === undefined
        ? []
        : [
            [
              name,
              whole(restore.ids),
              restore.window_bytes_per_id.toFixed(1),
              cost(restore.from_output),
              whole(restore.from_output.peak_megabytes),
              cost(restore.from_snapshot),
              whole(restore.from_snapshot.peak_megabytes),
              `${whole(restore.snapshot.bytes / 1e6)} MB in ${restore.snapshot.seconds.toFixed(1)} s`,
              `${restore.snapshot.pause_ms.toFixed(1)} ms`,
            ],
          ],
    ),
  );
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return NONE;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i < 2 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function sumOf(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0);
}
