/**
 * The `billions` scenario: a carrier's deck, accounts by the thousands, the whole pipeline over both event logs, several times. Each
 * run must be verified by `tollstream verify`, and its outcomes must be those that the generator of the calls counted by itself.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireCatalog } from '@tollstream/catalog';
import { writeCalls } from '../../packages/cli/src/generate/index.ts';
import { BILLIONS_SIZES, writeBillionsCatalog } from './billions-catalog.ts';
import { benchEmbedded } from './embedded.ts';
import { benchKafka } from './kafka.ts';
import type { BenchInput, EndToEndResult } from './result.ts';
import { middleRun } from './result.ts';

export async function benchBillions(options: {
  calls: number;
  runs: number;
  seed: number;
  partitions: number;
  say: (line: string) => void;
}): Promise<{ kafka: EndToEndResult; embedded: EndToEndResult }> {
  const { calls, runs, seed, partitions, say } = options;
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
    return { kafka: middleRun(kafka), embedded: middleRun(embedded) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
