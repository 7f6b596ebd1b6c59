import { setFlagsFromString } from 'node:v8';

/**
 * By itself V8 marks all of its heap for each 64 MB of buffers that were made outside of it, however much of the heap is alive: a stage that
 * passes blocks on marks its catalog many times a second. With this it counts buffers as part of the heap, and marks when both
 * together have grown in proportion to what is alive. To be called before the work begins; buffers of a young object still go as soon as it
 * is collected.
 */
export function countBuffersWithHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
