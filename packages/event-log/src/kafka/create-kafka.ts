import './kafkajs-faster.ts';
import './silent-connections.ts';
import kafkajs, { type Kafka, type KafkaConfig, type RetryOptions } from 'kafkajs';
import { HEARTBEAT_INTERVAL_MS, SESSION_TIMEOUT_MS, type KafkaOptions } from './kafka-options.ts';
import { socketFactory } from './socket-factory.ts';

/**
 * kafkajs waits this long when the coordinator still finishes the transaction before, which is the normal case: with its
 * default of 300 ms a transaction costs 117 ms, with 5 ms it costs 8.5 ms. Ten attempts take about 5 s.
 */
export const CLIENT_RETRY: RetryOptions = {
  initialRetryTime: 5,
  maxRetryTime: 2_000,
  factor: 0.2,
  multiplier: 2,
  retries: 10,
};

export function createKafka(options: KafkaOptions): Kafka {
  const { brokers, clientId = 'tollstream', tls, sasl } = options;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
  const heartbeatIntervalMs = options.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS;
  if (heartbeatIntervalMs * 3 > sessionTimeoutMs) {
    throw new RangeError(
      `heartbeatIntervalMs ${heartbeatIntervalMs} is above a third of sessionTimeoutMs ${sessionTimeoutMs}.`,
    );
  }
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: CLIENT_RETRY,
    ...(process.env['TOLLSTREAM_KAFKAJS_STOCK'] === '1' ? {} : { socketFactory }),
    // What matters comes through errors and events; kafkajs logs every attempt besides.
    logLevel: kafkajs.logLevel.NOTHING,
  };
  if (tls === true) config.ssl = true;
  if (typeof tls === 'object') {
    config.ssl = {
      ...(tls.ca ? { ca: [tls.ca] } : {}),
      ...(tls.certificate ? { cert: tls.certificate } : {}),
      ...(tls.key ? { key: tls.key } : {}),
    };
  }
  if (sasl) config.sasl = { ...sasl } as NonNullable<KafkaConfig['sasl']>;
  return new kafkajs.Kafka(config);
}
