/** How long the stages stood still: what `pauses/preload.ts` wrote down in their processes and threads. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Of one process or thread. */
export interface Pause {
  /** Longest time that its event loop did nothing else: a batch, a snapshot, a swap of the catalog, a collection of garbage. */
  readonly longest_ms: number;
  /** Longest of them without the time for which the thread waited for a processor that others had; the same where the kernel does not tell. */
  readonly longest_own_ms?: number;
  /** Most that the thread computed in one of them: without what it waited for, helpers of the collection of garbage included. */
  readonly longest_cpu_ms?: number;
  /** Longest single collection of garbage. */
  readonly longest_gc_ms: number;
  /** Half seconds in which it stood still for longer than `PAUSE_MS`, of all that were seen. */
  readonly half_seconds_over_100_ms: number;
  readonly half_seconds: number;
}

export type Pauses = Readonly<Record<string, Pause>>;

const PAUSE_MS = 100;
const HALF_SECOND_MS = 500;
const PRELOAD = pathToFileURL(path.join(import.meta.dirname, 'pauses/preload.ts')).href;

/** Adds to an environment what makes processes write their pauses into the folder. */
export function notingPauses(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const nodeOptions = [env['NODE_OPTIONS'], `--import=${PRELOAD}`].filter(Boolean).join(' ');
  return { ...env, NODE_OPTIONS: nodeOptions, TOLLSTREAM_BENCH_PAUSES: folder };
}

export interface Span {
  /** Milliseconds since the epoch, unless said otherwise. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Which of the spans a time of the same clock is in; -1 for none. */
export function spanAt(spans: readonly Span[], atMs: number): number {
  return spans.findIndex(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
}

/** Half seconds that end in the span: what was before, such as the start of the processes, is left out. */
export function endsIn({ fromMs, toMs }: Span): (half: Span) => boolean {
  return ({ toMs: atMs }) => atMs >= fromMs && atMs <= toMs;
}

/** @param counts which half seconds do */
export async function readPauses(folder: string, counts: (half: Span) => boolean): Promise<Pauses> {
  const pauses: Record<string, Pause> = {};
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.jsonl')) continue;
    const text = await readFile(path.join(folder, name), 'utf8');
    for (const line of text.split('\n').filter(Boolean)) {
      const { stage, atMs, loopMs, ownMs, cpuMs, gcMs } = JSON.parse(line) as {
        stage: string;
        atMs: number;
        loopMs: number;
        ownMs: number;
        cpuMs: number;
        gcMs: number;
      };
      if (!counts({ fromMs: atMs - HALF_SECOND_MS, toMs: atMs })) continue;
      const before = pauses[stage];
      pauses[stage] = {
        longest_ms: Math.max(before?.longest_ms ?? 0, Math.round(loopMs)),
        longest_own_ms: Math.max(before?.longest_own_ms ?? 0, Math.round(ownMs)),
        longest_cpu_ms: Math.max(before?.longest_cpu_ms ?? 0, Math.round(cpuMs)),
        longest_gc_ms: Math.max(before?.longest_gc_ms ?? 0, Math.round(gcMs)),
        half_seconds_over_100_ms: (before?.half_seconds_over_100_ms ?? 0) + (loopMs > PAUSE_MS ? 1 : 0),
        half_seconds: (before?.half_seconds ?? 0) + 1,
      };
    }
  }
  return pauses;
}
