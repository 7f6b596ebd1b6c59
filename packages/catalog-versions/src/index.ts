export type { CatalogFiles } from './archive.ts';
export { CatalogVersionError, type CatalogVersionErrorCode } from './errors.ts';
export { catalogHistory, versionInForce } from './history.ts';
export type { CatalogCounts, CatalogVersion } from './manifest.ts';
export {
  publishCatalog,
  publishLoaded,
  rollbackCatalog,
  type Published,
  type PublishOptions,
} from './publish.ts';
export {
  findVersion,
  readCatalogFiles,
  readCatalogVersion,
  compileVersion,
  type ReadOptions,
} from './read.ts';
export { CATALOG_TOPIC, catalogTopic } from './topic.ts';
export { followCatalog, type Follower, type FollowOptions, type LoadedVersion, type Swap } from './follow.ts';
export {
  openServiceCatalog,
  type CatalogContext,
  type CatalogSettings,
  type ServiceCatalog,
} from './service-catalog.ts';
