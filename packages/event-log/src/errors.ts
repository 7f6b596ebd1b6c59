/** Errors of the event log that a person can act on. The command line prints code, message and remedy. */

export type EventLogErrorCode =
  | 'TOLL_LOG_TOPIC_MISSING'
  | 'TOLL_LOG_PARTITIONS_DIFFER'
  | 'TOLL_LOG_PARTITION_MISSING'
  | 'TOLL_LOG_RECORDS_GONE'
  | 'TOLL_LOG_COMMIT_INVALID'
  | 'TOLL_LOG_READ_ONLY'
  | 'TOLL_LOG_CLOSED'
  | 'TOLL_DATA_IN_USE'
  | 'TOLL_DATA_NEWER'
  | 'TOLL_DATA_MISSING'
  | 'TOLL_DATA_FOREIGN'
  | 'TOLL_DATA_CORRUPT'
  | 'TOLL_DATA_DISK_FULL'
  | 'TOLL_DATA_IO'
  | 'TOLL_KAFKA_UNREACHABLE'
  | 'TOLL_KAFKA_CREDENTIALS'
  | 'TOLL_KAFKA_TLS'
  | 'TOLL_KAFKA_NOT_AUTHORIZED'
  | 'TOLL_KAFKA_MESSAGE_TOO_LARGE'
  | 'TOLL_KAFKA_TOPIC_NOT_READY'
  | 'TOLL_KAFKA_UNSUPPORTED';

export interface EventLogErrorOptions {
  readonly code: EventLogErrorCode;
  readonly message: string;
  readonly remedy: string;
  /** False: waiting will not help, a member that meets it stops. Default false. */
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

export class EventLogError extends Error {
  override readonly name = 'EventLogError';
  readonly code: EventLogErrorCode;
  readonly remedy: string;
  readonly retriable: boolean;

  constructor(options: EventLogErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.remedy = options.remedy;
    this.retriable = options.retriable ?? false;
  }
}

/** An error says `retriable: false` when trying again cannot help; everything else is tried again. */
export function isFatal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === false;
}

export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

/** @param retriable whether it may be there the next time: a topic that was deleted is made again */
export function topicMissing(names: readonly string[], { retriable = false } = {}): EventLogError {
  return new EventLogError({
    retriable,
    code: 'TOLL_LOG_TOPIC_MISSING',
    message: `The event log has no topic ${names.map((name) => `"${name}"`).join(', ')}.`,
    remedy:
      'Create the topics with `tollstream topics create`, or correct the topic names in the configuration.',
  });
}

export function partitionMissing(topic: string, partition: number, partitions: number): EventLogError {
  return new EventLogError({
    code: 'TOLL_LOG_PARTITION_MISSING',
    message: `Topic "${topic}" has ${partitions} partitions; there is no partition ${partition}.`,
    remedy:
      'Give all block topics of one installation the same number of partitions (`tollstream topics create`).',
  });
}

export function partitionsDiffer(topic: string, existing: number, wanted: number): EventLogError {
  return new EventLogError({
    code: 'TOLL_LOG_PARTITIONS_DIFFER',
    message: `Topic "${topic}" exists with ${existing} partitions, but ${wanted} are asked for.`,
    remedy:
      'Keep the existing count in the configuration: accounts are bound to partitions, so the count of a topic in use cannot change.',
  });
}

export function recordsGone(topic: string, partition: number): EventLogError {
  return new EventLogError({
    code: 'TOLL_LOG_RECORDS_GONE',
    message: `Records of ${topic}/${partition} that were never processed are gone from the log, or its position lies behind the end.`,
    remedy:
      'Raise retention.ms of the topic. To go on without the lost records, set the group’s offset with Kafka’s own kafka-consumer-groups tool; nothing was skipped.',
  });
}

export function logClosed(): EventLogError {
  return new EventLogError({
    code: 'TOLL_LOG_CLOSED',
    message: 'The event log was closed.',
    remedy: 'This is a fault in the order of shutdown: stop members before the log is closed.',
  });
}
