/**
 * A new version on the catalog topic. A crash between any two steps leaves the versions that were there: what makes a version
 * is its manifest, which is written when all of its content is durable.
 */
import { buildCatalog, catalogInvalid, fingerprintOf } from '@tollstream/catalog';
import type { Catalog } from '@tollstream/catalog';
import { ClaimLostError } from '@tollstream/event-log';
import type { EventLog, OutputRecord, PartitionClaim } from '@tollstream/event-log';
import { compress, packFiles, sha256 } from './archive.ts';
import type { CatalogFiles } from './archive.ts';
import { effectiveOutOfOrder, overtaken, versionExists, versionOlder } from './errors.ts';
import { catalogHistory } from './history.ts';
import type { LoadedVersion } from './follow.ts';
import { encodeManifest } from './manifest.ts';
import type { CatalogVersion, StoredContent } from './manifest.ts';
import { findVersion, readCatalogFiles } from './read.ts';
import { CATALOG_TOPIC, CONTENT, MANIFESTS, contentKey, versionKey } from './topic.ts';

/** Group whose claim makes one publication at a time. */
const PUBLISHER_GROUP = 'catalog-publisher';
/** Half of what a broker takes in one record by default. */
const CHUNK_BYTES = 512 * 1024;
/** What one transaction carries. */
const CHUNKS_PER_COMMIT = 8;

export interface PublishOptions {
  readonly topic?: string;
  /** Put before the group, as for the services. */
  readonly groupPrefix?: string;
  readonly publishedBy: string;
  readonly message?: string;
  readonly effectiveAt?: Date | null;
  /** The version after the newest, whatever the files say. */
  readonly next?: boolean;
  /** Only where nothing is published yet; otherwise the newest version stays, whatever its content. */
  readonly ifNone?: boolean;
  readonly now?: () => number;
  readonly chunkBytes?: number;
  /** Told before each step whose effect is durable. */
  readonly onStep?: (step: 'content' | 'manifest') => void | Promise<void>;
}

export interface Published {
  readonly version: CatalogVersion;
  /** False: nothing was written, and `version` is the newest there was. */
  readonly isNew: boolean;
}

/**
 * Publishes the files of a catalog.
 * @throws {CatalogInvalidError} when the files are no catalog that can be used
 * @throws {CatalogVersionError} TOLL_CATALOG_VERSION_EXISTS | TOLL_CATALOG_VERSION_OLDER | TOLL_CATALOG_PUBLISH_OVERTAKEN
 */
export async function publishCatalog(
  log: EventLog,
  files: CatalogFiles,
  options: PublishOptions,
): Promise<Published> {
  // 1 what cannot be used is refused before anything is written.
  const built = buildCatalog(files);
  if (!built.ok) throw catalogInvalid('that was to be published', built.problems);
  return publishLoaded(log, { files, catalog: built.catalog }, options);
}

/** The same for who has checked the files already: `catalog` is what they mean. */
export async function publishLoaded(
  log: EventLog,
  { files, catalog }: LoadedVersion,
  options: PublishOptions,
): Promise<Published> {
  return publishChecked(log, { files, catalog, rollbackOf: null }, options);
}

/**
 * Publishes the content of an old version as a new, higher one.
 * @throws {CatalogVersionError} TOLL_CATALOG_VERSION_UNKNOWN and those of `publishCatalog`
 */
export async function rollbackCatalog(
  log: EventLog,
  version: number,
  options: Omit<PublishOptions, 'next'>,
): Promise<Published> {
  const found = await findVersion(log, version, options);
  const files = await readCatalogFiles(log, found, options);
  const built = buildCatalog(files, { version });
  if (!built.ok) throw catalogInvalid(`version ${version}`, built.problems);
  return publishChecked(
    log,
    { files, catalog: built.catalog, rollbackOf: version },
    { ...options, next: true },
  );
}

type WriteOptions = Pick<PublishOptions, 'chunkBytes' | 'onStep'> & {
  readonly log: EventLog;
  readonly topic: string;
};

interface Candidate extends LoadedVersion {
  readonly rollbackOf: number | null;
}

async function publishChecked(
  log: EventLog,
  candidate: Candidate,
  options: PublishOptions,
): Promise<Published> {
  const { topic = CATALOG_TOPIC, groupPrefix = '' } = options;
  const group = groupPrefix === '' ? PUBLISHER_GROUP : `${groupPrefix}.${PUBLISHER_GROUP}`;
  // 2 whoever published before is kept out from here on, so that what is read next stays true until the manifest is there.
  const claim = await log.claim(group, topic, MANIFESTS);
  try {
    return await publishClaimed(log, claim, candidate, { ...options, topic });
  } catch (error) {
    throw error instanceof ClaimLostError ? overtaken(error) : error;
  } finally {
    await claim.release();
  }
}

async function publishClaimed(
  log: EventLog,
  claim: PartitionClaim,
  { files, catalog, rollbackOf }: Candidate,
  options: PublishOptions & { readonly topic: string },
): Promise<Published> {
  const { topic, onStep, now = Date.now } = options;
  // 3 what is there decides whether it may be published, and as what.
  const history = await catalogHistory(log, { topic });
  const newest = history.at(-1);
  const { contentFingerprint } = catalog;
  const isSame = newest?.contentFingerprint === contentFingerprint;
  if (newest !== undefined && options.ifNone === true) return { version: newest, isNew: false };
  if (newest !== undefined && isSame && (options.next === true || newest.version === catalog.version))
    return { version: newest, isNew: false };
  const version = numberOf(catalog, history, options.next === true);
  const effectiveAt = options.effectiveAt?.toISOString() ?? null;
  if (
    newest !== undefined &&
    newest.effectiveAt !== null &&
    (effectiveAt ?? new Date(now()).toISOString()) < newest.effectiveAt
  )
    throw effectiveOutOfOrder(effectiveAt ?? 'now on', newest.effectiveAt);
  // 4 the content, unless a version has it already.
  const archive = packFiles(files);
  const hash = sha256(archive);
  const shared = history.find(({ content }) => content.sha256 === hash)?.content;
  const content = shared ?? (await writeContent(claim, archive, hash, { ...options, log }));
  // 5 the manifest: with it the version is there.
  const manifest: CatalogVersion = {
    version,
    name: catalog.name,
    fingerprint: version === catalog.version ? catalog.fingerprint : fingerprintOf({ ...catalog, version }),
    contentFingerprint,
    publishedAt: new Date(now()).toISOString(),
    publishedBy: options.publishedBy,
    message: options.message ?? '',
    effectiveAt,
    rollbackOf,
    counts: countsOf(catalog),
    content,
  };
  await onStep?.('manifest');
  await commit(claim, [
    { topic, partition: MANIFESTS, key: versionKey(version), value: encodeManifest(manifest) },
  ]);
  return { version: manifest, isNew: true };
}

/** @throws {CatalogVersionError} TOLL_CATALOG_VERSION_EXISTS | TOLL_CATALOG_VERSION_OLDER */
function numberOf(catalog: Catalog, history: readonly CatalogVersion[], next: boolean): number {
  const newest = history.at(-1)?.version ?? 0;
  // The first version keeps the number of its files, which its rows may be known by already.
  if (next && newest > 0) return newest + 1;
  if (history.some(({ version }) => version === catalog.version)) {
    throw catalog.version === newest ? versionExists(newest) : versionOlder(catalog.version, newest);
  }
  if (catalog.version < newest) throw versionOlder(catalog.version, newest);
  return catalog.version;
}

async function writeContent(
  claim: PartitionClaim,
  archive: Buffer,
  hash: string,
  { log, topic, chunkBytes = CHUNK_BYTES, onStep }: WriteOptions,
): Promise<StoredContent> {
  const stored = await compress(archive);
  // Pieces that a publication left behind which was cut off stand before this offset, and are not read.
  const fromOffset = (await log.offsets(topic))[CONTENT]!.end;
  const chunks: OutputRecord[] = [];
  for (let start = 0; start < stored.length; start += chunkBytes) {
    chunks.push({
      topic,
      partition: CONTENT,
      key: contentKey(hash, chunks.length),
      value: stored.subarray(start, start + chunkBytes),
    });
  }
  for (let first = 0; first < chunks.length; first += CHUNKS_PER_COMMIT) {
    await onStep?.('content');
    await commit(claim, chunks.slice(first, first + CHUNKS_PER_COMMIT));
  }
  return {
    sha256: hash,
    bytes: archive.length,
    storedBytes: stored.length,
    chunks: chunks.length,
    fromOffset,
  };
}

/** The position of the claim says nothing; the claim is what keeps others out. */
async function commit(claim: PartitionClaim, outputs: readonly OutputRecord[]): Promise<void> {
  await claim.commit({ outputs, nextOffset: claim.committed?.offset ?? 0, metadata: '' });
}

function countsOf({ accounts, plans, tariffs, accountByNumber }: Catalog): CatalogVersion['counts'] {
  let rates = 0;
  for (const tariff of tariffs.values()) rates += tariff.rates.length;
  return {
    accounts: accounts.size,
    plans: plans.size,
    tariffs: tariffs.size,
    rates,
    numbers: accountByNumber.size,
  };
}
