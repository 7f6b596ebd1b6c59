/**
 * `tollstream catalog import-deck` on decks of 1,000,000 rows, as a process of its own: seconds, seconds of processor time, memory.
 *
 * `node packages/rate-decks/src/import-deck.bench.ts` (with a number: so many rows; with a folder after it: the decks and catalogs are left there).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeXlsx } from 'hucre';

const MAIN = path.join(import.meta.dirname, '../../cli/src/main.ts');
const HEADER = ['Destination', 'Dial Code', 'Rate USD/min', 'Billing Increment', 'Effective Date'];
const INCREMENTS = ['60/60', '30/6', '6/6', '60/1', '1/1'];
const CODES_OF_DESTINATION_MAX = 40;

let state = 20_200_101;
function below(limit: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

/** As carriers have it: a destination has one rate, and its codes stand one below the other. */
function deckRows(size: number): string[][] {
  const rows: string[][] = [];
  for (let code = 10_000_000, destination = 1; rows.length < size; destination++) {
    const rate = (0.005 + below(40_000) / 100_000).toFixed(5);
    const increments = INCREMENTS[below(INCREMENTS.length)]!;
    const from = below(10) < 7 ? '2020-02-01' : '2020-03-01';
    for (let i = 1 + below(CODES_OF_DESTINATION_MAX); i > 0 && rows.length < size; i--) {
      code += 1 + below(80);
      rows.push([`Destination ${destination} mobile`, String(code), rate, increments, from]);
    }
  }
  return rows;
}

async function workbook(rows: readonly string[][]): Promise<Uint8Array> {
  const cells = rows.map(([name, code, rate, increments, from]) => [
    name!,
    Number(code),
    Number(rate),
    increments!,
    new Date(from!),
  ]);
  return writeXlsx({ sheets: [{ name: 'Rates', rows: [HEADER, ...cells] }] });
}

/** Reports what it used itself, since a parent is told nothing of a child's memory. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    process.stderr.write(JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, rss: maxRSS / 1024 }));
  });`)}`;

async function measure(deck: string, catalog: string, mode: string): Promise<void> {
  const argv = ['--import', REPORT, MAIN, 'catalog', 'import-deck', deck, '--tariff', 'acme'];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...argv, '--catalog', catalog, '--mode', mode], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the import ended with ${code}: ${said}`);
  const { cpu, rss } = JSON.parse(said.slice(said.lastIndexOf('{'))) as { cpu: number; rss: number };
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `${path.basename(deck)} (${mode}): ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of processor time, ${rss.toFixed(0)} MB`,
  );
}

const size = Number(process.argv[2] ?? 1_000_000);
const folder = process.argv[3] ?? mkdtempSync(path.join(tmpdir(), 'tollstream-deck-bench-'));
mkdirSync(folder, { recursive: true });
const decks = ['deck.csv', 'deck.xlsx'].map((name) => path.join(folder, name));
if (!decks.every((file) => existsSync(file))) {
  const rows = deckRows(size);
  writeFileSync(decks[0]!, `${[HEADER, ...rows].map((cells) => cells.join(',')).join('\n')}\n`);
  writeFileSync(decks[1]!, await workbook(rows));
}
for (const deck of decks) {
  const catalog = path.join(folder, `${path.extname(deck).slice(1)}-catalog`);
  rmSync(catalog, { recursive: true, force: true });
  mkdirSync(catalog);
  writeFileSync(path.join(catalog, 'catalog.yaml'), 'version: 1\nname: Decks\n');
  // Into a tariff that is not there yet, and again over what is there.
  await measure(deck, catalog, 'replace');
  await measure(deck, catalog, 'replace');
}
if (process.argv[3] === undefined) rmSync(folder, { recursive: true });
