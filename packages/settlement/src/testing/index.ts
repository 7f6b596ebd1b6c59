export { rateInOrder } from './rate-in-order.ts';
export type { TestCall } from './rate-in-order.ts';
export { randomCalls, randomFrom, shuffled, testTable } from './month.ts';
export type { TableOptions } from './month.ts';
