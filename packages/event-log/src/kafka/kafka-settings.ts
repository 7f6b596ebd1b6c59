import { readFileSync } from 'node:fs';
import { asError, EventLogError } from '../errors.ts';
import type { TopicSpec } from '../port.ts';
import { HEARTBEAT_INTERVAL_MS } from './kafka-options.ts';
import type { KafkaOptions } from './kafka-options.ts';

/** Kafka's connection as configuration has it; empty texts count as absent. */
export interface KafkaSettings {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaTls: boolean;
  readonly kafkaTlsCaFile?: string | undefined;
  readonly kafkaTlsCertFile?: string | undefined;
  readonly kafkaTlsKeyFile?: string | undefined;
  readonly kafkaSaslMechanism: string;
  readonly kafkaSaslUser?: string | undefined;
  readonly kafkaSaslPassword?: string | undefined;
  readonly kafkaSessionTimeoutMs?: number | undefined;
}

/** Reads the files that the settings name. @throws {EventLogError} when one cannot be read or a setting is missing */
export function kafkaOptionsOf(settings: KafkaSettings): KafkaOptions {
  return {
    brokers: settings.kafkaBrokers,
    ...tlsOf(settings),
    ...saslOf(settings),
    ...sessionOf(settings),
  };
}

function sessionOf({
  kafkaSessionTimeoutMs: sessionTimeoutMs,
}: KafkaSettings): Pick<KafkaOptions, 'sessionTimeoutMs' | 'heartbeatIntervalMs'> {
  if (sessionTimeoutMs === undefined) return {};
  return {
    sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(HEARTBEAT_INTERVAL_MS, Math.floor(sessionTimeoutMs / 3)),
  };
}

function tlsOf(settings: KafkaSettings): Pick<KafkaOptions, 'tls'> {
  const { kafkaTls, kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile } = settings;
  if (!kafkaTls) return {};
  if (!kafkaTlsCaFile && !kafkaTlsCertFile && !kafkaTlsKeyFile) return { tls: true };
  return {
    tls: {
      ...(kafkaTlsCaFile ? { ca: readPem(kafkaTlsCaFile) } : {}),
      ...(kafkaTlsCertFile ? { certificate: readPem(kafkaTlsCertFile) } : {}),
      ...(kafkaTlsKeyFile ? { key: readPem(kafkaTlsKeyFile) } : {}),
    },
  };
}

function saslOf(settings: KafkaSettings): Pick<KafkaOptions, 'sasl'> {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUser: username, kafkaSaslPassword: password } = settings;
  if (mechanism === 'none' || mechanism === '') return {};
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    throw credentialsIncomplete(`There is no SASL mechanism "${mechanism}".`);
  }
  if (!username || !password) throw credentialsIncomplete(`SASL ${mechanism} needs a user and a password.`);
  return { sasl: { mechanism, username, password } };
}

function credentialsIncomplete(message: string): EventLogError {
  return new EventLogError({
    code: 'TOLL_KAFKA_CREDENTIALS',
    message,
    remedy:
      'Set mechanism (plain, scram-sha-256, scram-sha-512), user and password, or the mechanism "none".',
  });
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new EventLogError({
      code: 'TOLL_KAFKA_TLS',
      message: `The TLS file ${path} cannot be read (${asError(error).message}).`,
      remedy: 'Name a PEM file that this user may read.',
      cause: error,
    });
  }
}

/** Far above the largest block, so that no block is ever refused for its size. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** The topics of the pipeline as they are to be created. */
export function pipelineTopics(names: readonly string[], partitions: number): TopicSpec[] {
  const settings = {
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    // Calls and their prices are money: when they may be deleted is an operator's decision, never a default.
    'retention.ms': '-1',
  };
  return names.map((name) => ({ name, partitions, settings }));
}
