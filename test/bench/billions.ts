/**
 * The `billions` scenario: a carrier's deck, accounts by the thousands, the whole pipeline over both event logs, several times. Each
 * run must be verified by `tollstream verify`, and its outcomes and its talk time must be those that the generator of the calls counted by
 * itself. Then the latency of both with JSON events, at half of the speed that they reach with these.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { writeCalls } from '../../packages/cli/src/generate/index.ts';
import { BILLIONS_SIZES, writeBillionsCatalog } from './billions-catalog.ts';
import { benchEmbedded } from './embedded.ts';
import { benchKafka } from './kafka.ts';
import { benchEmbeddedLatency, benchKafkaLatency } from './latency.ts';
import type { BenchInput, EndToEndResult, LatencyResult } from './result.ts';
import { middleRun } from './result.ts';
import type { Load } from './steady-load.ts';

/** As many as tell the speed at which the steady load is to be half. */
const JSON_CALLS_MAX = 2_000_000;

export const BILLIONS_LOGS = ['kafka', 'embedded'] as const;
type BillionsLog = (typeof BILLIONS_LOGS)[number];

export async function benchBillions(options: {
  calls: number;
  runs: number;
  /** Latency is measured only where both are. */
  logs: readonly BillionsLog[];
  seed: number;
  partitions: number;
  /** Of the steady load that latency is measured under; 0 for none. */
  seconds: number;
  say: (line: string) => void;
}): Promise<{
  kafka?: EndToEndResult;
  embedded?: EndToEndResult;
  latency?: { kafka: LatencyResult; embedded: LatencyResult };
}> {
  const { calls, runs, logs, seed, partitions, seconds, say } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-billions-'));
  try {
    const catalogDirectory = path.join(directory, 'catalog');
    say(`catalog: ${BILLIONS_SIZES.prefixes} prefixes, ${BILLIONS_SIZES.accounts} accounts …`);
    await writeBillionsCatalog(catalogDirectory);
    const file = path.join(directory, 'calls.avro');
    say(`${calls.toLocaleString('en')} calls …`);
    const catalog = await requireCatalog(catalogDirectory);
    const tally = await writeCalls({ calls, seed, catalog, format: 'avro', output: file });
    const input: BenchInput = { calls, file, catalogDirectory, expected: tally };
    const run: Record<BillionsLog, () => Promise<EndToEndResult>> = {
      kafka: () => benchKafka({ input, partitions, say }),
      embedded: () => benchEmbedded({ input }),
    };
    const done: Record<BillionsLog, EndToEndResult[]> = { kafka: [], embedded: [] };
    // In turns, so that what else the machine does falls on both alike.
    for (let turn = 1; turn <= runs; turn += 1) {
      for (const log of logs) {
        say(`run ${turn} of ${runs}, ${log} …`);
        const result = await run[log]();
        done[log].push(result);
        say(`run ${turn} of ${runs}, ${log}: ${result.calls_per_second} calls/s`);
      }
    }
    const result = Object.fromEntries(logs.map((log) => [log, middleRun(done[log])]));
    if (seconds === 0 || logs.length < 2) return result;
    const jsonFile = path.join(directory, 'calls.jsonl');
    const jsonCalls = Math.min(calls, JSON_CALLS_MAX);
    say(`${jsonCalls.toLocaleString('en')} calls as JSON, as a steady load brings them …`);
    const jsonTally = await writeCalls({ calls: jsonCalls, seed, catalog, format: 'json', output: jsonFile });
    const json: BenchInput = { calls: jsonCalls, file: jsonFile, catalogDirectory, expected: jsonTally };
    const half = ({ calls_per_second: speed }: EndToEndResult): Load => {
      say(`${speed} calls/s; latency at half of that …`);
      return { ratePerSecond: speed / 2, seconds, seed, catalogDirectory };
    };
    const kafkaLoad = half(await benchKafka({ input: json, partitions, say }));
    const kafkaLatency = await benchKafkaLatency({ load: kafkaLoad, partitions, say });
    const embeddedLoad = half(await benchEmbedded({ input: json }));
    const embeddedLatency = await benchEmbeddedLatency({ load: embeddedLoad, say });
    return { ...result, latency: { kafka: kafkaLatency, embedded: embeddedLatency } };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
