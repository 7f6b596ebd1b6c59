/** Words of a status column, and what they do to a code. */

export const STATUS_WORDS = ['active', 'blocked', 'discontinued'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

const MEANINGS: Readonly<Record<StatusWord, readonly string[]>> = {
  active: [
    'active',
    'open',
    'new',
    'new code',
    'added',
    'add',
    'a',
    'n',
    'increase',
    'increased',
    'rate increase',
    'price increase',
    'i',
    'decrease',
    'decreased',
    'rate decrease',
    'price decrease',
    'change',
    'changed',
    'rate change',
    'update',
    'updated',
    'current',
    'existing',
    'same',
    'no change',
    'unchanged',
    'pending',
    'false',
    'no',
    '-',
  ],
  blocked: ['blocked', 'block', 'barred', 'bar', 'not offered', 'closed for traffic', 'suspended'],
  discontinued: [
    'discontinued',
    'discontinue',
    'deleted',
    'delete',
    'removed',
    'remove',
    'withdrawn',
    'ended',
    'end',
    'expired',
    'terminated',
    'code removed',
    'code deleted',
    'deletion',
  ],
};

const known = new Map<string, StatusWord>(
  STATUS_WORDS.flatMap((status) => MEANINGS[status].map((word) => [word, status] as const)),
);

/** @param own words that the mapping file adds; they go first */
export function statusOf(text: string, own: ReadonlyMap<string, StatusWord>): StatusWord | null {
  const word = text.toLowerCase().replace(/\s+/g, ' ');
  return own.get(word) ?? known.get(word) ?? null;
}
