export * from './catalog.ts';
export { oraclePrice } from './oracle.ts';
export type { OraclePrice, OracleTerms } from './oracle.ts';
