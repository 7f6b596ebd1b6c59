import { say } from '../terminal.ts';

const INTERVAL_MS = 2_000;

/** A line every two seconds of how far a job of known size is. */
export function byteProgress(
  what: string,
  total: number,
): {
  readonly add: (bytes: number) => void;
  readonly end: () => void;
} {
  let done = 0;
  const timer = setInterval(() => {
    const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
    say(`${what}: ${percent} % of ${(total / 1e6).toFixed(0)} MB`);
  }, INTERVAL_MS);
  timer.unref();
  return {
    add: (bytes) => {
      done += bytes;
    },
    end: () => clearInterval(timer),
  };
}
