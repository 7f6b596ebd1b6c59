/**
 * Loaded into a process before anything else (`node --import`), and so into each of its threads: writes down twice a second how long the
 * event loop stood still at most, how much of one such stretch the thread itself computed, and how long the collection of garbage took at
 * most. `pauses.ts` reads it.
 */
import { appendFileSync } from 'node:fs';
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
  // A thread that others kept from the processor stood still and computed nothing.
  let cpuMs = 0;
  let before = process.threadCpuUsage();
  setInterval(() => {
    const now = process.threadCpuUsage();
    cpuMs = Math.max(cpuMs, (now.user + now.system - before.user - before.system) / 1_000);
    before = now;
  }, RESOLUTION_MS).unref();
  setInterval(() => {
    // What is measured is the time between two looks, and these are a resolution apart where nothing stands still.
    const loopMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
    appendFileSync(file, `${JSON.stringify({ stage, atMs: Date.now(), loopMs, cpuMs, gcMs })}\n`);
    delay.reset();
    [gcMs, cpuMs] = [0, 0];
  }, PERIOD_MS).unref();
}
