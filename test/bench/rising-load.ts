/** The `rising-load` scenario: a carrier's deck and accounts by the thousands, JSON events at rising rates to the same processes, over both event logs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BILLIONS_SIZES, writeBillionsCatalog } from './billions-catalog.ts';
import { benchEmbeddedLatencies, benchKafkaLatencies } from './latency.ts';
import type { RisingLoad } from './result.ts';

export async function benchRisingLoad(options: {
  /** Calls a second, one after the other. */
  rates: readonly number[];
  /** Of each rate. */
  seconds: number;
  seed: number;
  partitions: number;
  say: (line: string) => void;
}): Promise<RisingLoad> {
  const { rates, seconds, seed, partitions, say } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-rising-'));
  try {
    const catalogDirectory = path.join(directory, 'catalog');
    say(`catalog: ${BILLIONS_SIZES.prefixes} prefixes, ${BILLIONS_SIZES.accounts} accounts …`);
    await writeBillionsCatalog(catalogDirectory);
    const [ratePerSecond = 0, ...further] = rates;
    const load = { ratePerSecond, further, seconds, seed, catalogDirectory };
    say(`Kafka at ${rates.join(', ')} calls/s …`);
    const kafka = await benchKafkaLatencies({ load, partitions, say });
    say(`embedded at ${rates.join(', ')} calls/s …`);
    return { kafka, embedded: await benchEmbeddedLatencies({ load, say }) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
