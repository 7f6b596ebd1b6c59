/** How the command speaks: results on standard output, everything else on standard error; colour only on a terminal. */
import { createColors } from 'picocolors';

const wantsColour =
  process.env['NO_COLOR'] === undefined && process.stdout.isTTY === true && process.stderr.isTTY === true;

export const colours = createColors(wantsColour);

/** One line for the person watching. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One line of result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Part of a result that is too long to be one text; waits until it left, so that not all parts are in memory. */
export function printPiece(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Lets queued output leave before the process ends: a pipe's reader may be slow. */
export async function flushOutput(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((resolve) => stream.write('', () => resolve())),
    ),
  );
}

/** Columns padded to their widest cell; numbers (`align: 'right'`) end at the same place. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    all.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [colours.bold(line(head)), ...rows.map(line)].join('\n');
}

/** 1234567 → '1,234,567'. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
