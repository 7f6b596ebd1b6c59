import type { RatingState } from '../state.ts';

/** All that a state remembers, in an order of its own: two states that hold the same are equal, however they came to be. */
export function contentOf(state: RatingState): unknown {
  const { window, allowances, parts, spend, totals } = state;
  const copy = window.copy();
  const identities: string[] = [];
  for (let piece = copy.next(1_000_000); piece !== null; piece = copy.next(1_000_000))
    for (let at = 0; at < piece.length; at += 6) identities.push(piece.subarray(at, at + 6).join(' '));
  return {
    identities: identities.sort(),
    size: window.size,
    spanMs: window.spanMs,
    bounds: window.bounds,
    allowances: Array.from(allowances.entries(), (entry) => JSON.stringify(entry)).sort(),
    parts: parts
      .all(window)
      .map((part) => JSON.stringify(part))
      .sort(),
    spend: Array.from(spend.counters(), ({ account, limit, form, since, isWhole, latestMs, windows }) =>
      JSON.stringify([
        account,
        limit,
        form,
        since,
        isWhole,
        String(latestMs),
        windows
          .map(({ startMs, endMs, sum, alerted }) =>
            [startMs, endMs, String(sum), ...alerted.toSorted()].join(' '),
          )
          .sort(),
      ]),
    ).sort(),
    totals,
  };
}
