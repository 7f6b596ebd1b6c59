export { DEDUPE_DEFAULTS } from './limits.ts';
export { OpenParts, callKeyOf, partReader, wholeCalls, wholeOf } from './open-parts.ts';
export type { Part, Parts, PartsMemory } from './open-parts.ts';
export { RATING_GROUP, createRatingProcessor, startRating } from './rating.ts';
export type {
  RatingMember,
  RatingProcessor,
  RatingProcessorOptions,
  RatingSnapshots,
  StartRatingOptions,
  SwappableRatingProcessor,
} from './rating.ts';
export type { RatedBatch, RatingTopics } from './processor.ts';
export type { SnapshotEvent, SnapshotLimits } from './snapshot/snapshot-writer.ts';
export type { SpendAlert } from './spend-alerts.ts';
export type { RatingState } from './state.ts';
