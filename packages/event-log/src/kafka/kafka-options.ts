import './kafkajs-faster.ts';
import kafkajs, { type Kafka, type KafkaConfig, type RetryOptions } from 'kafkajs';
import { socketFactory } from './socket-factory.ts';

export interface KafkaOptions {
  /** `host:port` of at least one broker. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** True: the system's certificate authorities. */
  readonly tls?: boolean | { readonly ca?: string; readonly certificate?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** A member that is silent for this long loses its partitions; default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Default 3,000; at most a third of the session. */
  readonly heartbeatIntervalMs?: number;
  /** Most that a member may take to finish its batch when the group changes; default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** The broker aborts a transaction that is older; default 60,000. */
  readonly transactionTimeoutMs?: number;
}

export const SESSION_TIMEOUT_MS = 30_000;
export const HEARTBEAT_INTERVAL_MS = 3_000;
export const REBALANCE_TIMEOUT_MS = 60_000;
export const TRANSACTION_TIMEOUT_MS = 60_000;

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
