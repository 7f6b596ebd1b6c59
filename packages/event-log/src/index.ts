export * from './port.ts';
export { EventLogError, isFatal, type EventLogErrorCode } from './errors.ts';
export { createMemoryEventLog, type MemoryEventLogOptions } from './memory/memory-event-log.ts';
export { openSqliteEventLog, type SqliteEventLogOptions } from './sqlite/sqlite-event-log.ts';
export { lockDataDirectory, type DataLock } from './sqlite/data-lock.ts';
export { runProcessor, type Processed, type Processor, type RunProcessorOptions } from './runner.ts';
export { openKafkaEventLog, type KafkaEventLogOptions } from './kafka/kafka-event-log.ts';
export type { KafkaOptions } from './kafka/kafka-options.ts';
export { kafkaOptionsOf, pipelineTopics, type KafkaSettings } from './kafka/kafka-settings.ts';
