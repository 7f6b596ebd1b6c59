export { writeCalls } from './write-calls.ts';
