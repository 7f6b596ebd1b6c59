/** Settings that several services share, declared once. */
import type { Values } from './config.ts';
import { choice, flag, integer, list, optionalText, secret, text, url } from './settings.ts';

/** Where the event log is and how to get in. */
export const KAFKA_SETTINGS = {
  kafkaBrokers: list({ summary: 'Kafka bootstrap servers, host:port.', min: 1 }),
  kafkaTls: flag({ summary: 'Whether brokers are spoken to over TLS.', default: false }),
  kafkaTlsCaFile: optionalText({
    summary: 'PEM file of the authority that signed the brokers’ certificates; empty: the system’s.',
  }),
  kafkaTlsCertFile: optionalText({ summary: 'PEM file of the client certificate (mutual TLS).' }),
  kafkaTlsKeyFile: optionalText({ summary: 'PEM file of the client certificate’s key.' }),
  kafkaSaslMechanism: choice({
    summary: 'SASL mechanism.',
    of: ['none', 'plain', 'scram-sha-256', 'scram-sha-512'],
    default: 'none',
  }),
  kafkaSaslUser: optionalText({ summary: 'SASL user.' }),
  kafkaSaslPassword: secret({ summary: 'SASL password.' }),
  kafkaSessionTimeoutMs: integer({
    summary: 'A service that the brokers have not heard of for so long loses its partitions to the others.',
    min: 6_000,
    max: 1_800_000,
    default: 30_000,
  }),
  groupPrefix: optionalText({
    summary:
      'Put before the names of consumer groups and transactional ids, where several pipelines share a cluster.',
  }),
} as const;

/** The topics of the pipeline. */
export const TOPIC_SETTINGS = {
  topicRaw: text({ summary: 'Topic of call events as switches publish them.', default: 'calls.raw' }),
  topicAccepted: text({ summary: 'Topic of accepted calls.', default: 'calls.accepted' }),
  topicRejected: text({ summary: 'Topic of rejected records, with their bytes.', default: 'calls.rejected' }),
  topicRated: text({ summary: 'Topic of rated usage.', default: 'usage.rated' }),
  topicSuspended: text({ summary: 'Topic of calls that could not be priced.', default: 'usage.suspended' }),
  topicResolved: text({
    summary: 'Topic of what became of suspended calls that were taken up again.',
    default: 'usage.resolved',
  }),
  topicAlerts: text({ summary: 'Topic of alerts of spend limits.', default: 'usage.alerts' }),
} as const;

export const CLICKHOUSE_SETTINGS = {
  clickhouseUrl: url({ summary: 'ClickHouse HTTP address.', default: 'http://127.0.0.1:8123' }),
  clickhouseUser: text({ summary: 'ClickHouse user.', default: 'default' }),
  clickhousePassword: secret({ summary: 'ClickHouse password.' }),
  clickhouseDatabase: text({ summary: 'Database of the usage tables.', default: 'tollstream' }),
} as const;

export const CATALOG_SETTINGS = {
  catalogSource: choice({
    summary:
      'Where the catalog comes from: directory = catalogDir, read once at the start; topic = the versions published with `tollstream catalog publish`, each in use soon after it is published.',
    of: ['directory', 'topic'],
    default: 'directory',
  }),
  catalogDir: optionalText({
    summary: 'Directory of the catalog: plans, tariffs, accounts. Needed where catalogSource is directory.',
  }),
  topicCatalog: text({ summary: 'Topic of published catalog versions.', default: 'catalog' }),
  catalogPollMs: integer({
    summary: 'How often the topic is looked at for a new version.',
    min: 50,
    max: 3_600_000,
    default: 1_000,
  }),
  defaultPlan: optionalText({
    summary: 'Plan of accounts that the catalog does not know; empty: such calls are suspended.',
  }),
} as const;

/** What must hold between them. */
export const CATALOG_RELATIONS = [
  {
    holds: ({ catalogSource, catalogDir }: Values<typeof CATALOG_SETTINGS>) =>
      catalogSource === 'topic' || catalogDir !== '',
    rule: 'catalogDir must be set when catalogSource is directory',
    about: ['catalogSource', 'catalogDir'],
  },
] as const;

export const BATCH_SETTINGS = {
  fetchBytesMax: integer({
    summary: 'Bytes of one batch read from a partition, about one transaction’s worth.',
    min: 65_536,
    max: 67_108_864,
    default: 4_194_304,
  }),
  fetchBytesMin: integer({
    summary:
      'Fewer bytes than this are waited for, at most fetchWaitMs: a transaction costs about the same whatever it holds.',
    min: 1,
    max: 67_108_864,
    default: 2_097_152,
  }),
  fetchWaitMs: integer({
    summary:
      'How long a read waits for fetchBytesMin; added to the time until a call is seen when there are few.',
    min: 1,
    // A member says nothing to its group while it waits: a third of the shortest session.
    max: 2_000,
    default: 100,
  }),
} as const;

/** What must hold between them. */
export const BATCH_RELATIONS = [
  {
    holds: ({ fetchBytesMin, fetchBytesMax }: Values<typeof BATCH_SETTINGS>) =>
      fetchBytesMin <= fetchBytesMax,
    rule: 'fetchBytesMin must not be above fetchBytesMax',
    about: ['fetchBytesMin', 'fetchBytesMax'],
  },
] as const;

/** Of a configuration, what says how much is read at a time. */
export function fetchLimits(config: Values<typeof BATCH_SETTINGS>): Values<typeof BATCH_SETTINGS> {
  const { fetchBytesMax, fetchBytesMin, fetchWaitMs } = config;
  return { fetchBytesMax, fetchBytesMin, fetchWaitMs };
}

/** Consumer group of a stage, or of who takes up again what it kept. */
export function groupName(
  stage: 'ingest' | 'rating' | 'aggregator' | 'suspense' | 'rejects',
  groupPrefix: string,
): string {
  return groupPrefix === '' ? stage : `${groupPrefix}.${stage}`;
}
