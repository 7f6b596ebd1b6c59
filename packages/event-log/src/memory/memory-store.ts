import { randomUUID } from 'node:crypto';
import { topicMissing } from '../errors.ts';
import { type Cursor, SEVERAL_BATCHES_AT_A_TIME } from '../local/local-store.ts';
import type {
  LocalStore,
  PartitionOutputs,
  Position,
  ReadLimits,
  ReadResult,
  StoreCommit,
  StoreMove,
} from '../local/local-store.ts';
import {
  ClaimLostError,
  type Committed,
  type LogRecord,
  type Offset,
  type OutputRecord,
  type TopicInfo,
  type TopicSpec,
} from '../port.ts';

export interface MemoryStoreOptions {
  /** Leave one offset unused after every commit to a partition, as Kafka's control records do. Default true. */
  readonly controlRecords?: boolean;
  readonly makeTopicId?: () => string;
  /** Called before each commit takes effect; what it throws is the commit's failure. */
  readonly beforeCommit?: (position: Position, step: StoreCommit) => void;
  /** Called after a commit took effect; what it throws makes an acknowledged commit look failed. */
  readonly afterCommit?: (position: Position, step: StoreCommit) => void;
}

interface MemoryPartition {
  readonly records: LogRecord[];
  end: Offset;
}

interface MemoryTopic {
  readonly info: TopicInfo;
  readonly partitions: readonly MemoryPartition[];
}

const SPOILED = 0xdb;

/** Keeps a log in memory: for tests and for the simulator, which replays the same steps from the same seed. */
export class MemoryStore implements LocalStore {
  readonly #options: MemoryStoreOptions;
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #committed = new Map<string, Committed>();
  readonly #epochs = new Map<string, number>();

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options;
  }

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name)?.info;
  }

  createTopic(spec: TopicSpec): void {
    const id = (this.#options.makeTopicId ?? randomUUID)();
    this.#topics.set(spec.name, {
      info: { name: spec.name, id, partitions: spec.partitions },
      partitions: Array.from({ length: spec.partitions }, () => ({ records: [], end: 0 })),
    });
  }

  deleteTopic(name: string): void {
    this.#topics.delete(name);
    for (const key of this.#committed.keys()) {
      if (topicOfKey(key) === name) this.#committed.delete(key);
    }
  }

  bounds(topic: string, partition: number): { begin: Offset; end: Offset } {
    return { begin: 0, end: this.#partition(topic, partition).end };
  }

  committed(position: Position): Committed | null {
    return this.#committed.get(positionKey(position)) ?? null;
  }

  takeClaim(position: Position): number {
    const key = positionKey(position);
    const epoch = (this.#epochs.get(key) ?? 0) + 1;
    this.#epochs.set(key, epoch);
    return epoch;
  }

  commit(position: Position, epoch: number, step: StoreCommit): void {
    this.#assertNewest(position, epoch);
    const key = positionKey(position);
    this.#options.beforeCommit?.(position, step);
    for (const outputs of step.outputs) this.#append(outputs, step.nowMs);
    if (step.packed !== undefined) {
      const { topic, partition } = step.packed;
      this.#append({ topic, partition, records: step.packed.records() }, step.nowMs);
    }
    this.#committed.set(key, { offset: step.nextOffset, metadata: step.metadata });
    this.#options.afterCommit?.(position, step);
  }

  commitPositions(moves: readonly StoreMove[]): void {
    for (const { position, epoch } of moves) this.#assertNewest(position, epoch);
    for (const { position, nextOffset, metadata } of moves)
      this.#committed.set(positionKey(position), { offset: nextOffset, metadata });
  }

  cursor(
    topic: string,
    partition: number,
    { oneBatchAtATime } = SEVERAL_BATCHES_AT_A_TIME,
  ): Cursor<LogRecord[]> {
    let log = this.#partition(topic, partition);
    let index = 0;
    let lent: LogRecord[] = [];
    return {
      read: (from: Offset, limits: ReadLimits): ReadResult<LogRecord[]> => {
        const current = this.#partition(topic, partition);
        if (current !== log || (log.records[index - 1]?.offset ?? -1) >= from) index = 0;
        log = current;
        index = firstAtOrAfter(log.records, from, index);
        lent.forEach(spoil);
        lent = [];
        const records: LogRecord[] = [];
        let bytes = 0;
        for (let record = log.records[index]; record !== undefined; record = log.records[index]) {
          if (record.offset >= limits.to || records.length >= limits.recordsMax || bytes >= limits.bytesMax)
            break;
          records.push(oneBatchAtATime ? copyOf(record) : record);
          bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0);
          index += 1;
        }
        if (oneBatchAtATime) lent = records;
        return { records, nextOffset: Math.min(log.records[index]?.offset ?? log.end, limits.to) };
      },
    };
  }

  close(): void {
    this.#topics.clear();
  }

  #assertNewest(position: Position, epoch: number): void {
    const key = positionKey(position);
    if (this.#epochs.get(key) !== epoch)
      throw new ClaimLostError(`Another owner took ${key}.`, position.partition);
  }

  #append({ topic, partition, records }: PartitionOutputs, nowMs: number): void {
    const log = this.#partition(topic, partition);
    for (const output of records) {
      log.records.push(keep(output, log.end, nowMs));
      log.end += 1;
    }
    if (this.#options.controlRecords ?? true) log.end += 1;
  }

  #partition(topic: string, partition: number): MemoryPartition {
    const found = this.#topics.get(topic)?.partitions[partition];
    if (!found) throw topicMissing([topic]);
    return found;
  }
}

function copyOf(record: LogRecord): LogRecord {
  const { key, value } = record;
  return { ...record, key: key && Buffer.from(key), value: value && Buffer.from(value) };
}

/** A stage that kept a view of a batch is to be found out here, and not where its memory is used again. */
function spoil({ key, value }: LogRecord): void {
  key?.fill(SPOILED);
  value?.fill(SPOILED);
}

/** The producer may reuse its buffers, so the log keeps copies. */
function keep(output: OutputRecord, offset: Offset, nowMs: number): LogRecord {
  const { key, value, headers } = output;
  return {
    offset,
    key: key === undefined || key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestampMs: output.timestampMs ?? nowMs,
    ...(headers ? { headers } : {}),
  };
}

function firstAtOrAfter(records: readonly LogRecord[], from: Offset, start: number): number {
  let low = start;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.offset ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function positionKey({ group, topic, partition }: Position): string {
  return JSON.stringify([group, topic, partition]);
}

function topicOfKey(key: string): string {
  return (JSON.parse(key) as [string, string, number])[1];
}
