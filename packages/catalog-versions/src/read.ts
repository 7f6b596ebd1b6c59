import { buildCatalog, catalogInvalid } from '@tollstream/catalog';
import type { Catalog, CatalogResult } from '@tollstream/catalog';
import type { EventLog } from '@tollstream/event-log';
import { decompress, sha256, unpackFiles } from './archive.ts';
import type { CatalogFiles } from './archive.ts';
import { contentDamaged, contentMissing, noVersion, versionUnknown } from './errors.ts';
import { catalogHistory } from './history.ts';
import type { CatalogVersion } from './manifest.ts';
import { CATALOG_TOPIC, CONTENT, contentKey } from './topic.ts';

export interface ReadOptions {
  readonly topic?: string;
  /** Plan of accounts that the catalog does not know; the reader's choice, no part of a version. */
  readonly defaultPlan?: string | undefined;
}

/**
 * A published version as a catalog, checked against its fingerprint.
 * @throws {CatalogVersionError} when there is no such version, or it is not what was published
 * @throws {CatalogInvalidError} when the default plan is not in it
 */
export async function readCatalogVersion(
  log: EventLog,
  version: number | 'newest',
  options: ReadOptions = {},
): Promise<Catalog> {
  const found = await findVersion(log, version, options);
  return compileVersion(found, await readCatalogFiles(log, found, options), options);
}

/** @throws {CatalogVersionError} TOLL_CATALOG_VERSION_UNKNOWN | TOLL_CATALOG_VERSION_NONE */
export async function findVersion(
  log: EventLog,
  version: number | 'newest',
  { topic = CATALOG_TOPIC }: ReadOptions = {},
): Promise<CatalogVersion> {
  const history = await catalogHistory(log, { topic });
  const found = version === 'newest' ? history.at(-1) : history.find((each) => each.version === version);
  if (found !== undefined) return found;
  if (version === 'newest') throw noVersion(topic);
  throw versionUnknown(
    version,
    history.map((each) => each.version),
  );
}

/**
 * The files of a version, as they were published.
 * @throws {CatalogVersionError} TOLL_CATALOG_CONTENT_MISSING | TOLL_CATALOG_CONTENT_DAMAGED | TOLL_CATALOG_CONTENT_UNREADABLE
 */
export async function readCatalogFiles(
  log: EventLog,
  { version, content }: CatalogVersion,
  { topic = CATALOG_TOPIC }: ReadOptions = {},
): Promise<CatalogFiles> {
  return filesOf({ version, content }, await readStoredContent(log, { version, content }, { topic }));
}

/**
 * The pieces of a version as they stand on the topic, in their order. Each has memory of its own, which can be given to another thread.
 * @throws {CatalogVersionError} TOLL_CATALOG_CONTENT_MISSING
 */
export async function readStoredContent(
  log: EventLog,
  { version, content }: Pick<CatalogVersion, 'version' | 'content'>,
  { topic = CATALOG_TOPIC }: ReadOptions = {},
): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const indexes = new Map(
    Array.from({ length: content.chunks }, (_, index) => [contentKey(content.sha256, index), index]),
  );
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const batch of log.read({ topic, partition: CONTENT, from: content.fromOffset })) {
    for (const { key, value } of batch.records) {
      const index = key === null ? undefined : indexes.get(key.toString('utf8'));
      // Copied: what a batch holds is a view that ends with it.
      if (index !== undefined && value !== null) chunks[index] = new Uint8Array(value);
    }
    if (Object.keys(chunks).length === content.chunks) break;
  }
  const found = Object.keys(chunks).length;
  if (found < content.chunks) throw contentMissing(version, found, content.chunks);
  return chunks;
}

/** Decompresses the pieces, and checks them against what the version says of them. */
export async function filesOf(
  { version, content }: Pick<CatalogVersion, 'version' | 'content'>,
  chunks: readonly Uint8Array[],
): Promise<CatalogFiles> {
  const archive = await decompress(Buffer.concat(chunks));
  if (sha256(archive) !== content.sha256)
    throw contentDamaged(version, 'the checksum of its files is another');
  return unpackFiles(archive);
}

/** @throws as `readCatalogVersion` does for what it read */
export function compileVersion(
  version: Pick<CatalogVersion, 'version' | 'fingerprint'>,
  files: CatalogFiles,
  { defaultPlan }: Pick<ReadOptions, 'defaultPlan'> = {},
): Catalog {
  return checked(version, buildCatalog(files, { defaultPlan, version: version.version }));
}

/** @throws {CatalogInvalidError | CatalogVersionError} when what was built is not what was published */
export function checked(
  { version, fingerprint }: Pick<CatalogVersion, 'version' | 'fingerprint'>,
  built: CatalogResult,
): Catalog {
  if (!built.ok) throw catalogInvalid(`version ${version}`, built.problems);
  if (built.catalog.fingerprint !== fingerprint)
    throw contentDamaged(version, 'its fingerprint is another, so this release reads it in another way');
  return built.catalog;
}
