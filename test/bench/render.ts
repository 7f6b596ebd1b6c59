/** A bench report as text, beside an earlier one where there is one. */
import type { Pauses } from './pauses.ts';
import type {
  BacklogResult,
  BenchReport,
  EndToEndResult,
  ExactlyOnceCost,
  LatencyResult,
  LinearityResult,
  PeersResult,
  SwapResult,
  SwapSide,
} from './result.ts';
import { keptUpWith } from './result.ts';
import type { StepCost } from './process-usage.ts';
import type { RestoreResult } from './restore.ts';
import type { SettlementResult } from './settlement.ts';

export function renderReport(report: BenchReport, before: BenchReport | null): string {
  const { cpu, cores, memory_gigabytes } = report.machine;
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpu}, ${cores} cores, ${memory_gigabytes} GB; ${versions.join(', ')}`,
    ...(report.stages.length === 0 ? [] : ['', stageTable(report, before)]),
    ...(['embedded', 'embedded_json', 'kafka'] as const).flatMap((name) => {
      const result = report[name];
      return result === undefined ? [] : ['', endToEnd(result, before?.[name])];
    }),
    ...(report.settlement === undefined ? [] : ['', settlementTable(report.settlement)]),
    ...(report.latency === undefined ? [] : ['', latencyTable(Object.values(report.latency))]),
    ...(report.rising_load === undefined ? [] : ['', ...Object.values(report.rising_load).map(risingTable)]),
    ...(report.exactly_once_cost === undefined ? [] : ['', costTable(report.exactly_once_cost)]),
    ...(report.restore === undefined ? [] : ['', restoreTable(report.restore)]),
    ...(report.linearity === undefined ? [] : ['', linearityTable(report.linearity)]),
    ...(report.peers === undefined ? [] : ['', peersTable(report.peers)]),
    ...(report.backlog === undefined ? [] : ['', backlogTable(report.backlog)]),
    ...(report.swap === undefined ? [] : ['', swapTable(report.swap)]),
  ].join('\n');
}

function linearityTable({ rows }: LinearityResult): string {
  const head = row([
    'variant',
    'CPU-s a million',
    'turns a call',
    'times base',
    'aim',
    'MB at most',
    'merged',
  ]);
  const lines = rows.map((each) =>
    row([
      `${each.group}: ${each.variant}`,
      each.cpu_seconds_per_million.toFixed(2),
      String(each.turns_per_call),
      each.times_base.toFixed(2),
      each.bound === null ? '' : `≤ ${each.bound}`,
      each.peak_megabytes.toLocaleString('en'),
      each.merged_rows_per_row?.toFixed(2) ?? '',
    ]).concat(each.note === undefined ? '' : `   ${each.note}`),
  );
  return [head, ...lines].join('\n');
}

function peersTable({ results, missing }: PeersResult): string {
  const head = row(['pricing', 'prefixes', 'calls/s', 'CPU-s a million', 'times tollstream', 'same prices']);
  const lines = results.map((each) =>
    row([
      each.name,
      each.prefixes.toLocaleString('en'),
      each.calls_per_second.toLocaleString('en'),
      each.cpu_seconds_per_million?.toFixed(2) ?? '',
      each.times_tollstream.toFixed(1),
      each.difference === '' ? 'yes' : each.difference,
    ]),
  );
  return [head, ...lines, ...Object.entries(missing).map(([name, why]) => `${name}: ${why}`)].join('\n');
}

function settlementTable(result: SettlementResult): string {
  const { preview_milliseconds: preview, monthly_usage_milliseconds: sums, call_details: file } = result;
  const whole = (value: number): string => value.toLocaleString('en');
  return [
    `a month of ${whole(result.calls)} calls of ${whole(result.accounts)} accounts, ${whole(result.adjustments)} of them priced otherwise`,
    ...(['settlement', 'invoices'] as const).map((name) => {
      const { seconds, cpu_seconds, peak_megabytes } = result[name];
      return `  ${name.padEnd(12)}${seconds.toFixed(1).padStart(8)} s${cpu_seconds.toFixed(1).padStart(10)} CPU-s${whole(peak_megabytes).padStart(10)} MB peak`;
    }),
    `  preview of an invoice ${preview.median} ms, at most ${preview.max} ms`,
    `  monthly sums over HTTP ${sums.median} ms, 99 of 100 within ${sums.p99} ms`,
    `  call details: ${whole(file.rows)} rows, ${file.megabytes} MB of CSV in ${file.seconds} s`,
  ].join('\n');
}

function restoreTable(result: RestoreResult): string {
  const { ids, window_bytes_per_id, output_bytes, snapshot } = result;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
  const cost = ({ seconds, cpu_seconds, peak_megabytes }: StepCost): string =>
    `${seconds.toFixed(1).padStart(8)} s${cpu_seconds.toFixed(1).padStart(10)} CPU-s${peak_megabytes.toLocaleString('en').padStart(10)} MB peak`;
  return [
    `a restart with ${ids.toLocaleString('en')} remembered calls, ${window_bytes_per_id} bytes each`,
    `  from all output, ${megabytes(output_bytes).padEnd(10)}${cost(result.from_output)}`,
    `  from a snapshot, ${megabytes(snapshot.bytes).padEnd(10)}${cost(result.from_snapshot)}`,
    `  the snapshot was written in ${snapshot.seconds} s, with pauses of ${snapshot.pause_ms} ms at most`,
  ].join('\n');
}

function latencyTable(results: readonly LatencyResult[]): string {
  const head = row(['published → visible', 'calls/s', 'p50', 'p99', 'p99.9', 'largest']);
  const lines = results.flatMap((result) => [
    latencyRow(result.scenario, result),
    ...stageRows(result),
    ...pauseLines(result.pauses),
  ]);
  return [head, ...lines].join('\n');
}

function risingTable(results: readonly LatencyResult[]): string {
  const kept = keptUpWith(results);
  return [
    latencyTable(results),
    kept === null
      ? 'none of these rates was kept up with'
      : `kept up with ${kept.most.calls_per_second_achieved.toLocaleString('en')} calls/s; at half of that 99 of 100 within ${kept.half.p99_ms.toLocaleString('en')} ms`,
  ].join('\n');
}

function stageRows({ stages }: LatencyResult): string[] {
  return Object.entries(stages).map(([name, { p50_ms, p99_ms }]) => {
    const times = [p50_ms, p99_ms].map((ms) => `${ms.toLocaleString('en')} ms`);
    return row([`  ${name.replaceAll('_', ' ')}`, '', ...times]);
  });
}

function pauseLines(pauses: Pauses = {}): string[] {
  return Object.entries(pauses).map(
    ([stage, pause]) =>
      `  ${stage.padEnd(16)} stood still for ${pause.longest_ms} ms at most (garbage ${pause.longest_gc_ms} ms), over 100 ms in ${pause.half_seconds_over_100_ms} of ${pause.half_seconds} half seconds`,
  );
}

function latencyRow(name: string, result: LatencyResult): string {
  const { p50_ms, p99_ms, p999_ms, max_ms, calls_per_second_achieved } = result;
  const times = [p50_ms, p99_ms, p999_ms, max_ms].map((ms) => `${ms.toLocaleString('en')} ms`);
  return row([name, calls_per_second_achieved.toLocaleString('en'), ...times]);
}

function costTable({ exactly_once: one, at_least_once: other }: ExactlyOnceCost): string {
  const share = (one.throughput.calls_per_second / other.throughput.calls_per_second) * 100;
  return [
    endToEnd(one.throughput, undefined),
    '',
    `at least once: ${endToEnd(other.throughput, undefined)}`,
    '',
    `exactly once: ${share.toFixed(1)} % of the speed`,
    row(['published → visible', 'calls/s', 'p50', 'p99', 'p99.9', 'largest']),
    latencyRow('exactly once', one.latency),
    latencyRow('at least once', other.latency),
  ].join('\n');
}

function backlogTable(result: BacklogResult): string {
  const { scenario, calls, drain_seconds, drained_rows_per_second, peak_megabytes } = result;
  return [
    `${scenario}: ${calls.toLocaleString('en')} calls rated while ClickHouse was away, then drained in ${drain_seconds} s: ${drained_rows_per_second.toLocaleString('en')} rows/s`,
    ...Object.entries(peak_megabytes).map(
      ([name, peak]) =>
        `  ${name.padEnd(12)}${String(result.peak_megabytes_away[name]).padStart(6)} MB peak while it was away,${String(peak).padStart(6)} MB in all`,
    ),
  ].join('\n');
}

function swapTable(result: SwapResult): string {
  const whole = (value: number): string => value.toLocaleString('en');
  const side = (name: string, { pauses, blocks, delay_ms: delay }: SwapSide): string[] => [
    `  ${name}: ${whole(blocks)} blocks on their way through rating for ${delay.p50} ms, ${delay.p99} ms (99 of 100), ${delay.max} ms at most`,
    ...Object.entries(pauses).map(
      ([thread, pause]) =>
        `    ${thread.padEnd(8)} stood still for ${pause.longest_ms} ms at most, ${pause.longest_own_ms} ms without waiting for a processor, ${pause.longest_cpu_ms} ms of it computing (garbage ${pause.longest_gc_ms} ms)`,
    ),
  ];
  return [
    `${result.scenario}: ${result.swaps.length} versions of ${whole(result.prefixes)} prefixes and ${whole(result.accounts)} accounts under ${whole(result.calls_per_second)} calls/s`,
    `  ${whole(result.batches)} batches, ${result.batches_of_two_versions} of two versions; ${whole(result.rows)} rows, ${result.rows_without_version} without a version; ${whole(result.rows_in_table)} in the table, ${result.rows_of_another_price} with a price that its version does not have`,
    ...result.swaps.map(
      ({ version, rating_waited_ms, services }) =>
        `  version ${version}: rating waited ${rating_waited_ms} ms; ${Object.entries(services)
          .map(([name, { load_ms, swap_ms }]) => `${name} compiled ${load_ms} ms, swapped in ${swap_ms} ms`)
          .join('; ')}`,
    ),
    ...side('while versions came into use', result.with_swaps),
    ...side('otherwise', result.without),
  ].join('\n');
}

function stageTable(report: BenchReport, before: BenchReport | null): string {
  const head = row([
    'stage',
    'calls/s',
    'CPU-s per million',
    'bytes per call',
    before === null ? '' : 'against before',
  ]);
  const lines = report.stages.map((stage) => {
    const earlier = before?.stages.find((each) => each.stage === stage.stage);
    return row([
      stage.stage,
      stage.calls_per_second.toLocaleString('en'),
      stage.cpu_seconds_per_million.toFixed(2),
      stage.bytes_per_call === null ? '' : stage.bytes_per_call.toFixed(0),
      earlier === undefined ? '' : `× ${(stage.calls_per_second / earlier.calls_per_second).toFixed(2)}`,
    ]);
  });
  return [head, ...lines].join('\n');
}

function row([first = '', ...rest]: readonly string[]): string {
  return `${first.padEnd(52)}${rest.map((cell) => cell.padStart(19)).join('')}`.trimEnd();
}

function endToEnd(result: EndToEndResult, before: EndToEndResult | undefined): string {
  const ratio =
    before === undefined ? '' : ` (× ${(result.calls_per_second / before.calls_per_second).toFixed(2)})`;
  const processes = Object.keys(result.cpu_seconds_per_million).map(
    (name) =>
      `  ${name.padEnd(12)}${(result.cpu_seconds_per_million[name] ?? 0).toFixed(2).padStart(8)} CPU-s per million` +
      (result.peak_megabytes[name] === undefined
        ? ''
        : `${result.peak_megabytes[name].toFixed(0).padStart(8)} MB peak`),
  );
  return [
    `${result.scenario}: ${result.calls_per_second.toLocaleString('en')} calls/s${ratio}, ${result.calls.toLocaleString('en')} calls of ${result.bytes_per_call.toFixed(0)} bytes`,
    ...(result.runs === undefined
      ? []
      : [`  runs: ${result.runs.map((run) => run.toLocaleString('en')).join(', ')}`]),
    ...(result.includes === undefined ? [] : [`  ${result.includes}`]),
    ...processes,
  ].join('\n');
}
