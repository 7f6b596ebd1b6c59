/**
 * What this adapter needs of kafkajs beyond its public interface: reading a partition without a group, offsets up to the last
 * stable one, topic ids. kafkajs is frozen at 2.2.4, and this module refuses any other version.
 */
import './kafkajs-faster.ts';
import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';
import { recordsGone } from '../errors.ts';
import type { PackedRecords } from '../packed-records.ts';

const require = createRequire(import.meta.url);
const KAFKAJS_VERSION = '2.2.4';
const READ_COMMITTED = 1;
const PENDING_CHECK_MS = 10;

export interface RawMessage {
  /** Text in stock kafkajs, a number with `fast-records.ts`. */
  readonly offset: string | number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: string | number;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

/** A fetched partition: `messages` are the committed ones; `lastOffset` counts control records too. */
export interface FetchedPartition {
  readonly messages: readonly RawMessage[];
  /** The same, located: `messages` has but its ends then. Absent in stock kafkajs and where the records came compressed. */
  readonly packed?: PackedRecords;
  readonly rawMessages: { readonly length: number };
  /** Of the last whole record batch, which may hold no record any more; null where none came. Absent in stock kafkajs. */
  readonly lastBatchOffset?: number | null;
  readonly fetchedOffset: string;
  readonly highWatermark: string;
  /** Absent in stock kafkajs. */
  readonly lastStableOffset?: string | undefined;
  lastOffset(): string;
}

export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<unknown>;
  };
  readonly response: {
    readonly decode: (payload: Buffer) => Promise<unknown>;
    readonly parse: (decoded: unknown) => Promise<unknown>;
  };
}

export interface InternalBroker {
  readonly connectionPool: { send(request: ProtocolRequest): Promise<unknown> };
  fetch(request: {
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<{ responses: { partitions: unknown[] }[] }>;
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{
    responses: { partitions: { partition: number; offset: string; metadata: string | null }[] }[];
  }>;
}

export interface InternalCluster {
  readonly targetTopics: Set<string>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  refreshMetadata(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  findBroker(query: { nodeId: string }): Promise<InternalBroker>;
  findControllerBroker(): Promise<InternalBroker>;
  findGroupCoordinator(query: { groupId: string }): Promise<InternalBroker>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  fetchTopicsOffset(
    queries: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

/** Opens connections of their own, which see committed records only. */
export function createCluster(kafka: Kafka): InternalCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) throw new Error('kafkajs has no private:Kafka:createCluster.');
  const create = (kafka as unknown as Record<symbol, (options: object) => InternalCluster>)[symbol];
  if (create === undefined) throw new Error('kafkajs has no private:Kafka:createCluster.');
  return create({ isolationLevel: READ_COMMITTED, allowAutoTopicCreation: false, metadataMaxAge: 300_000 });
}

/** Fetches one partition from its leader, from an offset on. */
export async function fetchPartition(
  broker: InternalBroker,
  place: { topic: string; partition: number; offset: string; bytesMax: number; waitMs: number },
): Promise<FetchedPartition> {
  const { topic, partition, offset, bytesMax, waitMs } = place;
  const { responses } = await broker.fetch({
    maxWaitTime: waitMs,
    minBytes: 1,
    maxBytes: bytesMax,
    isolationLevel: READ_COMMITTED,
    topics: [{ topic, partitions: [{ partition, fetchOffset: offset, maxBytes: bytesMax }] }],
  });
  return new Batch(topic, offset, responses[0]?.partitions[0]);
}

/** Hands ready bytes to kafkajs as the body of a request. */
export function encodeBytes(bytes: Buffer): unknown {
  const encoder = new Encoder(bytes.length + 1);
  encoder.writeBufferInternal(bytes);
  return encoder;
}

const { version } = require('kafkajs/package.json') as { version: string };
if (version !== KAFKAJS_VERSION) {
  throw new Error(`kafkajs ${version} is installed; this adapter is written for ${KAFKAJS_VERSION} alone.`);
}

const Batch = require('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchedOffset: string,
  partitionData: unknown,
) => FetchedPartition;

interface BufferEncoder {
  writeBufferInternal(bytes: Buffer): void;
}
const Encoder = require('kafkajs/src/protocol/encoder.js') as new (initialSize: number) => BufferEncoder;

interface RequestQueue {
  readonly throttledUntil: number;
  readonly pending: readonly unknown[];
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

// The stock method arms a timer with a negative time whenever the broker does not throttle, and Node 24 warns of each.
// Without pending requests there is nothing to check later: every new request calls this again.
const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as {
  prototype: { scheduleCheckPendingRequests(this: RequestQueue): void };
};
prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
  const throttledMs = this.throttledUntil - Date.now();
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : PENDING_CHECK_MS,
  );
};

// When retention deleted what was not processed yet, the stock method commits "from the earliest" over the group's position
// and its metadata, and goes on: records skipped without a word.
const offsetManager = require('kafkajs/src/consumer/offsetManager/index.js') as {
  prototype: { setDefaultOffset(place: { topic: string; partition: number }): Promise<void> };
};
offsetManager.prototype.setDefaultOffset = async ({ topic, partition }) => {
  throw recordsGone(topic, partition);
};
