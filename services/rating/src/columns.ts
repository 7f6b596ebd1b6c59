/** How rows of blocks become calls, and outcomes become columns. */
import { CALL_COLUMNS, RESOLVED_OUTCOMES, SUSPENDED_COLUMNS, SUSPEND_CODES } from '@tollstream/contracts';
import type { BuildersOf, NativeBlock, Resolution, SuspendCode } from '@tollstream/contracts';

/** What suspense adds to the columns of a call. */
export const SUSPENSE_COLUMNS = SUSPENDED_COLUMNS.slice(CALL_COLUMNS.length) as unknown as readonly [
  readonly ['code', `Enum8(${string})`],
  readonly ['detail', 'String'],
  readonly ['catalog_version', 'UInt32'],
];

/** Enum8 members count from 1 in the order of their set. */
const SUSPEND_CODE = Object.fromEntries(SUSPEND_CODES.map((code, i) => [code, i + 1])) as Readonly<
  Record<SuspendCode, number>
>;

/**
 * Identities of a block's calls, four 32-bit words each. The parts of one call share its hash; each part counts as a record of its own
 * by its sequence.
 */
export function callIdentities(block: NativeBlock): Uint32Array {
  const bytes = block.column('call_hash').data();
  const words = new Uint32Array(block.rows * 4);
  new Uint8Array(words.buffer).set(bytes);
  const sequences = block.column('partial_sequence').uint32s();
  for (let row = 0; row < sequences.length; row++) {
    const sequence = sequences[row]!;
    if (sequence !== 0) words[row * 4]! ^= Math.imul(sequence, 0x9e3779b1);
  }
  return words;
}

/** The identity of what a conflicting record says: a further copy of it is a duplicate of its own. */
export function asConflict(identities: Uint32Array, row: number, content: number): void {
  identities[row * 4 + 1]! ^= content;
  identities[row * 4 + 2]! ^= Math.imul(content, 0x9e3779b1);
  identities[row * 4 + 3]! ^= 0x5bd1e995;
}

/** Enum8 number of what became of a suspended call. */
export function resolutionNumber(outcome: Resolution): number {
  return RESOLVED_OUTCOMES.indexOf(outcome) + 1;
}

/** A record of a call that was seen before, and said something else then. */
export const CONFLICT = {
  code: 'content_conflict',
  detail:
    'The call came before, with other times, parties, direction or disposition; the first record counts.',
} as const;

export function pushSuspense(
  columns: BuildersOf<typeof SUSPENSE_COLUMNS>,
  { code, detail }: { readonly code: SuspendCode; readonly detail: string },
  catalogVersion: number,
): void {
  columns.code.push(SUSPEND_CODE[code]);
  columns.detail.push(detail);
  columns.catalog_version.push(catalogVersion);
}
