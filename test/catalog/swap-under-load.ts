/** Ingest and rating over a real broker, while versions of the catalog are published: what the rows then say of their versions. */
import { randomUUID } from 'node:crypto';
import { buildCatalog, ProblemList, readCatalogDirectory } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { catalogTopic, followCatalog, publishCatalog } from '@tollstream/catalog-versions';
import type { CatalogFiles, Follower } from '@tollstream/catalog-versions';
import { decodeBlock, parseTotals, readNativeBlock } from '@tollstream/contracts';
import type { BlockHeader, RunningTotals } from '@tollstream/contracts';
import { pipelineTopics } from '@tollstream/event-log';
import { openKafkaEventLog } from '@tollstream/event-log/kafka';
import type { EventLog } from '@tollstream/event-log';
import { startIngest } from '@tollstream/service-ingest';
import { startRating } from '@tollstream/service-rating';
import { createMetrics } from '@tollstream/service-kit';
import { generateCalls } from '../../packages/cli/src/generate/generate-calls.ts';
import type { CallTally } from '../../packages/cli/src/generate/generate-calls.ts';
import { SAMPLE_CATALOG } from '../../packages/cli/src/paths.ts';
import { until } from '../support/until.ts';

/** One of raw calls, so that each account's calls come in the order in which they were made, and its charges with them. */
const PARTITIONS = { raw: 1, blocks: 2 };
const SEED = 20;

export interface SwapOptions {
  readonly brokers: readonly string[];
  readonly calls: number;
  /** Versions that are published while calls flow; 0 = none, for comparison. */
  readonly swaps: number;
}

export interface SwapReport {
  readonly published: readonly number[];
  readonly tally: CallTally;
  readonly totals: Pick<RunningTotals, 'seen' | 'rated' | 'suspended' | 'duplicate' | 'charge'>;
  readonly blocks: readonly BlockVersions[];
  readonly accepted: readonly AcceptedVersion[];
}

/** A block of rated or suspended calls. */
export interface BlockVersions {
  readonly topic: string;
  readonly partition: number;
  readonly header: BlockHeader;
  /** Versions that its rows name. */
  readonly rows: readonly number[];
}

interface AcceptedVersion {
  readonly partition: number;
  readonly offset: number;
  readonly version: number;
}

export async function swapUnderLoad(options: SwapOptions): Promise<SwapReport> {
  const { brokers, swaps } = options;
  const log = openKafkaEventLog({ brokers });
  const prefix = `swap-${randomUUID().slice(0, 8)}`;
  const topics = {
    raw: `${prefix}.raw`,
    accepted: `${prefix}.accepted`,
    rejected: `${prefix}.rejected`,
    rated: `${prefix}.rated`,
    suspended: `${prefix}.suspended`,
    resolved: `${prefix}.resolved`,
    alerts: `${prefix}.alerts`,
  };
  const topic = `${prefix}.catalog`;
  const { raw, ...blockTopics } = topics;
  await log.createTopics([
    ...pipelineTopics([raw], PARTITIONS.raw),
    ...pipelineTopics(Object.values(blockTopics), PARTITIONS.blocks),
    catalogTopic(topic),
  ]);
  const sample = await readCatalogDirectory(SAMPLE_CATALOG, new ProblemList());
  const publish = async (version: number): Promise<void> => {
    await publishCatalog(log, filesOf(sample, version), {
      topic,
      publishedBy: 'test',
      message: `Version ${version}`,
    });
  };
  const catalog = compiled(filesOf(sample, 1));
  await publish(1);

  const swapped: number[] = [];
  const member = { log, catalog, topics, metrics: createMetrics({ service: 'swap' }) };
  const group = (stage: string): string => `${prefix}.${stage}`;
  // Batches so small that there are many borders between them.
  const fetch = { fetchBytesMax: 262_144, recordsMax: 1_000 };
  const ingest = await startIngest({ ...member, group: group('ingest'), fetch });
  const rating = await startRating({
    ...member,
    group: group('rating'),
    fetch: { fetchBytesMax: 65_536 },
    // Asked for by the first batch at the earliest, when the follower is there.
    onNewerVersion: () => follower.look(),
  });
  const follower: Follower = followCatalog({
    log,
    topic,
    pollMs: 100,
    inUse: 1,
    async prepare(loaded) {
      const take = [rating.prepareCatalog(loaded.catalog), await ingest.prepareCatalog(loaded.catalog)];
      return () => take.forEach((swap) => swap());
    },
    onSwapped: ({ catalog: { version } }) => swapped.push(version),
  });

  const { records, tally } = callsOf(options.calls, catalog);
  const parts = swaps + 1;
  const size = Math.ceil(records.length / parts);
  for (let part = 0; part < parts; part++) {
    await append(log, topics.raw, records.slice(part * size, (part + 1) * size));
    // Every version is used by some calls: those of the part before are still being rated when the next is published.
    if (part === 0) await until('first calls rated', async () => (await ratedTotals()).rated > 0);
    if (part === swaps) break;
    await publish(part + 2);
    await until(`version ${part + 2} in use`, () => swapped.at(-1) === part + 2);
  }
  await until('all calls rated', async () => {
    const totals = await ratedTotals();
    return totals.seen === records.length - tally.rejected;
  });
  async function ratedTotals(): Promise<SwapReport['totals']> {
    return totalsOf(log, group('rating'), topics.accepted);
  }

  const report: SwapReport = {
    published: Array.from({ length: parts }, (_, i) => i + 1),
    tally,
    totals: await ratedTotals(),
    blocks: [...(await blocksOf(log, topics.rated)), ...(await blocksOf(log, topics.suspended))],
    accepted: await acceptedOf(log, topics.accepted),
  };
  await follower.stop();
  await ingest.stop();
  await rating.stop();
  await log.deleteTopics([...Object.values(topics), topic]);
  await log.close();
  return report;
}

/** Versions that differ in what is no price: charges must be as if there had been one. */
function filesOf(sample: CatalogFiles, version: number): CatalogFiles {
  const files = new Map(sample);
  const head = new TextDecoder().decode(sample.get('catalog.yaml'));
  const text = head
    .replace(/^version:.*$/m, `version: ${version}`)
    .replace(/^name:.*$/m, `name: Version ${version}`);
  files.set('catalog.yaml', new TextEncoder().encode(text));
  return files;
}

function compiled(files: CatalogFiles): Catalog {
  const built = buildCatalog(files);
  if (!built.ok) throw new Error('the sample catalog is broken');
  return built.catalog;
}

function callsOf(calls: number, catalog: Catalog): { records: Buffer[]; tally: CallTally } {
  const records: Buffer[] = [];
  const generated = generateCalls({ calls, seed: SEED, catalog });
  for (;;) {
    const next = generated.next();
    if (next.done === true) return { records, tally: next.value };
    records.push(next.value);
  }
}

async function append(log: EventLog, topic: string, records: readonly Buffer[]): Promise<void> {
  const claim = await log.claim(`${topic}.switch`, topic, 0);
  const outputs = records.map((value) => ({ topic, partition: 0, value }));
  await claim.commit({ outputs, nextOffset: 0, metadata: '' });
  await claim.release();
}

async function totalsOf(log: EventLog, group: string, topic: string): Promise<SwapReport['totals']> {
  const sum = { seen: 0, rated: 0, suspended: 0, duplicate: 0 };
  const charge: Record<string, string> = {};
  for (let partition = 0; partition < PARTITIONS.blocks; partition++) {
    const totals = parseTotals((await log.committed(group, topic, partition))?.metadata ?? '');
    for (const name of ['seen', 'rated', 'suspended', 'duplicate'] as const) sum[name] += totals[name];
    for (const [currency, amount] of Object.entries(totals.charge))
      charge[currency] = String(BigInt(charge[currency] ?? '0') + BigInt(amount));
  }
  return { ...sum, charge };
}

async function blocksOf(log: EventLog, topic: string): Promise<BlockVersions[]> {
  const blocks: BlockVersions[] = [];
  for (let partition = 0; partition < PARTITIONS.blocks; partition++) {
    for await (const batch of log.read({ topic, partition, from: 0 })) {
      for (const { value } of batch.records) {
        const { header, native } = decodeBlock(value!);
        const versions = readNativeBlock(native).column('catalog_version').uint32s();
        blocks.push({ topic, partition, header, rows: [...new Set(versions)] });
      }
    }
  }
  return blocks;
}

async function acceptedOf(log: EventLog, topic: string): Promise<AcceptedVersion[]> {
  const accepted: AcceptedVersion[] = [];
  for (let partition = 0; partition < PARTITIONS.blocks; partition++) {
    for await (const batch of log.read({ topic, partition, from: 0 })) {
      for (const { offset, value } of batch.records)
        accepted.push({ partition, offset, version: decodeBlock(value!).header.catalogVersion });
    }
  }
  return accepted;
}
