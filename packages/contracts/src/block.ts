/**
 * A message on an internal topic: a header and exactly one Native block.
 *
 *   ┌──────┬────────────────┬────────────────────────────────────────┬──────────────┐
 *   │ TSB1 │ header length  │ BlockHeader, Avro single-object        │ Native block │
 *   └──────┴────────────────┴────────────────────────────────────────┴──────────────┘
 *    4 bytes  u32 LE           magic, fingerprint, body
 *
 * The fingerprint lets a later version add header fields: a reader that lacks the writer's schema says so.
 */
import { SINGLE_OBJECT_HEADER_BYTES, loadOwnSchema, singleObjectHeader } from './avro-schema.ts';
import { ContractError } from './errors.ts';
import type { BlockHeader, LimitStart, RunningTotals } from './totals.ts';

const MAGIC = Buffer.from('TSB1', 'latin1');
const PREFIX_BYTES = MAGIC.length + 4;

/** The newest version of each column set that this version reads. */
export const BLOCK_SCHEMA_VERSIONS: Readonly<Record<string, number>> = {
  call: 1,
  replay: 1,
  rated: 1,
  suspended: 1,
  resolved: 1,
  reject_resolved: 1,
  rejected: 1,
  alerts: 1,
};

const headerType = loadOwnSchema('block-header.avsc');
const headerPrefix = singleObjectHeader(headerType);
/** Headers of before suspended calls could be replayed, there were spend limits, and parts were put together: read into the fields of today. */
const earlierHeaders = ['v1', 'v2', 'v3'].map((version) => {
  const type = loadOwnSchema(`evolution/block-header.${version}.avsc`);
  return { prefix: singleObjectHeader(type), resolver: headerType.createResolver(type) };
});

interface AvroBlockHeader {
  readonly schema: string;
  readonly schema_version: number;
  readonly block_id: string;
  readonly source_topic: string;
  readonly source_partition: number;
  readonly first_offset: number;
  readonly next_offset: number;
  readonly record_count: number;
  readonly catalog_version: number;
  readonly totals: RunningTotals;
  readonly is_replay: boolean;
  readonly limit_starts: readonly LimitStart[];
}

const NO_STARTS: readonly LimitStart[] = [];

/** @param native the parts of one Native block; copied */
export function encodeBlock(header: BlockHeader, native: readonly Uint8Array[]): Buffer {
  const body = headerType.toBuffer({
    schema: header.schema,
    schema_version: header.schemaVersion,
    block_id: header.blockId,
    source_topic: header.sourceTopic,
    source_partition: header.sourcePartition,
    first_offset: header.firstOffset,
    next_offset: header.nextOffset,
    record_count: header.recordCount,
    catalog_version: header.catalogVersion,
    totals: header.totals,
    is_replay: header.isReplay,
    limit_starts: header.limitStarts ?? NO_STARTS,
  } satisfies AvroBlockHeader);
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(headerPrefix.length + body.length);
  return Buffer.concat([MAGIC, length, headerPrefix, body, ...native]);
}

/**
 * Takes a block apart; `native` is a view into `value`.
 * @throws ContractError TOLL_BLOCK_MAGIC, TOLL_BLOCK_TRUNCATED, TOLL_BLOCK_SCHEMA_NEWER
 */
export function decodeBlock(value: Buffer): { header: BlockHeader; native: Buffer } {
  if (value.length < PREFIX_BYTES || !value.subarray(0, MAGIC.length).equals(MAGIC)) {
    const start = value.subarray(0, MAGIC.length).toString('hex');
    throw new ContractError(
      'TOLL_BLOCK_MAGIC',
      `The message begins with bytes ${start || '(none)'}: it is no Tollstream block.`,
    );
  }
  const headerEnd = PREFIX_BYTES + value.readUInt32LE(MAGIC.length);
  if (headerEnd > value.length) {
    throw new ContractError(
      'TOLL_BLOCK_TRUNCATED',
      `The block header ends at byte ${headerEnd} of a message of ${value.length}.`,
    );
  }
  const header = decodeHeader(value.subarray(PREFIX_BYTES, headerEnd));
  const newest = BLOCK_SCHEMA_VERSIONS[header.schema];
  if (newest === undefined || header.schemaVersion > newest) {
    throw new ContractError(
      'TOLL_BLOCK_SCHEMA_NEWER',
      `Block ${header.blockId} has schema ${header.schema} version ${header.schemaVersion}; this version reads up to ${newest ?? 'none'}.`,
    );
  }
  return { header, native: value.subarray(headerEnd) };
}

function decodeHeader(bytes: Buffer): BlockHeader {
  const prefix = bytes.subarray(0, SINGLE_OBJECT_HEADER_BYTES);
  const earlier = prefix.equals(headerPrefix)
    ? undefined
    : earlierHeaders.find((each) => prefix.equals(each.prefix));
  if (earlier === undefined && !prefix.equals(headerPrefix)) {
    throw new ContractError(
      'TOLL_BLOCK_SCHEMA_NEWER',
      'The block header was written with a schema this version does not know.',
    );
  }
  let header: AvroBlockHeader;
  try {
    header = headerType.fromBuffer(
      bytes.subarray(SINGLE_OBJECT_HEADER_BYTES),
      earlier?.resolver,
    ) as AvroBlockHeader;
  } catch (cause) {
    throw new ContractError('TOLL_BLOCK_TRUNCATED', 'The block header is not complete.', { cause });
  }
  return {
    schema: header.schema,
    schemaVersion: header.schema_version,
    blockId: header.block_id,
    sourceTopic: header.source_topic,
    sourcePartition: header.source_partition,
    firstOffset: header.first_offset,
    nextOffset: header.next_offset,
    recordCount: header.record_count,
    catalogVersion: header.catalog_version,
    totals: { ...header.totals, charge: { ...header.totals.charge } },
    isReplay: header.is_replay,
    ...(header.limit_starts.length === 0 ? {} : { limitStarts: header.limit_starts.map(plain) }),
  };
}

/** Without the class that the decoder gives its records. */
function plain({ account, limit, form }: LimitStart): LimitStart {
  return { account, limit, form };
}
