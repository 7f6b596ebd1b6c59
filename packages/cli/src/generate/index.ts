export { GenerateError } from './call-maker.ts';
export { type CallTally, generateCalls, type GenerateCallsOptions } from './generate-calls.ts';
export { writeCalls, type WriteCallsOptions } from './write-calls.ts';
