export { startBillingEngine } from './billing-engine.ts';
export type { BillingEngine } from './billing-engine.ts';
