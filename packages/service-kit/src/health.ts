/**
 * Whether a service is alive and ready, and why not. Ready means: started, not stopping, and every dependency up.
 */
export interface Health {
  /** Ready or not, with one sentence for each reason against it. */
  readonly state: { readonly ready: boolean; readonly reasons: readonly string[] };
  started(): void;
  stopping(): void;
  /** @param problem a sentence while the dependency does not answer, null while it does */
  dependency(name: string, problem: string | null): void;
}

/** @param onChange called with the new state after each change */
export function createHealth(onChange: (ready: boolean) => void = () => {}): Health {
  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  const problems = new Map<string, string>();
  const health: Health = {
    get state() {
      const reasons = [...problems].map(([name, problem]) => `${name}: ${problem}`);
      if (phase !== 'running') reasons.unshift(phase);
      return { ready: reasons.length === 0, reasons };
    },
    started: () => change(() => (phase = 'running')),
    stopping: () => change(() => (phase = 'stopping')),
    dependency: (name, problem) =>
      change(() => (problem === null ? problems.delete(name) : problems.set(name, problem))),
  };
  const change = (apply: () => void): void => {
    apply();
    onChange(health.state.ready);
  };
  return health;
}
