import type { NativeBlock } from '@tollstream/contracts';

/** Columns whose values decide what a call costs and whose copies never differ: numbers of 64 bits, then of 8. */
const WIDE = ['started_at', 'answered_at', 'ended_at', 'origin_number', 'destination_number'] as const;
const NARROW = ['direction', 'disposition'] as const;

/**
 * What each call of a block says, in a word: its times, its parties, its direction and how it ended. Two records of one identity whose
 * words differ are no copies of each other; that a difference goes unseen takes a chance of one in four thousand millions.
 */
export function callContents(block: NativeBlock): Uint32Array {
  const words = new Uint32Array(block.rows);
  for (const name of WIDE) {
    const halves = block.column(name).halves();
    for (let row = 0; row < words.length; row++) {
      const word = Math.imul(words[row]! ^ halves[row * 2]!, 0x85ebca6b) ^ halves[row * 2 + 1]!;
      words[row] = Math.imul(word ^ (word >>> 15), 0xc2b2ae35);
    }
  }
  for (const name of NARROW) {
    const values = block.column(name).uint8s();
    for (let row = 0; row < words.length; row++) {
      const word = Math.imul(words[row]! ^ values[row]!, 0x27d4eb2f);
      words[row] = word ^ (word >>> 13);
    }
  }
  return words;
}
