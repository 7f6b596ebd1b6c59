/**
 * The event log as the services see it: partitioned topics, consumer groups, and one atomic step that
 * appends outputs and moves a committed offset together. Kafka, SQLite and memory stand behind it.
 */

import type { PackedOutputs } from './packed-outputs.ts';
import type { PackedRecords } from './packed-records.ts';

/** Offsets are exact integers below 2^53. */
export type Offset = number;

export type RecordHeaders = Readonly<Record<string, string>>;

/** A record as read. `value` is a view into the batch it came in: copy it to keep it. */
export interface LogRecord {
  readonly offset: Offset;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since epoch, UTC, as the log stamped it. */
  readonly timestampMs: number;
  readonly headers?: RecordHeaders;
}

/** Records of one partition in offset order, at least one. Offsets may have gaps (control records, aborted transactions). */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** The same records without an object for each, where the log has them so. */
  readonly packed?: PackedRecords;
  /** The offset to commit once all records are processed; at least last record's offset + 1. */
  readonly nextOffset: Offset;
  /** End of the partition (last stable offset) when the batch was read: lag = endOffset - nextOffset. */
  readonly endOffset: Offset;
}

/** A record to append. An explicit partition is always given: nothing is left to a client's partitioner. */
export interface OutputRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders;
  readonly timestampMs?: number;
}

/** A committed position and the owner's note beside it (at most 4,000 bytes). */
export interface Committed {
  readonly offset: Offset;
  readonly metadata: string;
}

/** What one atomic step writes. */
export interface Commit {
  readonly outputs: readonly OutputRecord[];
  /** More outputs, behind `outputs`, without an object for each. Whoever commits may use their memory again afterwards. */
  readonly packed?: PackedOutputs | undefined;
  readonly nextOffset: Offset;
  readonly metadata: string;
}

/**
 * The exclusive right to move one partition of one group. Taking a claim fences every earlier holder:
 * its commits fail with a `ClaimLostError`, whatever it still believes.
 */
export interface PartitionClaim {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** What the log knows the claim by; whoever wraps a claim passes it on. */
  readonly handle: object;
  /** Position as it stood after fencing (1 fence → 2 fetch the committed offset again); null when never committed. */
  readonly committed: Committed | null;
  /**
   * Appends all outputs and commits the offset, all or nothing. Resolves once durable; readers see it at once or a moment
   * later, the next claim always. After a rejection the holder
   * must drop its state and claim again; the outcome of an ambiguous failure is seen in `committed` of the next claim.
   */
  commit(step: Commit): Promise<void>;
  /** Releases resources; the position stays. */
  release(): Promise<void>;
}

/** A position to be committed in one step with others. */
export interface PositionMove {
  readonly claim: PartitionClaim;
  readonly nextOffset: Offset;
  readonly metadata: string;
}

export type ClaimMode = 'transactional' | 'offsets';

/** What a group member does with one partition it was given. Calls are never concurrent for one task. */
export interface PartitionTask {
  /** Where reading begins; absent: the claim's committed offset, or the earliest record. */
  readonly startOffset?: Offset;
  /** Processes a batch to the end (including its commit), or throws: the task is then closed and opened anew. */
  process(batch: RecordBatch): Promise<void>;
  /**
   * Called instead of `process` for offsets that hold no records to read: transaction markers, and what was aborted. Absent:
   * a position that stood at `from` is committed as `to` with its note, which is right for who commits each batch.
   */
  skip?(from: Offset, to: Offset): Promise<void>;
  /** Called between batches at least every `tickMs`, also when nothing arrives: time-bounded flushes. */
  tick?(nowMs: number): Promise<void>;
  /** Called before the partition is given up or the member stops: flush what can be flushed. */
  close(reason: 'stop' | 'revoked' | 'failed'): Promise<void>;
}

export interface JoinOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Opens the task of a newly assigned partition: restores its state. Without a committed offset nothing is skipped. */
  readonly open: (claim: PartitionClaim) => Promise<PartitionTask>;
  /**
   * transactional: commit() is one transaction. offsets: commit() takes no outputs and is refused by the log for members
   * of a past generation (what the aggregator uses: its outputs go to a table).
   */
  readonly mode: ClaimMode;
  /** A batch is closed once it holds this many bytes of keys and values; default 4 MiB. */
  readonly fetchBytesMax?: number;
  /** Most records of one batch; default 25,000. */
  readonly recordsMax?: number;
  /** Fewer bytes are waited for, at most `fetchWaitMs`, where somebody else keeps the log; default 1: whatever is there. */
  readonly fetchBytesMin?: number;
  /** How long a read waits for `fetchBytesMin`; default 250. A partition that is read again waits at most this long. */
  readonly fetchWaitMs?: number;
  /** Default 1,000. */
  readonly tickMs?: number;
  readonly onEvent?: (event: MembershipEvent) => void;
}

/** How much a member reads at a time. */
export type FetchLimits = Pick<JoinOptions, 'fetchBytesMax' | 'recordsMax' | 'fetchBytesMin' | 'fetchWaitMs'>;

export type MembershipEvent =
  | { kind: 'assigned'; topic: string; partition: number }
  /** `error`: how the log refused what was still to be committed, because another owner has the partition. */
  | { kind: 'revoked'; topic: string; partition: number; error?: Error }
  | { kind: 'lag'; topic: string; partition: number; lag: number }
  /** `partition` -1: the whole member waits, for a broker that is away. */
  | { kind: 'retry'; topic: string; partition: number; error: Error; attempt: number; waitMs: number }
  | { kind: 'fatal'; error: Error };

export interface Membership {
  /** Resolves when the member stopped; rejects on a fatal error (wrong credentials, missing topic, not retriable). */
  readonly done: Promise<void>;
  /** Stop reading → finish the batch in hand → close tasks → leave. */
  stop(): Promise<void>;
  /** True once the group has assigned partitions (possibly none) to this member. */
  readonly joined: boolean;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Kafka topic settings such as `cleanup.policy`; other logs ignore what they lack. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface TopicInfo {
  readonly name: string;
  /** Changes when a topic is deleted and created again under the same name. */
  readonly id: string;
  readonly partitions: number;
}

export interface EventLog {
  readonly kind: 'kafka' | 'sqlite' | 'memory';
  /** Creates what is missing; refuses (error) a partition count that differs from an existing topic's. */
  createTopics(specs: readonly TopicSpec[]): Promise<{ created: string[]; existing: string[] }>;
  /** Deletes topics with their records and all groups' positions on them; missing ones are ignored. */
  deleteTopics(names: readonly string[]): Promise<void>;
  /** @returns one info per existing topic named; missing ones are absent. */
  describeTopics(names: readonly string[]): Promise<TopicInfo[]>;
  /** First and next offset of each partition (committed records only). */
  offsets(topic: string): Promise<{ partition: number; begin: Offset; end: Offset }[]>;
  /** Committed position of a group without claiming it (status pages, verify). */
  committed(group: string, topic: string, partition: number): Promise<Committed | null>;
  /** Takes a partition of a group outside any membership (importers use it for their position in a file). */
  claim(group: string, topic: string, partition: number): Promise<PartitionClaim>;
  /**
   * Commits positions of several claims, all or nothing: claims that one member was given in mode `offsets`, and that it still has.
   * Resolves once durable. What `PartitionClaim.commit` says of rejections holds for all of them.
   * @throws {ClaimLostError} naming a partition that another holder took: nothing was committed
   */
  commitPositions(moves: readonly PositionMove[]): Promise<void>;
  join(options: JoinOptions): Promise<Membership>;
  /** Reads committed records in order, from inclusive to exclusive; ends at `to` or at the end as of the call. */
  read(range: {
    topic: string;
    partition: number;
    from: Offset;
    to?: Offset;
    fetchBytesMax?: number;
  }): AsyncIterable<RecordBatch>;
  close(): Promise<void>;
}

/** Another holder took the claim; drop state and stop, do not retry. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
  /** Of the claim that was lost, where several were used at once. */
  readonly partition: number | undefined;

  constructor(message: string, partition?: number) {
    super(message);
    this.partition = partition;
  }
}
