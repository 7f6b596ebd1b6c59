/**
 * Loaded into a process before anything else (`node --import`), and so into each of its threads: writes down twice a second how long the
 * event loop stood still at most, how long without the time for which others had the processor, how much the thread computed in one such
 * stretch, and how long the collection of garbage took at most. `pauses.ts` reads it.
 */
import { appendFileSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { PerformanceObserver, monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, threadId, threadName } from 'node:worker_threads';

const folder = process.env['TOLLSTREAM_BENCH_PAUSES'];
const PERIOD_MS = 500;
const RESOLUTION_MS = 5;

if (folder !== undefined) {
  const [, , command = 'node'] = process.argv;
  const stage = isMainThread ? command : threadName || `${command}/${threadId}`;
  const file = path.join(folder, `${process.pid}-${threadId}.jsonl`);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let gcMs = 0;
  new PerformanceObserver((seen) => {
    for (const { duration } of seen.getEntries()) gcMs = Math.max(gcMs, duration);
  }).observe({ entryTypes: ['gc'] });
  const clock = threadClock();
  let [ownMs, cpuMs] = [0, 0];
  let before = { atMs: performance.now(), ...clock() };
  setInterval(() => {
    const now = { atMs: performance.now(), ...clock() };
    const waitedMs = now.waitedMs - before.waitedMs;
    ownMs = Math.max(ownMs, now.atMs - before.atMs - waitedMs - RESOLUTION_MS);
    cpuMs = Math.max(cpuMs, now.cpuMs - before.cpuMs);
    before = now;
  }, RESOLUTION_MS).unref();
  setInterval(() => {
    // What is measured is the time between two looks, and these are a resolution apart where nothing stands still.
    const loopMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
    appendFileSync(file, `${JSON.stringify({ stage, atMs: Date.now(), loopMs, ownMs, cpuMs, gcMs })}\n`);
    delay.reset();
    [gcMs, ownMs, cpuMs] = [0, 0, 0];
  }, PERIOD_MS).unref();
}

/** What this thread has computed so far, and how long it has waited for a processor, as the kernel counts it; where it does not, 0. */
function threadClock(): () => { cpuMs: number; waitedMs: number } {
  let descriptor: number;
  try {
    descriptor = openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return () => ({ cpuMs: 0, waitedMs: 0 });
  }
  const text = Buffer.alloc(64);
  return () => {
    // | nanoseconds on a processor | nanoseconds waiting for one | turns |
    const bytes = readSync(descriptor, text, 0, text.length, 0);
    const [cpu, waited] = text.toString('latin1', 0, bytes).split(' ');
    return { cpuMs: Number(cpu) / 1e6, waitedMs: Number(waited) / 1e6 };
  };
}
