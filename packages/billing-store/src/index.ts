export type * from './port.ts';
export { BillingStoreError, type BillingStoreErrorCode } from './errors.ts';
export { openEmbeddedBillingStore, openServerBillingStore } from './store.ts';
