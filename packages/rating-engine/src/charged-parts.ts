import type { PriceLists, TimeWindows } from '@tollstream/catalog';
import { assert } from './assert.ts';
import type { WindowCalendar, WindowStretch } from './window-calendar.ts';

/** Seconds of a call at one rate. */
export interface CallPart {
  /** Billable seconds before it. */
  readonly fromSeconds: number;
  readonly seconds: number;
  /** Scaled by 10^RATE_SCALE. */
  readonly ratePerMinute: number;
  /** Id of the window; '' outside of windows. */
  readonly window: string;
}

/** Windows of a tariff, ready for look-ups. */
export interface CompiledWindows extends TimeWindows {
  readonly calendar: WindowCalendar;
}

export interface PricedInterval {
  readonly lists: PriceLists;
  readonly windows: CompiledWindows | null;
  readonly initialSeconds: number;
  readonly stepSeconds: number;
  readonly billableSeconds: number;
  /** Instant at which the first increment starts. */
  readonly startMs: number;
}

/** An increment starts at an instant for which the row has no rate. */
export interface RateGap {
  readonly gapMs: number;
}

// Filled anew by every call; nothing is read from it across calls.
const scratchStretch: WindowStretch = { window: -1, untilMs: Infinity };

/**
 * A call as stretches of one rate. Each increment is priced whole by the moment it starts: by the window that holds at that instant, and
 * by the tier that the billable seconds before it have reached. Increments that cost the same go together.
 */
export function callParts(interval: PricedInterval): CallPart[] | RateGap {
  const { lists, windows, initialSeconds, stepSeconds, billableSeconds, startMs } = interval;
  const stretch = scratchStretch;
  stretch.window = -1;
  stretch.untilMs = Infinity;
  const parts: CallPart[] = [];
  let from = 0;
  while (from < billableSeconds) {
    const atMs = startMs + from * 1000;
    windows?.calendar.at(atMs, stretch);
    const own = stretch.window < 0 ? null : (lists.byWindow[stretch.window] ?? null);
    const list = own ?? lists.base;
    if (list === null) return { gapMs: atMs };
    let seconds = initialSeconds;
    let ratePerMinute = list.initialRatePerMinute;
    if (from > 0 || initialSeconds === 0) {
      const { tiers } = list;
      let tier = tiers.length - 1;
      while (tiers[tier]!.fromSeconds > from) tier -= 1;
      const next = tiers[tier + 1];
      const steps = Math.min(
        (billableSeconds - from) / stepSeconds,
        next === undefined ? Infinity : Math.ceil((next.fromSeconds - from) / stepSeconds),
        Math.ceil((stretch.untilMs - atMs) / (stepSeconds * 1000)),
      );
      seconds = steps * stepSeconds;
      ratePerMinute = tiers[tier]!.ratePerMinute;
    }
    const window = own === null ? '' : windows!.windows[stretch.window]!.id;
    const last = parts.at(-1);
    if (last !== undefined && last.ratePerMinute === ratePerMinute && last.window === window) {
      parts[parts.length - 1] = { ...last, seconds: last.seconds + seconds };
    } else parts.push({ fromSeconds: from, seconds, ratePerMinute, window });
    from += seconds;
  }
  assert(from === billableSeconds, 'the parts of a call are its billable seconds');
  return parts;
}

/** Included seconds are the first of the call: what is charged is the rest. */
export function chargedParts(parts: readonly CallPart[], includedSeconds: number): readonly CallPart[] {
  if (includedSeconds === 0) return parts;
  const charged: CallPart[] = [];
  for (const { fromSeconds, seconds, ratePerMinute, window } of parts) {
    const included = Math.min(Math.max(0, includedSeconds - fromSeconds), seconds);
    if (included === seconds) continue;
    charged.push({ fromSeconds: fromSeconds + included, seconds: seconds - included, ratePerMinute, window });
  }
  return charged;
}
