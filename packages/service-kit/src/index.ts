export { TollError, describeError, isTollError, type TollErrorShape } from './toll-error.ts';
export {
  defineConfig,
  loadConfig,
  printConfig,
  variableName,
  type ConfigOf,
  type ConfigSchema,
  type LoadedConfig,
  type Relation,
  type Settings,
  type Values,
} from './config.ts';
export * as setting from './settings.ts';
export { type Setting } from './settings.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logger.ts';
export { createMetrics, type Metrics } from './metrics.ts';
export { METRICS, type MetricDefinition, type MetricName } from './metric-definitions.ts';
export { createHealth, type Health } from './health.ts';
export { listen } from './listen.ts';
export { startOperationsServer, type OperationsServer } from './operations-server.ts';
export { createLifecycle, type Lifecycle, type StopReport } from './lifecycle.ts';
export { onStopSignals } from './signals.ts';
export { letHeapDouble } from './heap-growth.ts';
export { countBuffersWithHeap } from './outside-memory.ts';
export { holdYoungGeneration, releaseYoungGeneration } from './young-generation.ts';
export {
  EXIT,
  SERVICE_SETTINGS,
  startService,
  withServiceSettings,
  type ServiceContext,
  type ServiceDefinition,
} from './service.ts';
export {
  BATCH_RELATIONS,
  BATCH_SETTINGS,
  CATALOG_RELATIONS,
  CATALOG_SETTINGS,
  CLICKHOUSE_SETTINGS,
  KAFKA_SETTINGS,
  TOPIC_SETTINGS,
  fetchLimits,
  groupName,
} from './common-settings.ts';
export { membershipMetrics, reportMembership } from './membership-report.ts';
export { untilAnswered } from './until-answered.ts';
