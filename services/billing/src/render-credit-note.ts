/** A credit note for a terminal: plain text, in its language. */
import { creditNoteContent } from './documents/credit-note.ts';
import type { CreditNote } from './issue/credit-note.ts';

export function renderCreditNoteText(note: CreditNote): string {
  const { heading, billedTo, facts, details, summary, total, notes } = creditNoteContent(note);
  const pairs = facts.map(({ label, value }) => [label, value] as const);
  const lines = details.rows
    .filter(({ kind }) => kind === 'line')
    .map(({ cells }) => [cells[0] ?? '', cells.at(-1) ?? ''] as const);
  const sums = summary.rows.map(({ label, value }) => [label, value] as const);
  const width = Math.max(...[...lines, ...sums].map(([label]) => label.length));
  const amounts = Math.max(...[...lines, ...sums].map(([, value]) => value.length));
  const column = Math.max(...pairs.map(([label]) => label.length));
  const row = ([label, value]: readonly [string, string]): string =>
    `${label.padEnd(width)}  ${value.padStart(amounts)}`;
  return [
    heading,
    billedTo.name,
    '',
    ...pairs.map(([label, value]) => `${label.padEnd(column)}  ${value}`),
    '',
    ...lines.map(row),
    '─'.repeat(width + 2 + amounts),
    ...sums.map(row),
    '',
    total.due,
    ...(notes?.lines ?? []),
  ].join('\n');
}
