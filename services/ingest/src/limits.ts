/** Bounds of what ingest accepts and writes. Settings of the same names change them. */
export interface IngestLimits {
  /** Longest raw record that is decoded; longer ones are rejected `too_large`. */
  readonly recordBytesMax: number;
  /** Longest text of one field of a call. */
  readonly fieldCharactersMax: number;
  /** How far a call may start after the moment the log received its record. */
  readonly futureSkewMsMax: number;
  /** From start to end of a call. */
  readonly durationMsMax: number;
  /** Rows of one block. */
  readonly blockRecordsMax: number;
  /** Raw bytes of rejected records in one block, beyond which it is closed. */
  readonly rejectedBlockBytesMax: number;
  /** Raw bytes kept of one rejected record; the whole stands on the source topic. */
  readonly rejectedRawBytesMax: number;
}

export const INGEST_LIMITS: IngestLimits = {
  recordBytesMax: 1_048_576,
  fieldCharactersMax: 1_024,
  futureSkewMsMax: 24 * 3_600_000,
  durationMsMax: 7 * 24 * 3_600_000,
  blockRecordsMax: 4_000,
  rejectedBlockBytesMax: 8 * 1_048_576,
  rejectedRawBytesMax: 16 * 1_048_576,
};

/** The end of what the time columns hold: 2299-12-31, in ms since epoch. */
export const TIME_MS_MAX = Date.UTC(2299, 11, 31);
