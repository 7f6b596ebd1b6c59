export * from './catalog.ts';
export { oraclePooledPrice, oraclePrice } from './oracle.ts';
export type { OraclePool, OraclePrice, OracleTerms } from './oracle.ts';
