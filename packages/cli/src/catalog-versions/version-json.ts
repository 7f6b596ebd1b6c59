import type { CatalogVersion } from '@tollstream/catalog-versions';

/** A version in the JSON of the commands. */
export function versionJson(version: CatalogVersion) {
  return {
    version: version.version,
    name: version.name,
    published_at: version.publishedAt,
    published_by: version.publishedBy,
    message: version.message,
    effective_at: version.effectiveAt,
    rollback_of: version.rollbackOf,
    ...version.counts,
    bytes: version.content.bytes,
    stored_bytes: version.content.storedBytes,
    fingerprint: version.fingerprint,
  };
}
