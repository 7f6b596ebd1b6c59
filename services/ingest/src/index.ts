export { Attributor, emptyAttribution } from './attribute.ts';
export { INGEST_GROUP, startIngest } from './ingest.ts';
export type { StartIngestOptions } from './ingest.ts';
export { INGEST_LIMITS } from './limits.ts';
export type { IngestLimits } from './limits.ts';
export { createIngestProcessor } from './processor.ts';
export type { IngestedBatch, IngestProcessor, IngestProcessorOptions, IngestState } from './processor.ts';
export type { IngestSource } from './source.ts';
