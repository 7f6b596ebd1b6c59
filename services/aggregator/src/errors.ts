import type { PartitionClaim } from '@tollstream/event-log';
import type { Range } from './processor.ts';

export type AggregatorErrorCode =
  'TOLL_AGGREGATOR_TOPIC_RECREATED' | 'TOLL_AGGREGATOR_RANGE_CHANGED' | 'TOLL_AGGREGATOR_BLOCK_FOREIGN';

/** The log is not what the aggregator left behind. Nothing is skipped: it stops until a person decided. */
export class AggregatorError extends Error {
  override readonly name = 'AggregatorError';
  readonly code: AggregatorErrorCode;
  readonly remedy: string;
  /** Trying again gives the same. */
  readonly retriable = false;

  constructor(code: AggregatorErrorCode, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

export function rangeChanged(
  { topic, partition }: PartitionClaim,
  { first, next, rows }: Range,
): AggregatorError {
  return new AggregatorError(
    'TOLL_AGGREGATOR_RANGE_CHANGED',
    `Offsets ${first} to ${next} of ${topic}/${partition} were begun to be stored with ${rows} rows; now they hold others.`,
    'Records were deleted from the topic before they were stored: restore them, or move the offset by hand knowing what is lost.',
  );
}
