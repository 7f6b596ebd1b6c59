/**
 * What exactly-once costs: the services over Kafka as they are, and with at-least-once settings, in turns on the same calls: speed with a
 * backlog, and latency under the same load. The inserts keep their tokens in both: a token costs ClickHouse nothing that shows.
 */
import { pathToFileURL } from 'node:url';
import path from 'node:path';
import { benchKafka } from './kafka.ts';
import { benchKafkaLatency } from './latency.ts';
import type { BenchInput, EndToEndResult, ExactlyOnceCost } from './result.ts';
import { middleRun } from './result.ts';

const PRELOAD = pathToFileURL(path.join(import.meta.dirname, 'at-least-once/preload.ts')).href;
const INCLUDES =
  'as above, but outputs sent without transactions before the position is committed, no fencing, and no boundary before an insert';
const AT_LEAST_ONCE = { NODE_OPTIONS: `--import=${PRELOAD}` };

export async function benchExactlyOnceCost(options: {
  input: BenchInput;
  partitions: number;
  runs: number;
  seconds: number;
  seed: number;
  /** Default: half of what the exactly-once services took in. */
  ratePerSecond?: number | undefined;
  say: (line: string) => void;
}): Promise<ExactlyOnceCost> {
  const { input, partitions, runs, seconds, seed, say } = options;
  const once: EndToEndResult[] = [];
  const atLeastOnce: EndToEndResult[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: exactly once …`);
    once.push(await benchKafka({ input, partitions, say }));
    say(`run ${run} of ${runs}: ${once.at(-1)?.calls_per_second} calls/s; at least once …`);
    atLeastOnce.push(await benchKafka({ input, partitions, env: AT_LEAST_ONCE, say }));
    say(`run ${run} of ${runs}: ${atLeastOnce.at(-1)?.calls_per_second} calls/s`);
  }
  const throughput = middleRun(once);
  const ratePerSecond = options.ratePerSecond ?? throughput.calls_per_second / 2;
  const load = { ratePerSecond, seconds, seed };
  say(`latency at ${Math.round(ratePerSecond)} calls/s: exactly once …`);
  const latency = await benchKafkaLatency({ load, partitions, say });
  say('at least once …');
  const otherLatency = await benchKafkaLatency({ load, partitions, env: AT_LEAST_ONCE, say });
  return {
    exactly_once: { throughput, latency },
    at_least_once: {
      throughput: { ...middleRun(atLeastOnce), includes: INCLUDES },
      latency: otherLatency,
    },
  };
}
