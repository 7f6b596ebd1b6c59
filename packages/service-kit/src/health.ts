/**
 * Whether a service is alive and ready, and why not. Ready means: started, not stopping, and every dependency up.
 */
export interface Health {
  /** Ready or not, with one sentence for each reason against it, and for what a person should see to beside. */
  readonly state: {
    readonly ready: boolean;
    readonly reasons: readonly string[];
    readonly warnings: readonly string[];
  };
  started(): void;
  stopping(): void;
  /** @param problem a sentence while the dependency does not answer, null while it does */
  dependency(name: string, problem: string | null): void;
  /** As `dependency`, for what does not keep the service from its work. */
  warning(name: string, problem: string | null): void;
}

/** @param onChange called with the new state after each change */
export function createHealth(onChange: (ready: boolean) => void = () => {}): Health {
  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  const problems = new Map<string, string>();
  const warnings = new Map<string, string>();
  const sentences = (of: ReadonlyMap<string, string>): string[] =>
    [...of].map(([name, problem]) => `${name}: ${problem}`);
  const health: Health = {
    get state() {
      const reasons = sentences(problems);
      if (phase !== 'running') reasons.unshift(phase);
      return { ready: reasons.length === 0, reasons, warnings: sentences(warnings) };
    },
    started: () => change(() => (phase = 'running')),
    stopping: () => change(() => (phase = 'stopping')),
    dependency: (name, problem) =>
      change(() => (problem === null ? problems.delete(name) : problems.set(name, problem))),
    warning: (name, problem) =>
      change(() => (problem === null ? warnings.delete(name) : warnings.set(name, problem))),
  };
  const change = (apply: () => void): void => {
    apply();
    onChange(health.state.ready);
  };
  return health;
}
