/**
 * The `billions` scenario: a carrier's deck, accounts by the thousands, the whole pipeline over both event logs, several times. Each
 * run must be verified by `tollstream verify`, and its outcomes and its talk time must be those that the generator of the calls counted by
 * itself. Then the latency of both at half of the speed that they reached.
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

export async function benchBillions(options: {
  calls: number;
  runs: number;
  seed: number;
  partitions: number;
  /** Of the steady load that latency is measured under; 0 for none. */
  seconds: number;
  say: (line: string) => void;
}): Promise<{
  kafka: EndToEndResult;
  embedded: EndToEndResult;
  latency?: { kafka: LatencyResult; embedded: LatencyResult };
}> {
  const { calls, runs, seed, partitions, seconds, say } = options;
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
    const kafka: EndToEndResult[] = [];
    const embedded: EndToEndResult[] = [];
    // In turns, so that what else the machine does falls on both alike.
    for (let run = 1; run <= runs; run += 1) {
      say(`run ${run} of ${runs}: Kafka …`);
      kafka.push(await benchKafka({ input, partitions, say }));
      say(`run ${run} of ${runs}: ${kafka.at(-1)?.calls_per_second} calls/s; embedded …`);
      embedded.push(await benchEmbedded({ input }));
      say(`run ${run} of ${runs}: ${embedded.at(-1)?.calls_per_second} calls/s`);
    }
    const result = { kafka: middleRun(kafka), embedded: middleRun(embedded) };
    if (seconds === 0) return result;
    const half = (of: EndToEndResult): Load => ({
      ratePerSecond: of.calls_per_second / 2,
      seconds,
      seed,
      catalogDirectory,
    });
    say('latency at half of these speeds: Kafka …');
    const kafkaLatency = await benchKafkaLatency({ load: half(result.kafka), partitions, say });
    say('embedded …');
    const embeddedLatency = await benchEmbeddedLatency({ load: half(result.embedded), say });
    return { ...result, latency: { kafka: kafkaLatency, embedded: embeddedLatency } };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
