/** A document as PDF: what its content says, drawn on paper. The same content gives the same bytes. */
import { layOutChart } from './chart.ts';
import type { DocumentContent, Pair, Party, UsageContent } from './content.ts';
import { formatNumber } from './format.ts';
import { PALETTE, initialOf } from './palette.ts';
import { Paper } from './pdf-page.ts';
import type { Ink } from './pdf-page.ts';
import { drawTable } from './pdf-table.ts';

/** Countries whose printers hold Letter; the others hold A4. */
const LETTER_COUNTRIES = new Set(['US', 'CA', 'MX', 'PR', 'DO', 'CO', 'CL', 'VE', 'PH']);

const TITLE: Ink = { size: 11, weight: 'bold', colour: PALETTE.accent };
const STRONG: Ink = { weight: 'bold' };
const MUTED: Ink = { colour: PALETTE.muted };
const FOOTER: Ink = { size: 7.5, colour: PALETTE.muted };
const GAP = 22;
const MARK = 34;
const LOGO_WIDTH_MAX = 150;
const CHART_HEIGHT = 84;
const CHART_LEFT = 40;
const LABELLED_DAYS = 8;
/** A party's name may be long; its block shall not push the rest off the page. */
const PARTY_LINES_MAX = 8;

export async function renderPdf(content: DocumentContent): Promise<Buffer> {
  const paper = new Paper({
    size: LETTER_COUNTRIES.has(content.country) ? 'LETTER' : 'A4',
    title: `${content.heading} · ${content.billedTo.name}`,
    author: content.from?.name ?? '',
    language: content.language,
    created: new Date(`${content.issueDate}T00:00:00Z`),
    ink: PALETTE.ink,
  });
  if (content.warning !== null) drawWarning(paper, content.warning);
  drawHeader(paper, content);
  drawParties(paper, content);
  drawOverview(paper, content);
  drawTable(paper, content.details, [0, 0.22, 0.13, 0.13, 0.14]);
  if (content.groups !== null) drawTable(paper, content.groups, [0, 0.2]);
  if (content.feesAndTaxes !== null) drawTable(paper, content.feesAndTaxes, [0, 0.15, 0.12, 0.15]);
  if (content.usage !== null) drawUsage(paper, content.usage, content);
  drawRemittance(paper, content);
  drawNotes(paper, content);
  paper.onEveryPage((page, pages, y) => {
    paper.rule(y - 8, PALETTE.rule);
    const [left = ''] = paper.wrap(footerOf(content), paper.width * 0.75, FOOTER);
    paper.write(left, paper.left, y, FOOTER);
    paper.writeRight(content.page(page, pages), paper.right, y, FOOTER);
  });
  return paper.bytes();
}

function footerOf({ heading, from, billedTo }: DocumentContent): string {
  return [from?.name ?? '', heading, billedTo.name].filter((text) => text !== '').join(' · ');
}

function drawWarning(paper: Paper, warning: string): void {
  paper.box(paper.left, paper.y, paper.width, 20, PALETTE.warningGround, 3);
  paper.write(warning, paper.left + 8, paper.y + 4, { ...STRONG, colour: PALETTE.warning });
  paper.y += 32;
}

function drawHeader(paper: Paper, { title, from, facts }: DocumentContent): void {
  const { left, right, y } = paper;
  const name: Ink = { size: 14, weight: 'bold' };
  if (from !== null) {
    const markWidth = from.logo === undefined ? drawInitial(paper, from) : drawLogo(paper, from.logo);
    const [first = '', ...rest] = paper.wrap(from.name, paper.width * 0.58 - (markWidth - MARK), name);
    paper.write(rest.length === 0 ? first : `${first}…`, left + markWidth + 12, y + 7, name);
  }
  paper.writeRight(title, right, y - 2, { size: 22, weight: 'bold', colour: PALETTE.accent });
  const number = facts.find(({ isStrong }) => isStrong === true);
  if (number !== undefined) paper.writeRight(number.value, right, y + 26, { ...MUTED, size: 10 });
  paper.y += MARK + GAP;
}

/** @returns how wide it is */
function drawInitial(paper: Paper, { name }: Party): number {
  const letter: Ink = { size: 20, weight: 'bold', colour: PALETTE.onAccent };
  const initial = initialOf(name);
  paper.box(paper.left, paper.y, MARK, MARK, PALETTE.accent, 7);
  paper.write(initial, paper.left + (MARK - paper.widthOf(initial, letter)) / 2, paper.y + 3, letter);
  return MARK;
}

function drawLogo(paper: Paper, { data }: NonNullable<Party['logo']>): number {
  return paper.image(Buffer.from(data, 'base64'), { widthMax: LOGO_WIDTH_MAX, heightMax: MARK });
}

function drawParties(paper: Paper, { from, billedTo, facts }: DocumentContent): void {
  const column = paper.width * 0.28;
  const heights = [from, billedTo]
    .filter((party) => party !== null)
    .map((party, i) => drawParty(paper, party, paper.left + i * (column + 14), column));
  const left = paper.left + paper.width * 0.61;
  heights.push(drawPairs(paper, facts, { left, right: paper.right, top: paper.y }));
  paper.y += Math.max(...heights) + GAP;
}

function drawParty(paper: Paper, { title, name, lines }: Party, x: number, width: number): number {
  let { y } = paper;
  y += paper.writeLines([title], x, y, { ...MUTED, size: 8 });
  const named = paper.wrap(name, width, STRONG);
  y += paper.writeLines(cut(named, PARTY_LINES_MAX), x, y, STRONG);
  const rest = lines.flatMap((line) => paper.wrap(line, width));
  y += paper.writeLines(cut(rest, PARTY_LINES_MAX), x, y);
  return y - paper.y;
}

function cut(lines: readonly string[], max: number): readonly string[] {
  return lines.length <= max ? lines : [...lines.slice(0, max - 1), '…'];
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

/** Labels on the left, values on the right; returns the height. */
function drawPairs(paper: Paper, rows: readonly Pair[], { left, right, top }: Area, gap = 0): number {
  let y = top;
  for (const { label, value, isStrong } of rows) {
    const strong = isStrong === true ? STRONG : {};
    const labelWidth = paper.widthOf(label, strong);
    paper.write(label, left, y, isStrong === true ? STRONG : MUTED);
    const lines = paper.wrap(value, Math.max(60, right - left - labelWidth - 8), strong);
    for (const line of lines) {
      paper.writeRight(line, right, y, strong);
      y += paper.lineHeight();
    }
    y += gap;
  }
  return y - top;
}

/** Sums on the left, what is to be paid on the right. */
function drawOverview(paper: Paper, { summary, total }: DocumentContent): void {
  const sumsWidth = paper.width * 0.6;
  const rowHeight = paper.lineHeight() + 5;
  const top = paper.y;
  paper.write(summary.title, paper.left, top, TITLE);
  let y = top + 20;
  for (const { label, value, isStrong } of summary.rows) {
    const ink = isStrong === true ? STRONG : {};
    if (isStrong === true) paper.box(paper.left, y - 2.5, sumsWidth, rowHeight, PALETTE.band);
    paper.write(label, paper.left + 6, y, ink);
    paper.writeRight(value, paper.left + sumsWidth - 6, y, ink);
    y += rowHeight;
  }
  const x = paper.left + sumsWidth + 18;
  const width = paper.right - x;
  paper.box(x, top + 17, width, 92, PALETTE.accent, 6);
  const light: Ink = { colour: PALETTE.onAccent };
  paper.write(total.label, x + 14, top + 30, { ...light, size: 10 });
  paper.write(total.amount, x + 14, top + 46, fitting(paper, total.amount, width - 28));
  paper.writeLines(paper.wrap(total.due, width - 28, light).slice(0, 2), x + 14, top + 80, light);
  paper.y = Math.max(y, top + 109) + GAP;
}

/** The largest type in which the amount fits. */
function fitting(paper: Paper, text: string, width: number): Ink {
  const ink = (size: number): Ink => ({ size, weight: 'bold', colour: PALETTE.onAccent });
  for (const size of [22, 18, 15, 12, 9]) if (paper.widthOf(text, ink(size)) <= width) return ink(size);
  return ink(7);
}

function drawUsage(paper: Paper, usage: UsageContent, document: DocumentContent): void {
  drawTable(paper, usage.calls, [0, 0.14, 0.16, 0.2]);
  if (usage.chart.bars.length > 0) drawChart(paper, usage, document);
  const { jurisdictions } = usage;
  if (jurisdictions === null) return;
  paper.ensure(24 + jurisdictions.rows.length * 16);
  paper.write(jurisdictions.title, paper.left, paper.y, TITLE);
  const area = { left: paper.left + 6, right: paper.left + paper.width * 0.45, top: paper.y + 20 };
  paper.y += 20 + drawPairs(paper, jurisdictions.rows, area, 3) + GAP;
}

function drawChart(paper: Paper, { chart }: UsageContent, { language }: DocumentContent): void {
  paper.ensure(CHART_HEIGHT + 60);
  paper.write(chart.title, paper.left, paper.y, TITLE);
  const left = paper.left + CHART_LEFT;
  const top = paper.y + 26;
  const small: Ink = { size: 7, colour: PALETTE.muted };
  const laidOut = layOutChart(chart.bars, { width: paper.width - CHART_LEFT, height: CHART_HEIGHT });
  for (const { y, value } of laidOut.grid) {
    paper.pdf
      .moveTo(left, top + y)
      .lineTo(paper.right, top + y)
      .lineWidth(0.5)
      .strokeColor(PALETTE.rule)
      .stroke();
    paper.writeRight(formatNumber(language, value), left - 6, top + y - 5, small);
  }
  const every = Math.ceil(chart.bars.length / LABELLED_DAYS);
  laidOut.bars.forEach(({ x, y, width, height, label }, i) => {
    if (height > 0) paper.box(left + x, top + y, width, height, PALETTE.accent);
    if (i % every !== 0) return;
    const day = label.slice(5);
    paper.write(day, left + x + (width - paper.widthOf(day, small)) / 2, top + CHART_HEIGHT + 4, small);
  });
  paper.y = top + CHART_HEIGHT + 16 + GAP;
}

function drawRemittance(paper: Paper, { remittance }: DocumentContent): void {
  if (remittance === null) return;
  const hint = remittance.hint === '' ? [] : paper.wrap(remittance.hint, paper.width - 24);
  const height =
    34 + remittance.rows.length * (paper.lineHeight() + 3) + hint.length * paper.lineHeight() + 12;
  paper.ensure(height + 10);
  paper.box(paper.left, paper.y, paper.width, height, PALETTE.band, 5);
  paper.write(remittance.title, paper.left + 12, paper.y + 9, TITLE);
  const area = { left: paper.left + 12, right: paper.left + paper.width * 0.6, top: paper.y + 30 };
  const used = drawPairs(paper, remittance.rows, area, 3);
  paper.writeLines(hint, paper.left + 12, area.top + used + 4, STRONG);
  paper.y += Math.max(height, 30 + used + hint.length * paper.lineHeight() + 12) + GAP;
}

function drawNotes(paper: Paper, { notes }: DocumentContent): void {
  if (notes === null) return;
  paper.ensure(60);
  paper.write(notes.title, paper.left, paper.y, TITLE);
  paper.y += 20;
  for (const note of notes.lines) {
    for (const [i, line] of paper.wrap(note, paper.width - 14).entries()) {
      paper.ensure(paper.lineHeight());
      if (i === 0) paper.write('•', paper.left, paper.y, MUTED);
      paper.write(line, paper.left + 12, paper.y);
      paper.y += paper.lineHeight();
    }
    paper.y += 3;
  }
}
