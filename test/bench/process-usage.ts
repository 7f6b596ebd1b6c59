/** CPU and memory of running processes, read from the kernel. Linux only: elsewhere the figures are null. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system time since the process began, in seconds. */
  readonly cpuSeconds: number;
  /** Largest resident memory so far, in bytes. */
  readonly peakBytes: number;
}

let ticksPerSecond: number | undefined;

export function processUsage(pid: number): ProcessUsage | null {
  try {
    const cpuSeconds = secondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(status);
    return { cpuSeconds, peakBytes: Number(peak?.[1] ?? 0) * 1024 };
  } catch {
    return null;
  }
}

/** User and system time of a `stat` of the kernel's, of a process or a thread. */
function secondsOf(stat: string): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  // The command in parentheses may hold anything; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Names that Node and V8 give to threads of their own: compiling and the collection of garbage. */
const ENGINE_THREADS = /^(?:V8Worker|DelayedTaskSche|libuv-worker|SignalInspector)/;
/** Of ClickHouse: threads that merge parts. */
const MERGE_THREADS = /^Merge/;
const MAIN_THREAD = 'MainThread';

/**
 * Processor time of a process by what its threads are for: each thread of JavaScript by its name, V8's and libuv's own, merges, and
 * what is left of the process: the other threads of ClickHouse, those that ended included.
 */
function stageUsage(pid: number): Readonly<Record<string, number>> | null {
  const process = processUsage(pid);
  if (process === null) return null;
  const stages: Record<string, number> = {};
  let known = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    let name: string;
    let seconds: number;
    try {
      name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
      seconds = secondsOf(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
    } catch {
      continue; // It ended since it was listed.
    }
    const stage = stageOf(name);
    if (stage === null) continue;
    stages[stage] = (stages[stage] ?? 0) + seconds;
    known += seconds;
  }
  return { ...stages, clickhouse: Math.max(0, process.cpuSeconds - known) };
}

function stageOf(thread: string): string | null {
  if (thread === MAIN_THREAD) return 'main';
  if (ENGINE_THREADS.test(thread)) return 'v8';
  if (MERGE_THREADS.test(thread)) return 'merges';
  return STAGE_THREADS.has(thread) ? thread : null;
}

/** Threads that the product names. */
const STAGE_THREADS: ReadonlySet<string> = new Set(['ingest', 'rating', 'aggregator']);

const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[?::1\]?):(?<port>\d+)$/;
/** State of a socket in `/proc/net/tcp`. */
const LISTENING = '0A';

/** @returns the process of this machine that listens there; null for another machine's, and for what stands before a container */
export function processListeningOn(address: string): number | null {
  const port = LOOPBACK.exec(address)?.groups?.['port'];
  if (port === undefined) return null;
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, Number(port))));
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const holds = readdirSync(`/proc/${pid}/fd`).some((fd) =>
        inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`)),
      );
      if (!holds) continue;
      const command = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      return command === 'docker-proxy' ? null : Number(pid);
    } catch {
      continue; // It ended meanwhile, or is another user's.
    }
  }
  return null;
}

function listeningInodes(table: string, port: number): string[] {
  try {
    const lines = readFileSync(`/proc/net/${table}`, 'utf8').trimEnd().split('\n').slice(1);
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '', , state]) => state === LISTENING && parseInt(local.split(':')[1]!, 16) === port)
      .map((fields) => `socket:[${fields[9]}]`);
  } catch {
    return [];
  }
}

/** Follows a process until it ends; its last figures stay. */
export function watchProcess(
  pid: number,
  intervalMs = 50,
): {
  last(): ProcessUsage | null;
  /** Processor time by what threads are for; null where the kernel does not tell. */
  stages(): Readonly<Record<string, number>> | null;
  stop(): void;
} {
  let last = processUsage(pid);
  let stages = stagesOf(pid, null);
  const look = (): void => {
    last = latest(pid, last);
    stages = stagesOf(pid, stages);
  };
  const timer = setInterval(look, intervalMs);
  return {
    last: () => (last = latest(pid, last)),
    stages: () => stages,
    stop: () => clearInterval(timer),
  };
}

function sumOf(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0);
}

/** A process that ends has no threads any more: the last look at them stays. */
function stagesOf(
  pid: number,
  before: Readonly<Record<string, number>> | null,
): Readonly<Record<string, number>> | null {
  try {
    const now = stageUsage(pid);
    if (now === null) return before;
    // Threads that ended have taken their time with them: what each had at most stays, and only the rest is ClickHouse's.
    const stages: Record<string, number> = { ...before, ...now };
    let rest = sumOf(now);
    for (const stage of Object.keys(stages).filter((name) => name !== 'clickhouse')) {
      stages[stage] = Math.max(before?.[stage] ?? 0, now[stage] ?? 0);
      rest -= stages[stage];
    }
    return { ...stages, clickhouse: Math.max(0, rest) };
  } catch {
    return before;
  }
}

/** A process that is about to end has given its memory back: what it had at most stays. */
function latest(pid: number, before: ProcessUsage | null): ProcessUsage | null {
  const now = processUsage(pid);
  if (now === null || before === null) return now ?? before;
  return { cpuSeconds: now.cpuSeconds, peakBytes: Math.max(now.peakBytes, before.peakBytes) };
}

/** What a piece of work in this process took. */
export interface StepCost {
  readonly seconds: number;
  readonly cpu_seconds: number;
  /** Largest resident memory of the process until then. */
  readonly peak_megabytes: number;
}

export async function measured<Answer>(work: () => Promise<Answer>): Promise<[Answer, StepCost]> {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const answer = await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const peakBytes = processUsage(process.pid)?.peakBytes ?? 0;
  return [
    answer,
    {
      seconds: Number(seconds.toFixed(1)),
      cpu_seconds: Number(((user + system) / 1e6).toFixed(1)),
      peak_megabytes: Math.round(peakBytes / 2 ** 20),
    },
  ];
}
