/**
 * The memory of fetch responses, given back when all partitions of a response are done with: each is as large as a fetch may be, and V8 would
 * mark all of its heap for every few of them. A response with a partition that nobody says to be done with waits for the collection of garbage, as
 * does one over TLS, which has no memory of its own.
 */
import { releaseMemory } from '../release-memory.ts';

/** By the memory of a response: how many of its record sets are still to be done with. */
const held = new WeakMap<ArrayBufferLike, number>();

/** The response has memory of its own, in which nothing else stands. */
export function ownResponse(response: Buffer): void {
  held.set(response.buffer, 0);
}

/** Records of the response are handed on, and `doneWith` will be told when they were looked at. To be called before it is told of any other. */
export function hold(records: Buffer): void {
  const count = held.get(records.buffer);
  if (count !== undefined) held.set(records.buffer, count + 1);
}

/** Somebody looks at the response without ever telling. */
export function keep(response: Buffer): void {
  held.delete(response.buffer);
}

/** Nobody looks at these records any more. */
export function doneWith(records: Buffer): void {
  const { buffer } = records;
  const count = held.get(buffer);
  if (count === undefined) return;
  if (count > 1) held.set(buffer, count - 1);
  else {
    held.delete(buffer);
    releaseMemory(new Uint8Array(buffer));
  }
}
