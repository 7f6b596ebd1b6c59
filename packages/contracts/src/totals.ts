/**
 * Running totals of one input partition of one stage since its beginning. They stand in the header of every block the stage
 * writes and in the metadata of its committed offset, so that any later reader can prove that nothing is missing or doubled.
 */
export interface RunningTotals {
  /** Records of the partition that had an outcome. */
  readonly seen: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly rated: number;
  readonly suspended: number;
  readonly duplicate: number;
  /** Suspended calls taken up again: each was then rated, discarded, assembled or kept. */
  readonly replayed: number;
  /** Suspended calls given up. */
  readonly discarded: number;
  /** Suspended calls taken up again that still had no price. */
  readonly kept: number;
  /** Parts of calls that were put together, but for the first one of each, which is rated. */
  readonly assembled: number;
  /** Alerts of spend limits; they are no outcome of a record. */
  readonly alerts: number;
  /** Currency → sum of charges as a scaled integer (`CHARGE_SCALE`) in decimal digits. */
  readonly charge: Readonly<Record<string, string>>;
}

/** What stands before the Native bytes of a block. */
export interface BlockHeader {
  /** Which column set: 'call' | 'replay' | 'rated' | 'suspended' | 'resolved' | 'rejected' | 'alerts', with the version of that set. */
  readonly schema: string;
  readonly schemaVersion: number;
  /** `<source topic>/<partition>/<first offset>/<ordinal>`: the same input gives the same id. */
  readonly blockId: string;
  readonly sourceTopic: string;
  readonly sourcePartition: number;
  /** Half-open range of the stage's input offsets this block was made from. */
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly recordCount: number;
  /** 0 where no catalog was used. */
  readonly catalogVersion: number;
  readonly totals: RunningTotals;
  /** The rows are suspended calls taken up again: they come after later ones of their source. */
  readonly isReplay: boolean;
  /** Spend limits that count from this block of rated calls on. Absent: none begins with it. */
  readonly limitStarts?: readonly LimitStart[];
}

/** From here on the calls of an account count towards a limit in this form; what counted before it does not. */
export interface LimitStart {
  readonly account: string;
  readonly limit: string;
  /** Hash of all that decides which calls count in which window. */
  readonly form: string;
}
