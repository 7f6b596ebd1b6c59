/** What says that a version is there: one record, written after all of its content. */
import { newerFormat } from './errors.ts';

const FORMAT = 1;

/** A published version of the catalog. */
export interface CatalogVersion {
  readonly version: number;
  readonly name: string;
  /** Of what the catalog means, with its version; checked when the version is read. */
  readonly fingerprint: string;
  /** The same without the version: equal for equal content. */
  readonly contentFingerprint: string;
  /** ISO 8601, UTC. */
  readonly publishedAt: string;
  readonly publishedBy: string;
  readonly message: string;
  /** From when services use it, ISO 8601; null = as soon as they see it. */
  readonly effectiveAt: string | null;
  /** Version whose content this one brought back; null = it was published from files. */
  readonly rollbackOf: number | null;
  readonly counts: CatalogCounts;
  readonly content: StoredContent;
}

export interface CatalogCounts {
  readonly accounts: number;
  readonly plans: number;
  readonly tariffs: number;
  readonly rates: number;
  readonly numbers: number;
}

/** Where the files are. Versions of equal files share it. */
export interface StoredContent {
  /** SHA-256 of the archive before compression, in hex: name of the chunks, and proof that they are whole. */
  readonly sha256: string;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly chunks: number;
  /** All chunks stand at this offset of the content partition, or later. */
  readonly fromOffset: number;
}

export function encodeManifest(version: CatalogVersion): Buffer {
  return Buffer.from(JSON.stringify({ format: FORMAT, ...version }));
}

/** @throws {CatalogVersionError} TOLL_CATALOG_VERSION_NEWER_FORMAT */
export function decodeManifest(value: Buffer): CatalogVersion {
  const { format, ...version } = JSON.parse(value.toString('utf8')) as CatalogVersion & { format: number };
  if (format !== FORMAT) throw newerFormat(format);
  return version;
}
