/** Publishes calls to a running pipeline while faults strike it, and compares what came out with an undisturbed run. */
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PipelineTotals } from '../../packages/cli/src/embedded/status.ts';
import { type RunTotals, totalsOf } from '../support/cli.ts';
import { generator } from '../support/random.ts';
import { FAULTS } from './actions.ts';
import type { FaultKind } from './strike.ts';
import { Rig, SERVICES, finish } from './rig.ts';

export interface StormOptions {
  readonly directory: string;
  /** What the processes say is kept here. */
  readonly logDirectory: string;
  readonly seed: number;
  /** Faults that end a process; the others come besides. */
  readonly kills: number;
  readonly callsPerFile: number;
  readonly partitions: number;
  readonly say: (line: string) => void;
  /** Between two faults; default {@link GAP_MS}. */
  readonly gapMs?: { readonly min: number; readonly max: number };
  /** What may strike; default all. */
  readonly kinds?: readonly FaultKind[];
}

export interface StormResult {
  readonly seed: number;
  readonly calls: number;
  readonly kills: number;
  /** "fault | target | phase" → how often. */
  readonly faults: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Sentences; empty = nothing differs. */
  readonly differences: readonly string[];
  /** The last line of `tollstream verify`. */
  readonly verdict: string;
  readonly starts: Readonly<Record<string, number>>;
  /** Ends of processes that no fault explains. */
  readonly unexpected: readonly string[];
  /** Partitions for which owners of the past wanted to commit something and were refused. */
  readonly refused: number;
}

const GAP_MS = { min: 200, max: 2_500 };
/**
 * The undisturbed run has one partition, and so one duplicate window of 2,000,000 calls; the pipeline has one for each of its partitions. Beyond
 * that they differ in the duplicates that they still know, which is nobody's fault.
 */
const CALLS_MAX = 1_800_000;
const SMALL_DISK_BYTES = 512 * 1024 * 1024;

export async function storm(options: StormOptions): Promise<StormResult> {
  const { directory, seed, say } = options;
  const disk = await mountSmallDisk(path.join(directory, 'disk'), say);
  const startedMs = performance.now();
  try {
    const rig = await Rig.start({
      directory,
      logDirectory: options.logDirectory,
      partitions: options.partitions,
      say,
      ...(disk === null ? {} : { engineDirectory: path.join(disk.directory, 'engine') }),
    });
    try {
      const struck = await strikeWhilePublishing(rig, disk?.directory ?? null, options);
      say('faults have ended; waiting for the rest of the calls …');
      const totals = await rig.drain(struck.calls);
      const want = await undisturbed(struck.callsFile, path.join(directory, 'calm'));
      const differences = await compare(rig, totals, want);
      const verified = await rig.verify();
      const verdict = verified.stdout.trimEnd().split('\n').at(-1) ?? '';
      if (verified.code !== 0)
        differences.push(`verify ended with ${verified.code}: ${verified.stdout}${verified.stderr}`);
      const starts = Object.fromEntries(SERVICES.map((name) => [name, rig.services[name].starts]));
      const unexpected = [
        ...SERVICES.flatMap((name) => rig.services[name].unexpected),
        ...rig.engine.unexpected,
      ];
      const codes = await rig.stop();
      for (const [name, code] of Object.entries(codes)) {
        if (code !== 0) differences.push(`${name} ended with ${code} when it was stopped in the end`);
      }
      return {
        seed,
        calls: struck.calls,
        kills: struck.kills,
        faults: struck.faults,
        seconds: (performance.now() - startedMs) / 1_000,
        differences,
        verdict,
        starts,
        unexpected,
        refused: struck.refused,
      };
    } finally {
      await rig.abandon();
    }
  } finally {
    disk?.unmount();
  }
}

interface Stricken {
  readonly calls: number;
  /** All of them, in the order in which they were published. */
  readonly callsFile: string;
  readonly kills: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly refused: number;
}

async function strikeWhilePublishing(
  rig: Rig,
  smallDisk: string | null,
  options: StormOptions,
): Promise<Stricken> {
  const { directory, seed, say, gapMs = GAP_MS } = options;
  const kinds = (options.kinds ?? FAULTS).filter(
    ({ needsWires }) => needsWires !== true || rig.wires !== null,
  );
  const random = generator(seed);
  // Each strikes once before any strikes again by lot.
  const atFirst = shuffled(kinds, random);
  const faults = new Map<string, number>();
  const callsFile = path.join(directory, 'all.jsonl');
  let kills = 0;
  let calls = 0;
  let refused = 0;
  const over = new AbortController();
  let killPublisher = (): void => undefined;

  // Calls are published no sooner than faults need them.
  const isAhead = (): boolean =>
    !over.signal.aborted &&
    calls > 0 &&
    calls + options.callsPerFile > (CALLS_MAX * (kills + 1)) / options.kills;
  // Files of calls one after the other, as long as faults strike.
  const publishing = (async () => {
    for (let file = 0; !over.signal.aborted; file += 1) {
      while (isAhead()) await wait(100);
      if (over.signal.aborted) break;
      const name = path.join(directory, `calls-${file}.jsonl`);
      await generate(name, options.callsPerFile, seed + file);
      await appendFile(callsFile, await readFile(name));
      calls += options.callsPerFile;
      await rig.publish(name, (kill) => {
        killPublisher = kill;
      });
      // The disk of the test is small; the pipeline may be this far behind, and no further.
      await rig.untilBehindBy(options.callsPerFile * 4);
    }
  })();
  const striking = (async () => {
    while (kills < options.kills && !over.signal.aborted) {
      // Time between faults, not for anything to happen.
      await wait(gapMs.min + random() * (gapMs.max - gapMs.min));
      const kind = atFirst.pop() ?? draw(kinds, random);
      say(`${kills}/${options.kills} kills, ${calls} calls: ${kind.name} …`);
      const struck = await kind.strike({
        rig,
        random,
        killPublisher: () => killPublisher(),
        smallDisk,
      });
      const { target, phase } = struck;
      if (kind.isKill) kills += 1;
      refused += struck.refused ?? 0;
      const key = `${kind.name} | ${target} | ${phase}`;
      faults.set(key, (faults.get(key) ?? 0) + 1);
      say(
        `  … ${target}, ${phase}${struck.refused === undefined ? '' : `, ${struck.refused} commits refused`}`,
      );
    }
  })();
  // Where either fails the other ends as well, and what failed first is what is told.
  const end = (): void => over.abort();
  striking.then(end, end);
  publishing.catch(end);
  await Promise.all([striking, publishing]);
  return { calls, callsFile, kills, faults, refused };
}

async function generate(file: string, calls: number, seed: number): Promise<void> {
  const options = ['--calls', String(calls), '--seed', String(seed), '--output', file];
  const { code, stderr } = await finish(['generate', ...options]);
  if (code !== 0) throw new Error(stderr);
}

async function undisturbed(calls: string, data: string): Promise<RunTotals> {
  return totalsOf(await finish(['run', '--calls', calls, '--data', data, '--exit-when-done', '--json']));
}

async function compare(rig: Rig, totals: PipelineTotals, want: RunTotals): Promise<string[]> {
  const differences: string[] = [];
  for (const name of ['seen', 'rated', 'rejected', 'suspended', 'duplicate', 'charge'] as const) {
    const [got, wanted] = [JSON.stringify(totals[name]), JSON.stringify(want[name])];
    if (got !== wanted) differences.push(`${name} on the stream: ${got} instead of ${wanted}`);
  }
  const [row] = await rig.query<Record<string, string>>(
    `SELECT (SELECT count() FROM tollstream.usage) AS rated, (SELECT uniqExact(switch_id, call_id, leg) FROM tollstream.usage) AS distinct,
     (SELECT count() FROM tollstream.usage_suspended) AS suspended, (SELECT count() FROM tollstream.usage_rejected) AS rejected`,
  );
  for (const name of ['rated', 'suspended', 'rejected'] as const) {
    if (Number(row?.[name]) !== want[name]) {
      differences.push(`${row?.[name]} rows ${name} in ClickHouse instead of ${want[name]}`);
    }
  }
  if (Number(row?.['distinct']) !== want.rated)
    differences.push(`${row?.['distinct']} distinct calls in ClickHouse`);
  return differences;
}

interface SmallDisk {
  readonly directory: string;
  unmount(): void;
}

/** A file system that can be filled, where this user may mount one; otherwise null. */
async function mountSmallDisk(directory: string, say: (line: string) => void): Promise<SmallDisk | null> {
  await mkdir(directory, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_BYTES}`, 'tollstream-faults', directory], {
      stdio: 'pipe',
    });
  } catch {
    say('No file system can be mounted here: faults of a full disk are not run.');
    return null;
  }
  const unmount = (): void => {
    process.off('exit', unmount);
    execFileSync('umount', ['-l', directory]);
  };
  process.once('exit', unmount);
  return { directory, unmount };
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((each) => ({ each, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ each }) => each);
}

function draw(kinds: readonly FaultKind[], random: () => number): FaultKind {
  let at = random() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const kind of kinds) {
    at -= kind.weight;
    if (at < 0) return kind;
  }
  return kinds[0]!;
}
