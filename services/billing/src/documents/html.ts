/** A document as one HTML file: nothing is loaded from anywhere, nothing runs, and it prints. */
import { layOutChart } from './chart.ts';
import type { DocumentContent, Pair, Party, Table, TableRow, UsageContent } from './content.ts';
import { formatNumber } from './format.ts';
import { PALETTE, initialOf } from './palette.ts';

const CHART = { width: 700, height: 130 };
const CHART_MARGIN = { left: 48, right: 12, top: 10, bottom: 22 };
/** The days that stand under the chart. */
const LABELLED_DAYS = 7;

export function renderHtml(content: DocumentContent): string {
  const { from, total } = content;
  return `<!doctype html>
<html lang="${content.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'${from?.logo === undefined ? '' : '; img-src data:'}">
<title>${escape(`${content.heading} · ${content.billedTo.name}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${content.warning === null ? '' : `<p class="warning">${escape(content.warning)}</p>\n`}<header>
<div class="seller">${from === null ? '' : `${mark(from)}<strong><bdi>${escape(from.name)}</bdi></strong>`}</div>
<h1>${escape(content.heading)}</h1>
</header>
<div class="parties">
${from === null ? '' : party(from)}${party(content.billedTo)}<dl class="facts">${pairs(content.facts)}</dl>
</div>
<div class="overview">
<section><h2>${escape(content.summary.title)}</h2><dl class="sums">${pairs(content.summary.rows)}</dl></section>
<section class="total"><h2>${escape(total.label)}</h2><p class="amount">${escape(total.amount)}</p><p>${escape(total.due)}</p></section>
</div>
${table(content.details)}${content.groups === null ? '' : table(content.groups)}${content.feesAndTaxes === null ? '' : table(content.feesAndTaxes)}${content.usage === null ? '' : usage(content.usage, content)}${remittance(content)}${notes(content)}</main>
</body>
</html>
`;
}

function mark({ name, logo }: Party): string {
  if (logo !== undefined) return `<img class="logo" alt="" src="${logoAddress(logo)}">`;
  return `<svg class="mark" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="9" fill="${PALETTE.accent}"/><text x="20" y="28" text-anchor="middle" fill="${PALETTE.onAccent}">${escape(initialOf(name))}</text></svg>`;
}

/** Within the page: nothing is loaded. */
function logoAddress({ media_type, data }: NonNullable<Party['logo']>): string {
  return `data:${media_type};base64,${data}`;
}

function party({ title, name, lines }: Party): string {
  const rest = lines.map((line) => `<br><bdi>${escape(line)}</bdi>`).join('');
  return `<section><h2>${escape(title)}</h2><address><strong><bdi>${escape(name)}</bdi></strong>${rest}</address></section>\n`;
}

function pairs(rows: readonly Pair[]): string {
  return rows
    .map(
      ({ label, value, isStrong }) =>
        `<div${isStrong === true ? ' class="strong"' : ''}><dt>${escape(label)}</dt><dd><bdi>${escape(value)}</bdi></dd></div>`,
    )
    .join('');
}

function table({ title, columns, rows }: Table): string {
  const heads = columns.map((column) => `<th scope="col">${escape(column)}</th>`).join('');
  return `<table>
<caption>${escape(title)}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows.map(row).join('\n')}
</tbody>
</table>
`;
}

function row({ kind, cells, remark }: TableRow): string {
  const [first = '', ...rest] = cells;
  const small = remark === undefined || remark === '' ? '' : `<small><bdi>${escape(remark)}</bdi></small>`;
  const figures = rest.map((cell) => `<td>${escape(cell)}</td>`).join('');
  return `<tr class="${kind}"><th scope="row"><bdi>${escape(first)}</bdi>${small}</th>${figures}</tr>`;
}

function usage(content: UsageContent, document: DocumentContent): string {
  const { jurisdictions } = content;
  const parts =
    jurisdictions === null
      ? ''
      : `<section><h2>${escape(jurisdictions.title)}</h2><dl class="sums">${pairs(jurisdictions.rows)}</dl></section>\n`;
  return `${table(content.calls)}${content.chart.bars.length === 0 ? '' : chart(content, document)}${parts}`;
}

/** Read aloud, the chart is a list of days and minutes. */
function chart({ chart: { title, bars } }: UsageContent, { language }: DocumentContent): string {
  const laidOut = layOutChart(bars, CHART);
  const every = Math.ceil(bars.length / LABELLED_DAYS);
  const grid = laidOut.grid.map(
    ({ y, value }) =>
      `<line x1="0" x2="${CHART.width}" y1="${y}" y2="${y}" stroke="${PALETTE.rule}"/><text x="-6" y="${y + 4}" text-anchor="end">${escape(formatNumber(language, value))}</text>`,
  );
  const drawn = laidOut.bars.map(
    ({ x, y, width, height, label, value }, i) =>
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${PALETTE.accent}"><title>${escape(`${label}: ${formatNumber(language, value)}`)}</title></rect>${i % every === 0 ? `<text x="${x + width / 2}" y="${CHART.height + 16}" text-anchor="middle">${escape(label.slice(5))}</text>` : ''}`,
  );
  const { left, right, top, bottom } = CHART_MARGIN;
  return `<figure><figcaption>${escape(title)}</figcaption><svg role="img" aria-label="${escape(title)}" viewBox="${-left} ${-top} ${CHART.width + left + right} ${CHART.height + top + bottom}">${grid.join('')}${drawn.join('')}</svg></figure>
`;
}

function remittance({ remittance: found }: DocumentContent): string {
  if (found === null) return '';
  const hint = found.hint === '' ? '' : `<p>${escape(found.hint)}</p>`;
  return `<section class="remittance"><h2>${escape(found.title)}</h2><dl class="facts">${pairs(found.rows)}</dl>${hint}</section>
`;
}

function notes({ notes: found }: DocumentContent): string {
  if (found === null) return '';
  const lines = found.lines.map((line) => `<li><bdi>${escape(line)}</bdi></li>`).join('');
  return `<section class="notes"><h2>${escape(found.title)}</h2><ul>${lines}</ul></section>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const STYLE = `
*{box-sizing:border-box}
body{margin:0;background:${PALETTE.band};color:${PALETTE.ink};font:14px/1.45 "Noto Sans","Segoe UI",system-ui,sans-serif}
main{max-width:60rem;margin:2rem auto;padding:2.5rem;background:#fff;overflow-wrap:anywhere}
h1{margin:0;font-size:1.5rem}
h2,caption,figcaption{margin:0 0 .4rem;font-size:.95rem;font-weight:600;text-align:start;color:${PALETTE.accent}}
header,.parties,.overview{display:flex;flex-wrap:wrap;gap:1.5rem 2rem;justify-content:space-between;align-items:flex-start;margin-bottom:1.75rem}
header{align-items:center}
.seller{display:flex;gap:.75rem;align-items:center;font-size:1.15rem}
.mark{width:2.5rem;height:2.5rem;flex:none;font-size:22px;font-weight:700}
.logo{max-height:2.75rem;max-width:12rem;flex:none}
.parties>*{flex:1 1 14rem}
address{font-style:normal}
dl{margin:0}
dl>div{display:flex;justify-content:space-between;gap:1rem;padding:.2rem 0}
dt{color:${PALETTE.muted}}
dd{margin:0;text-align:end;font-variant-numeric:tabular-nums}
.strong dt,.strong dd{font-weight:600;color:${PALETTE.ink}}
.sums>div{border-bottom:1px solid ${PALETTE.rule}}
.overview>*{flex:2 1 20rem}
.overview>.total{flex:1 1 14rem;background:${PALETTE.accent};color:${PALETTE.onAccent};padding:1.25rem;border-radius:.5rem}
.total h2{color:inherit}
.total p{margin:0}
.total .amount{font-size:1.9rem;font-weight:700;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;margin-bottom:1.75rem}
th,td{padding:.35rem .5rem;text-align:end;vertical-align:top;border-bottom:1px solid ${PALETTE.rule};font-variant-numeric:tabular-nums}
td{white-space:nowrap}
th:first-child{text-align:start}
thead th{color:${PALETTE.muted};font-weight:600;font-size:.85rem}
tbody th{font-weight:400}
tr.section th,tr.section td{font-weight:600;background:${PALETTE.band}}
tr.group th{font-weight:600;color:${PALETTE.muted}}
tr.line th{padding-inline-start:1.25rem}
small{display:block;color:${PALETTE.muted}}
figure{margin:0 0 1.75rem}
figure svg{width:100%;font-size:11px;fill:${PALETTE.muted}}
.remittance,.notes{border-top:2px solid ${PALETTE.accent};padding-top:1rem;margin-top:1.75rem}
.remittance dl{max-width:28rem}
.notes ul{margin:0;padding-inline-start:1.2rem}
.warning{margin:0 0 1.5rem;padding:.6rem 1rem;background:${PALETTE.warningGround};color:${PALETTE.warning};font-weight:600}
@media print{
@page{margin:14mm}
body{background:#fff;font-size:10pt}
main{margin:0;padding:0;max-width:none}
thead{display:table-header-group}
tr,figure,.total,.remittance{break-inside:avoid}
tr.section,tr.group,caption,h2{break-after:avoid}
.total,tr.section th,tr.section td,rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
