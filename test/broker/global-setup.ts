/** Vitest global setup: gives every integration test the same real broker, or says loudly that there is none. */
import type { TestProject } from 'vitest/node';
import { ensureBroker } from './ensure-broker.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of each; empty when no real broker was found. */
    kafkaBrokers: string[];
    /** `host:port` of the listener that demands SASL; empty when there is none. */
    kafkaSaslBroker: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const search = await ensureBroker((line) => process.stderr.write(`real broker: ${line}\n`));
  if (search.broker === null) {
    process.stderr.write(noBroker(search.reasons));
    project.provide('kafkaBrokers', []);
    project.provide('kafkaSaslBroker', '');
    return async () => {
      process.stderr.write(noBroker(search.reasons));
    };
  }
  const { brokers, saslBroker, description, release } = search.broker;
  process.stderr.write(`real broker: ${description}\n`);
  project.provide('kafkaBrokers', [...brokers]);
  project.provide('kafkaSaslBroker', saslBroker ?? '');
  // Tests that start services as processes hand this on to them.
  process.env['KAFKA_BROKERS'] = brokers.join(',');
  return release;
}

function noBroker(reasons: readonly string[]): string {
  return [
    '',
    'NO REAL BROKER: the tests that need Kafka (*.integration.test.ts) DID NOT RUN.',
    `  Looked for: ${reasons.join('; ')}.`,
    '  To run them: set KAFKA_BROKERS=host:port, or start Docker, or install Java 17 and Maven.',
    '',
    '',
  ].join('\n');
}
