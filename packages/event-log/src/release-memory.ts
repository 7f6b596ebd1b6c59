/**
 * Gives the memory of a buffer back at once, where it would wait for V8 to collect garbage: V8 marks all of its heap for each 64 MB of buffers
 * made since it last did so. Whoever looks at the buffer afterwards finds it empty. A part of something larger is left alone: others may
 * stand beside it.
 */
export function releaseMemory(bytes: ArrayBufferView | null): void {
  if (bytes === null) return;
  const { buffer } = bytes;
  const isWhole = bytes.byteLength === buffer.byteLength;
  if (isWhole && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
