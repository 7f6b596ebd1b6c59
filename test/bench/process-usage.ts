/** CPU and memory of running processes, read from the kernel. Linux only: elsewhere the figures are null. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system time since the process began, in seconds. */
  readonly cpuSeconds: number;
  /** Largest resident memory so far, in bytes. */
  readonly peakBytes: number;
}

let ticksPerSecond: number | undefined;

export function processUsage(pid: number): ProcessUsage | null {
  try {
    ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold anything; fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(status);
    return { cpuSeconds: ticks / ticksPerSecond, peakBytes: Number(peak?.[1] ?? 0) * 1024 };
  } catch {
    return null;
  }
}

/** Follows a process until it ends; its last figures stay. */
export function watchProcess(pid: number, intervalMs = 50): { last(): ProcessUsage | null; stop(): void } {
  let last = processUsage(pid);
  const timer = setInterval(() => {
    last = latest(pid, last);
  }, intervalMs);
  return {
    last: () => (last = latest(pid, last)),
    stop: () => clearInterval(timer),
  };
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
