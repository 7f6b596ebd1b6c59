export { runAggregator, BLOCK_LIMITS, RETRY_LIMITS } from './aggregator.ts';
export type { AggregatorOptions, AggregatorTopics } from './aggregator.ts';
export type { AggregatorObserver, StoredBlock } from './partition-task.ts';
export type { Waiting } from './store-writer.ts';
