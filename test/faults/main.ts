/** `npm run faults`: the pipeline as real processes under faults, for as long as it takes to end so many of them. */
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROJECT_ROOT } from '../support/cli.ts';
import { readCount, readOptions } from '../support/options.ts';
import { storm } from './storm.ts';
import type { StormResult } from './storm.ts';

const PAGE = path.join(PROJECT_ROOT, 'docs/reliability.md');
const BEGIN = '<!-- fault matrix: made by `npm run faults -- --write` -->';
const END = '<!-- end of the fault matrix -->';

const USAGE = `Runs the pipeline as real processes (broker, ClickHouse, services) and ends, cuts, stalls and fills what it can, at seeded times.

  npm run faults                             200 kills, half an hour to an hour
  npm run faults -- --kills 20 --seed 31     a few minutes; the same faults in the same order
  npm run faults -- --write                  keeps the table in docs/reliability.md

  --kills N            kills until it ends (200)
  --seed S             what the faults are drawn from; printed (the time)
  --calls-per-file N   calls published at a time (10,000)

Ends with 1 when a total differs from that of an undisturbed run, or a process ended that no fault explains.`;

const values = readOptions(USAGE, {
  kills: { type: 'string', default: '200' },
  seed: { type: 'string', default: String(Math.floor(Date.now() / 1_000)) },
  'calls-per-file': { type: 'string', default: '10000' },
  write: { type: 'boolean', default: false },
});
const kills = readCount('kills', values.kills, USAGE);
const seed = readCount('seed', values.seed, USAGE, 0);
const callsPerFile = readCount('calls-per-file', values['calls-per-file'], USAGE);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-faults-'));
const logDirectory = await mkdtemp(path.join(tmpdir(), 'tollstream-faults-logs-'));
// Ended from outside, it still ends what it started, and then takes its files away.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    process.exit(1);
  });
}
let hasFailed = true;
try {
  say(`seed ${seed}`);
  const result = await storm({
    directory,
    logDirectory,
    seed,
    kills,
    callsPerFile,
    partitions: 4,
    say,
  });
  const table = render(result);
  process.stdout.write(`${table}\n`);
  if (values.write) await keep(table);
  for (const line of [...result.differences, ...result.unexpected]) say(line);
  hasFailed = result.differences.length > 0 || result.unexpected.length > 0;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
} finally {
  await rm(directory, { recursive: true, force: true });
  if (hasFailed) say(`What the processes said: ${logDirectory}`);
  else await rm(logDirectory, { recursive: true, force: true });
}
// At once: whatever a fault left open does not hold up who waits for the result.
process.exit(hasFailed ? 1 : 0);

function render(result: StormResult): string {
  const rows = [...result.faults]
    .map(([key, count]) => [...key.split(' | '), String(count)])
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
  const count = [...result.faults.values()].reduce((sum, each) => sum + each, 0);
  return [
    '| fault | where | while it was | times | survived |',
    '| --- | --- | --- | --: | --: |',
    ...rows.map(([fault, target, phase, times]) => {
      const survived = result.differences.length === 0 ? times : '?';
      return `| ${fault} | ${target} | ${phase} | ${times} | ${survived} |`;
    }),
    '',
    `${count} faults, ${result.kills} of them kills, over ${result.calls} calls in ${result.seconds.toFixed(0)} s (seed ${result.seed}).`,
    `Commits of owners that were cut off, refused once they were heard again: ${result.refused} (by partition).`,
    `Differences from the undisturbed run: ${result.differences.length}. Ends of processes that no fault explains: ${result.unexpected.length}.`,
    `\`tollstream verify\`: ${result.verdict}`,
  ].join('\n');
}

async function keep(table: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the table.`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n<!-- prettier-ignore -->\n${table}\n\n${END}${after}`);
}
