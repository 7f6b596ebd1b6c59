export { AGGREGATOR_GROUP, BLOCK_LIMITS, RETRY_LIMITS, startAggregator } from './aggregator.ts';
export type { AggregatorTopics, StartAggregatorOptions } from './aggregator.ts';
export type { AggregatorObserver, StoredBlock } from './table-writer.ts';
export type { Waiting } from './store-writer.ts';
export { readNote } from './processor.ts';
export type { Note } from './processor.ts';
