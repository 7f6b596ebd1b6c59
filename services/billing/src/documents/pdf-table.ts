/** Tables that go on over pages: the head is repeated, and a section's name never stands alone at the foot of a page. */
import type { Table, TableRow } from './content.ts';
import { PALETTE } from './palette.ts';
import type { Ink, Paper } from './pdf-page.ts';

const HEAD: Ink = { size: 8, weight: 'bold', colour: PALETTE.muted };
const TITLE: Ink = { size: 11, weight: 'bold', colour: PALETTE.accent };
const REMARK: Ink = { size: 7.5, colour: PALETTE.muted };
const INKS: Readonly<Record<TableRow['kind'], Ink>> = {
  section: { weight: 'bold' },
  group: { weight: 'bold', colour: PALETTE.muted },
  line: {},
};
const PAD = 6;
const INDENT = 10;
const ROW_GAP = 5;
const HEAD_HEIGHT = 20;
const TITLE_HEIGHT = 22;
/** What must follow a name on its page. */
const KEPT_WITH_NEXT = 44;

/** @param shares of the width, by column; the first column takes what the others leave */
export function drawTable(paper: Paper, table: Table, shares: readonly number[]): void {
  const widths = shares.map((share) => share * paper.width);
  const rights = widths.map(
    (_, i) => paper.right - widths.slice(i + 1).reduce((sum, width) => sum + width, 0),
  );
  const firstWidth = paper.width - widths.reduce((sum, width) => sum + width, 0);
  const head = (): void => {
    const y = paper.y + 3;
    paper.write(table.columns[0] ?? '', paper.left + PAD, y, HEAD);
    table.columns.slice(1).forEach((name, i) => paper.writeRight(name, rights[i + 1]! - PAD, y, HEAD));
    paper.rule(paper.y + HEAD_HEIGHT - 4, PALETTE.accent, 1);
    paper.y += HEAD_HEIGHT;
  };
  paper.ensure(TITLE_HEIGHT + HEAD_HEIGHT + KEPT_WITH_NEXT);
  paper.write(table.title, paper.left, paper.y, TITLE);
  paper.y += TITLE_HEIGHT;
  head();
  for (const row of table.rows) {
    const ink = INKS[row.kind];
    const indent = row.kind === 'line' ? INDENT : 0;
    const room = firstWidth - 2 * PAD - indent;
    const lines = paper.wrap(row.cells[0] ?? '', row.kind === 'group' ? paper.width - 2 * PAD : room, ink);
    const remarks =
      row.remark === undefined || row.remark === '' ? [] : paper.wrap(row.remark, paper.width * 0.8, REMARK);
    const height = lines.length * paper.lineHeight() + remarks.length * paper.lineHeight(REMARK) + ROW_GAP;
    if (paper.ensure(row.kind === 'line' ? height : height + KEPT_WITH_NEXT)) head();
    if (row.kind === 'section') paper.box(paper.left, paper.y - 1, paper.width, height - 1, PALETTE.band);
    const top = paper.y + 1;
    const x = paper.left + PAD + indent;
    const used = paper.writeLines(lines, x, top, ink);
    paper.writeLines(remarks, x, top + used, REMARK);
    row.cells.slice(1).forEach((cell, i) => {
      if (cell !== '') paper.writeRight(cell, rights[i + 1]! - PAD, top, ink);
    });
    paper.y += height;
    if (row.kind === 'line') paper.rule(paper.y - 2, PALETTE.rule, 0.4);
  }
  paper.y += 18;
}
