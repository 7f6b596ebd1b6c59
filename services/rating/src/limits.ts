import type { DedupeLimits } from './dedupe-window.ts';

/**
 * Duplicate window of one partition when nothing else is set. An identity takes 48 to 96 bytes: at most some 100 MB a partition.
 */
export const DEDUPE_DEFAULTS: DedupeLimits = {
  windowCallsMax: 2_000_000,
  windowAgeMs: 31 * 86_400_000,
};
