import type { DedupeLimits } from './dedupe-window.ts';

/**
 * Duplicate window of one partition when nothing else is set. An identity takes 40 to 80 bytes: at most some 85 MB a partition.
 */
export const DEDUPE_DEFAULTS: DedupeLimits = {
  windowCallsMax: 2_000_000,
  windowAgeMs: 31 * 86_400_000,
};
