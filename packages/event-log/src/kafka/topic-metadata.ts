/**
 * Topic ids and partition counts, by Metadata version 10 (Kafka 2.8 and newer). kafkajs ends at version 6, which has no ids;
 * from version 9 on the protocol is "flexible": lengths are unsigned varints + 1, and every structure ends with tagged fields.
 */
import { EventLogError } from '../errors.ts';
import type { TopicInfo } from '../port.ts';
import { encodeBytes, type InternalBroker } from './kafkajs-internals.ts';

const METADATA_KEY = 3;
const METADATA_VERSION = 10;
const NO_TAGS = 0;
const UNKNOWN_TOPIC_OR_PARTITION = 3;
const NO_ERROR = 0;
const LEADER_NOT_AVAILABLE = 5;

export interface TopicState extends TopicInfo {
  /** Partitions that have a leader. */
  readonly partitionsLed: number;
}

/** @returns one state per existing topic named, in the order of the names; missing ones are absent */
export async function fetchTopicStates(
  broker: InternalBroker,
  names: readonly string[],
): Promise<TopicState[]> {
  if (names.length === 0) return [];
  const topics = (await broker.connectionPool.send({
    request: {
      apiKey: METADATA_KEY,
      apiVersion: METADATA_VERSION,
      apiName: 'Metadata',
      encode: async () => encodeBytes(encodeRequest(names)),
    },
    response: {
      decode: async (payload) => decodeTopics(payload),
      parse: async (decoded) => decoded,
    },
  })) as DecodedTopic[];
  const byName = new Map(topics.map((topic) => [topic.name, topic]));
  return names.flatMap((name) => {
    const topic = byName.get(name);
    if (!topic || topic.errorCode === UNKNOWN_TOPIC_OR_PARTITION) return [];
    if (topic.errorCode !== NO_ERROR && topic.errorCode !== LEADER_NOT_AVAILABLE) throw refused(topic);
    return [{ name, id: topic.id, partitions: topic.partitions, partitionsLed: topic.partitionsLed }];
  });
}

interface DecodedTopic extends TopicState {
  readonly errorCode: number;
}

function refused({ name, errorCode }: DecodedTopic): EventLogError {
  return new EventLogError({
    code: 'TOLL_KAFKA_NOT_AUTHORIZED',
    message: `The broker does not describe topic "${name}" (Kafka error ${errorCode}).`,
    remedy: 'Grant this user DESCRIBE on the topic, and check that the name is a valid one.',
  });
}

function encodeRequest(names: readonly string[]): Buffer {
  const parts: Buffer[] = [Buffer.of(NO_TAGS), unsignedVarint(names.length + 1)];
  for (const name of names) {
    const bytes = Buffer.from(name);
    parts.push(Buffer.alloc(16), unsignedVarint(bytes.length + 1), bytes, Buffer.of(NO_TAGS));
  }
  // No automatic creation, no authorised operations of cluster and topics.
  parts.push(Buffer.of(0, 0, 0, NO_TAGS));
  return Buffer.concat(parts);
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function decodeTopics(payload: Buffer): DecodedTopic[] {
  const reader = new FlexibleReader(payload);
  reader.skipTags();
  reader.skip(4); // throttle time
  reader.array(() => {
    reader.skip(4); // node id
    reader.string(); // host
    reader.skip(4); // port
    reader.string(); // rack
    reader.skipTags();
  });
  reader.string(); // cluster id
  reader.skip(4); // controller id
  return reader.array(() => {
    const errorCode = reader.int16();
    const name = reader.string();
    const id = reader.uuid();
    reader.skip(1); // internal
    const leaders = reader.array(() => {
      reader.skip(2 + 4); // error, partition
      const leader = reader.int32();
      reader.skip(4); // leader epoch
      for (let list = 0; list < 3; list += 1) reader.array(() => reader.skip(4)); // replicas: all, in sync, offline
      reader.skipTags();
      return leader;
    });
    reader.skip(4); // authorised operations
    reader.skipTags();
    const partitionsLed = leaders.filter((leader) => leader >= 0).length;
    return { name, id, errorCode, partitions: leaders.length, partitionsLed };
  });
}

class FlexibleReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.#at += count;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  /** @returns '' for null */
  string(): string {
    const length = Math.max(0, this.#varint() - 1);
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  uuid(): string {
    this.#at += 16;
    return this.#bytes.toString('base64url', this.#at - 16, this.#at);
  }

  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.#varint() - 1) }, item);
  }

  skipTags(): void {
    for (let count = this.#varint(); count > 0; count -= 1) {
      this.#varint();
      this.skip(this.#varint());
    }
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value >>> 0;
    }
  }
}
