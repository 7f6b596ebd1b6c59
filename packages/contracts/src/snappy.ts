/**
 * Decompresses raw Snappy, as Avro containers and Kafka's record batches hold it.
 * @source https://github.com/google/snappy/blob/main/format_description.txt
 * @throws RangeError when the bytes are no Snappy or more than `bytesMax`
 */
export function decompressSnappy(input: Buffer, bytesMax: number): Buffer {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = byteAt(input, at++);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift > 28) throw new RangeError('Snappy length is too long');
  }
  if (length > bytesMax)
    throw new RangeError(`Snappy block of ${length} bytes, at most ${bytesMax} are read`);
  const output = Buffer.alloc(length);
  let filled = 0;
  while (at < input.length) {
    const tag = input[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >> 2) + 1;
      if (size > 60) {
        const extra = size - 60;
        size = 0;
        for (let i = 0; i < extra; i++) size += byteAt(input, at++) * 2 ** (8 * i);
        size += 1;
      }
      if (at + size > input.length || filled + size > length)
        throw new RangeError('Snappy literal is cut off');
      input.copy(output, filled, at, at + size);
      at += size;
      filled += size;
      continue;
    }
    let size = (tag >> 2) + 1;
    let distance: number;
    if (kind === 1) {
      size = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | byteAt(input, at++);
    } else {
      distance = 0;
      const width = kind === 2 ? 2 : 4;
      for (let i = 0; i < width; i++) distance += byteAt(input, at++) * 2 ** (8 * i);
    }
    if (distance === 0 || distance > filled || filled + size > length)
      throw new RangeError('Snappy copy is broken');
    for (let i = 0; i < size; i++) output[filled + i] = output[filled + i - distance]!;
    filled += size;
  }
  if (filled !== length) throw new RangeError('Snappy block is cut off');
  return output;
}

function byteAt(input: Buffer, at: number): number {
  const byte = input[at];
  if (byte === undefined) throw new RangeError('Snappy block is cut off');
  return byte;
}
