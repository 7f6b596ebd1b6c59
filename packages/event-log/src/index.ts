export { releaseMemory } from './release-memory.ts';
export * from './port.ts';
export { BACKLOG_AGE_MS, isBacklog, isMarkedBacklog, withBacklogMark } from './backlog.ts';
export { PackedBatch, PackedRecords, copyRecords, packRecords, recordCount } from './packed-records.ts';
export type { HeaderRun, PackedColumns } from './packed-records.ts';
export { PackedOutputs, type PackedOutputColumns } from './packed-outputs.ts';
export { EventLogError, isFatal, topicMissing, type EventLogErrorCode } from './errors.ts';
export { createMemoryEventLog, type MemoryEventLogOptions } from './memory/memory-event-log.ts';
export { openSqliteEventLog, type SqliteEventLogOptions } from './sqlite/sqlite-event-log.ts';
export { lockDataDirectory, type DataLock } from './sqlite/data-lock.ts';
export {
  runProcessor,
  type Processed,
  type Processor,
  type RunProcessorOptions,
  type StateFollower,
} from './runner.ts';
export type { SnapshotDraft, SnapshotPlace, SnapshotStore, StoredSnapshot } from './snapshots/port.ts';
export { SnapshotDamagedError, FrameWriter, readFrames, type Frame } from './snapshots/frames.ts';
export { openSnapshotDirectory } from './snapshots/snapshot-directory.ts';
export { createMemorySnapshots, type MemorySnapshots } from './snapshots/memory-snapshots.ts';
export type { KafkaOptions } from './kafka/kafka-options.ts';
export { kafkaOptionsOf, pipelineTopics, type KafkaSettings } from './kafka/kafka-settings.ts';
