/**
 * `npm run mutate [-- packages/money/src/rounding.ts …]`: changes the code that decides amounts in every place, one at a time, and counts
 * how many of the changes a test notices. In place, because a copy of the tree would import the workspaces of the original: the tree must
 * be clean. What neither the code nor its tests changed since is taken from the report of the run before; without `.stryker` all is run.
 * `MUTATE_MINUTES=30` stops each package after so long; the next run goes on from there.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { EXPLANATIONS } from './survivors.ts';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = ['packages/money', 'packages/rating-engine'];
/** Where mutants that only run while modules are loaded are left out: each would take all tests of the package. */
const IGNORES_STATIC: readonly string[] = ['packages/rating-engine'];
const KILLED_PERCENT_MIN = 90;
const FOLDER = '.stryker';
const TARGET_PAGE = 'docs/mutation-testing.md';

interface Mutant {
  readonly status:
    'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'Ignored' | 'RuntimeError' | 'CompileError';
  readonly mutatorName: string;
  readonly replacement: string;
  readonly location: { readonly start: Place; readonly end: Place };
}
/** Both from 1 on. */
interface Place {
  readonly line: number;
  readonly column: number;
}
interface MutatedFile {
  readonly source: string;
  readonly mutants: readonly Mutant[];
}
interface Survivor {
  readonly file: string;
  readonly line: number;
  /** What stands there → what was put in its place. */
  readonly mutant: string;
  readonly reason: string | null;
}

process.chdir(ROOT);
process.exitCode = main(process.argv.slice(2));

function main(wanted: readonly string[]): number {
  const unknown = wanted.filter((each) => !PACKAGES.includes(each) && !isSourceOf(each));
  if (unknown.length > 0) {
    console.error(`There are mutations of ${PACKAGES.join(' and ')} only, not of ${unknown.join(', ')}.`);
    return 2;
  }
  const changed = execFileSync('git', ['status', '--porcelain', '--', ...PACKAGES], { encoding: 'utf8' });
  if (changed !== '') {
    console.error(`Commit or stash these changes first: the files are mutated in place.\n${changed}`);
    return 2;
  }
  const files: Record<string, MutatedFile> = {};
  const planned = new Map<string, number>();
  for (const each of PACKAGES) {
    const own = wanted.filter((path) => path.startsWith(each));
    if (wanted.length > 0 && own.length === 0) continue;
    const report = runStryker(each, own);
    if (report === null) return 1;
    Object.assign(files, report.files);
    for (const [file, mutants] of report.planned) planned.set(file, mutants);
  }
  const names = [...new Set([...Object.keys(files), ...planned.keys()])].toSorted();
  const rows = names.map((file) => {
    const mutants = files[file]?.mutants ?? [];
    return {
      file,
      ...counts(mutants),
      ignored: mutants.filter(({ status }) => status === 'Ignored').length,
      left: Math.max(0, (planned.get(file) ?? 0) - mutants.length),
    };
  });
  const survivors = Object.entries(files).flatMap(([file, mutated]) => survivorsOf(file, mutated));
  const all = counts(Object.values(files).flatMap(({ mutants }) => mutants));
  if (wanted.length === 0) writeFileSync(TARGET_PAGE, page(rows, all, survivors));
  for (const { file, line, mutant } of survivors.filter(({ reason }) => reason === null)) {
    console.log(`${file}:${line} survived, and nothing says why: ${mutant}`);
  }
  const explained = survivors.filter(({ reason }) => reason !== null).length;
  console.log(
    `${all.killed} of ${all.mutants} mutants killed, ${percent(all)} %; ${survivors.length} survived, ${explained} of them explained`,
  );
  return percent(all) >= KILLED_PERCENT_MIN ? 0 : 1;
}

function isSourceOf(file: string): boolean {
  return PACKAGES.some((each) => file.startsWith(`${each}/src/`)) && existsSync(file);
}

interface PackageReport {
  readonly files: Readonly<Record<string, MutatedFile>>;
  /** How many mutants each file has, with a result or without. */
  readonly planned: ReadonlyMap<string, number>;
}

/** Only with the tests of the package itself: what other packages would notice does not count. */
function runStryker(path: string, wanted: readonly string[]): PackageReport | null {
  mkdirSync(FOLDER, { recursive: true });
  const report = `${FOLDER}/${basename(path)}.json`;
  const configFile = `${FOLDER}/config.json`;
  const events = `${FOLDER}/events`;
  rmSync(events, { recursive: true, force: true });
  const config = {
    inPlace: true,
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
    plugins: ['@stryker-mutator/vitest-runner'],
    coverageAnalysis: 'perTest',
    ignoreStatic: IGNORES_STATIC.includes(path),
    mutate: [
      ...(wanted.length === 0 || wanted.includes(path) ? [`${path}/src/**/*.ts`] : wanted),
      `!${path}/src/testing/**`,
      `!${path}/src/**/*.{test,bench}.ts`,
    ],
    concurrency: Number(process.env['MUTATE_CONCURRENCY'] ?? 2),
    timeoutMS: 60_000,
    incremental: true,
    incrementalFile: report,
    reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only', 'event-recorder'],
    eventReporter: { baseDir: events },
    tempDirName: `${FOLDER}/tmp`,
    allowConsoleColors: false,
  };
  writeFileSync(configFile, JSON.stringify(config));
  const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
  const minutes = Number(process.env['MUTATE_MINUTES'] ?? 0);
  const { status, error } = spawnSync(process.execPath, [stryker, 'run', configFile], {
    stdio: 'inherit',
    env: { ...process.env, MUTATED_PACKAGE: path, NODE_COMPILE_CACHE: `${FOLDER}/compiled` },
    // Stopped so, it puts the files back and keeps what it found.
    ...(minutes > 0 ? { timeout: minutes * 60_000, killSignal: 'SIGINT' } : {}),
  });
  const plan = existsSync(events)
    ? readdirSync(events).find((name) => name.endsWith('PlanReady.json'))
    : undefined;
  const wasStopped = minutes > 0 && error !== undefined;
  if ((status !== 0 && !wasStopped) || plan === undefined) return null;
  return {
    files: (JSON.parse(readFileSync(report, 'utf8')) as Pick<PackageReport, 'files'>).files,
    planned: plannedIn(readFileSync(`${events}/${plan}`, 'utf8')),
  };
}

function plannedIn(plan: string): Map<string, number> {
  const { mutantPlans } = JSON.parse(plan) as {
    mutantPlans: readonly { readonly mutant: { readonly fileName: string } }[];
  };
  const files = Map.groupBy(mutantPlans, ({ mutant }) => relative(ROOT, mutant.fileName));
  return new Map([...files].map(([file, mutants]) => [file, mutants.length]));
}

function counts(mutants: readonly Mutant[]): { mutants: number; killed: number } {
  const counted = mutants.filter(
    ({ status }) => !['Ignored', 'CompileError', 'RuntimeError'].includes(status),
  );
  const killed = counted.filter(({ status }) => status === 'Killed' || status === 'Timeout');
  return { mutants: counted.length, killed: killed.length };
}

/** Rounded down: 89.99 % are not 90. */
function percent({ mutants, killed }: { mutants: number; killed: number }): number {
  return mutants === 0 ? 100 : Math.floor((killed / mutants) * 10_000) / 100;
}

function survivorsOf(file: string, { source, mutants }: MutatedFile): Survivor[] {
  const lines = source.split('\n');
  return mutants
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ location: { start, end }, replacement }) => {
      const mutated = lines.slice(start.line - 1, end.line);
      mutated[mutated.length - 1] = mutated.at(-1)!.slice(0, end.column - 1);
      mutated[0] = mutated[0]!.slice(start.column - 1);
      const mutant = `${inLine(mutated.join(' '))} → ${inLine(replacement)}`;
      const known = EXPLANATIONS.find((each) => each.file === file && each.mutants.includes(mutant));
      return { file, line: start.line, mutant, reason: known?.reason ?? null };
    });
}

function inLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('`', "'");
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function page(
  rows: readonly { file: string; mutants: number; killed: number; ignored: number; left: number }[],
  all: { mutants: number; killed: number },
  survivors: readonly Survivor[],
): string {
  const table = rows.map(
    (row) =>
      `| ${row.file} | ${row.mutants} | ${row.killed} | ${row.mutants === 0 ? '–' : percent(row)} | ${row.left} |`,
  );
  const ignored = rows.reduce((sum, row) => sum + row.ignored, 0);
  const left = rows.reduce((sum, row) => sum + row.left, 0);
  const list = [
    ...Map.groupBy(survivors, ({ file, reason }) => `${file}: ${reason ?? 'not explained'}`),
  ].flatMap(([about, group]) => [
    `- ${about}`,
    ...group.map(({ line, mutant }) => `  - ${line}: \`${mutant}\``),
  ]);
  return [
    '# Mutation testing',
    '',
    '<!-- prettier-ignore-start -->',
    'Made by `npm run mutate`: the code that decides amounts is changed in every place, one at a time, and the tests beside it run, without',
    'those of other packages and with a part of the cases of property tests. A change that no test notices survives. What a later run finds',
    'unchanged it takes from the report of the one before (`.stryker`, which git ignores); `npm run mutate -- packages/money/src/rounding.ts`',
    'runs one file.',
    '',
    `**${all.killed} of ${all.mutants} mutants killed: ${percent(all)} %.**`,
    '',
    `${ignored} mutants of ${IGNORES_STATIC.join(' and ')} that only run while modules are loaded are left out.`,
    '',
    ...(left === 0
      ? []
      : [`The run was stopped: ${left} mutants have no result yet and are not counted.`, '']),
    '| file | mutants | killed | % | not run |',
    '| --- | --: | --: | --: | --: |',
    ...table,
    '',
    '## Survivors',
    '',
    ...list,
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
}
