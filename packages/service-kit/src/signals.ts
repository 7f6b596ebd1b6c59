/** Two signals this close together are one: a Ctrl-C reaches a process from the terminal and from its parent. */
const SAME_SIGNAL_MS = 500;

/**
 * Calls `onStop` at the first SIGTERM, SIGINT or SIGHUP and `onForce` at a second one.
 * @returns a function that takes the handlers away
 */
export function onStopSignals(handlers: {
  onStop: (signal: string) => void;
  onForce: () => void;
}): () => void {
  let firstAtMs: number | null = null;
  const receive = (signal: string): void => {
    const nowMs = performance.now();
    if (firstAtMs === null) {
      firstAtMs = nowMs;
      handlers.onStop(signal);
    } else if (nowMs - firstAtMs > SAME_SIGNAL_MS) handlers.onForce();
  };
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, receive);
  return () => {
    for (const signal of signals) process.off(signal, receive);
  };
}
