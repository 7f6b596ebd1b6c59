import type { RunningBroker } from './broker.ts';
import { missingForDocker, startDockerBroker } from './docker-broker.ts';
import { ensureJavaBroker, missingForJava } from './java-broker.ts';
import { isBrokerHealthy } from './probe.ts';

export type BrokerSearch =
  { readonly broker: RunningBroker } | { readonly broker: null; readonly reasons: readonly string[] };

/**
 * Finds a real broker: the first of `KAFKA_BROKERS`, Docker with a live daemon, Java with Maven.
 * @throws when `KAFKA_BROKERS` is set and nothing answers there: whoever names a broker means that one
 */
export async function ensureBroker(say: (line: string) => void = () => undefined): Promise<BrokerSearch> {
  const named = process.env['KAFKA_BROKERS'];
  if (named) return { broker: await useNamed(named.split(',').map((broker) => broker.trim())) };

  const withoutDocker = await missingForDocker();
  if (withoutDocker === null) {
    say('starting Apache Kafka in Docker');
    return { broker: await startDockerBroker() };
  }
  const withoutJava = await missingForJava();
  if (withoutJava === null) return { broker: await ensureJavaBroker(say) };
  return { broker: null, reasons: ['KAFKA_BROKERS is not set', withoutDocker, withoutJava] };
}

async function useNamed(brokers: readonly string[]): Promise<RunningBroker> {
  if (!(await isBrokerHealthy(brokers))) {
    throw new Error(
      `KAFKA_BROKERS names ${brokers.join(',')}, but no broker answers there. Start it, or unset the variable.`,
    );
  }
  return {
    brokers,
    description: `Kafka as KAFKA_BROKERS names it (${brokers.join(',')})`,
    release: async () => undefined,
  };
}
