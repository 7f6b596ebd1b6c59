/** What a fault is given, and what all faults draw from. */
import type { Rig } from './rig.ts';
import type { Phase } from './supervised.ts';

export interface Struck {
  readonly target: string;
  readonly phase: Phase | 'publishing';
  /** Partitions for which an owner of the past still wanted to commit something, and was refused. */
  readonly refused?: number;
}

export interface Strike {
  readonly rig: Rig;
  /** 0 to 1, seeded. */
  readonly random: () => number;
  /** Ends the process that publishes; it is started again and goes on. */
  readonly killPublisher: () => void;
  /** Where the engine's data is, when it has a small file system of its own. */
  readonly smallDisk: string | null;
}

export interface FaultKind {
  readonly name: string;
  /** How often it is drawn, against the others. */
  readonly weight: number;
  readonly isKill: boolean;
  /** Whether the broker is down for as long as it takes to start again. */
  readonly isBrokerAway?: boolean;
  /** Struck only where services can be cut off from the network. */
  readonly needsWires?: boolean;
  strike(strike: Strike): Promise<Struck>;
}

const OUTAGE_MS = { min: 500, max: 6_000 };
export const START_KILL_MS_MAX = 1_500;

export function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!;
}

export function outageMs(random: () => number): number {
  return OUTAGE_MS.min + random() * (OUTAGE_MS.max - OUTAGE_MS.min);
}
