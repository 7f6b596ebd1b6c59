export type {
  BlockInsert,
  KeyedInsert,
  MigrationReport,
  QueryParameters,
  RevisionInsert,
  SettlementStore,
  SettlementTable,
  UsageStore,
  UsageTable,
} from './port.ts';
export { Limiter } from './limiter.ts';
export { StoreError } from './errors.ts';
export type { StoreErrorCode } from './errors.ts';
export { USAGE_TABLES } from './tables.ts';
export { EmbeddedStore, openEmbeddedStore } from './embedded-store.ts';
export type { EmbeddedStoreOptions } from './embedded-store.ts';
export { openServerStore } from './server-store.ts';
export type { ServerStoreOptions } from './server-store.ts';
export { serveClickHouseHttp } from './http-front.ts';
export type { HttpFront, HttpFrontOptions } from './http-front.ts';
