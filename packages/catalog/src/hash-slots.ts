/** What hash tables over flat arrays have in common: open addressing from the hash on, half of the slots free. */

/** FNV-1a over UTF-16, the high bits mixed into the low ones. 32 bits, signed. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Of an exact integer of up to 53 bits. */
export function hashOfNumber(number: number): number {
  const high = Math.imul(number / 2 ** 32, 0x9e3779b1);
  const hash = Math.imul((number >>> 0) ^ high, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

/** A power of two, of which at most half will be taken. */
export function slotCount(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, entries) * 2));
}
