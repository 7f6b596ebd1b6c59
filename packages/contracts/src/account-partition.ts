/**
 * The partition of `calls.accepted`, `usage.rated` and `usage.suspended` that holds an account: 32-bit FNV-1a of the id's UTF-8
 * bytes, modulo the number of partitions. All calls without an account ('') share one partition. Changing this moves
 * accounts between partitions and so splits their allowances: it is part of the stored format.
 */
export function accountPartition(accountId: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(accountId)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % partitions;
}
