/** What the scenario asks of each that prices calls. */
import type { PeerTotals, PeerWork } from './work.ts';

export interface PeerRun {
  readonly totals: PeerTotals;
  readonly seconds: number;
  /** Null where it ran where its processor time cannot be read. */
  readonly cpuSeconds: number | null;
}

export interface PreparedPeer {
  readonly name: string;
  readonly version: string;
  /** What the measured time holds, and what it does not. */
  readonly includes: string;
  run(): Promise<PeerRun>;
}

export interface Peer {
  readonly name: string;
  /** Loads the deck and the calls. @returns why it cannot be run on this machine, where it cannot */
  prepare(work: PeerWork, directory: string): Promise<readonly PreparedPeer[] | string>;
  close(): Promise<void>;
}
