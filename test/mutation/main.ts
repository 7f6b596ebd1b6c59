/**
 * `npm run mutate [-- packages/money/src/rounding.ts …]`: changes the code that decides amounts in every place, one at a time, and counts
 * how many of the changes a test notices. In place, because a copy of the tree would import the workspaces of the original: the tree must
 * be clean. What neither the code nor its tests changed since is taken from the report of the run before; without `.stryker` all is run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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
  for (const each of PACKAGES) {
    const own = wanted.filter((path) => path.startsWith(each));
    if (wanted.length > 0 && own.length === 0) continue;
    const report = runStryker(each, own);
    if (report === null) return 1;
    Object.assign(files, report);
  }
  const rows = Object.entries(files).map(([file, { mutants }]) => ({ file, ...counts(mutants) }));
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

/** Only with the tests of the package itself: what other packages would notice does not count. */
function runStryker(path: string, wanted: readonly string[]): Record<string, MutatedFile> | null {
  mkdirSync(FOLDER, { recursive: true });
  const report = `${FOLDER}/${basename(path)}.json`;
  const configFile = `${FOLDER}/config.json`;
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
    timeoutMS: 15_000,
    incremental: true,
    incrementalFile: report,
    reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only'],
    tempDirName: `${FOLDER}/tmp`,
    allowConsoleColors: false,
  };
  writeFileSync(configFile, JSON.stringify(config));
  const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
  const { status } = spawnSync(process.execPath, [stryker, 'run', configFile], {
    stdio: 'inherit',
    env: { ...process.env, MUTATED_PACKAGE: path, NODE_COMPILE_CACHE: `${FOLDER}/compiled` },
  });
  return status === 0
    ? (JSON.parse(readFileSync(report, 'utf8')) as { files: Record<string, MutatedFile> }).files
    : null;
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
  rows: readonly { file: string; mutants: number; killed: number }[],
  all: { mutants: number; killed: number },
  survivors: readonly Survivor[],
): string {
  const table = rows.map((row) => `| ${row.file} | ${row.mutants} | ${row.killed} | ${percent(row)} |`);
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
    '| file | mutants | killed | % |',
    '| --- | --: | --: | --: |',
    ...table,
    '',
    '## Survivors',
    '',
    ...list,
    '<!-- prettier-ignore-end -->',
    '',
  ].join('\n');
}
