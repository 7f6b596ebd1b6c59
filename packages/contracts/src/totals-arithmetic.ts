import { ContractError } from './errors.ts';
import type { RunningTotals } from './totals.ts';

/** What an offset's metadata may hold on every log. */
export const TOTALS_BYTES_MAX = 4000;

const COUNTS = ['seen', 'accepted', 'rejected', 'rated', 'suspended', 'duplicate'] as const;
/** Later than the others: what was committed before them lacks them. */
const LATER_COUNTS = ['replayed', 'discarded', 'kept', 'assembled', 'alerts'] as const;

export const ZERO_TOTALS: RunningTotals = Object.freeze({
  seen: 0,
  accepted: 0,
  rejected: 0,
  rated: 0,
  suspended: 0,
  duplicate: 0,
  replayed: 0,
  discarded: 0,
  kept: 0,
  assembled: 0,
  alerts: 0,
  charge: Object.freeze({}),
});

/** Sum of two totals; what `increment` leaves out counts as zero. */
export function addTotals(totals: RunningTotals, increment: Partial<RunningTotals>): RunningTotals {
  const charge: Record<string, string> = { ...totals.charge };
  for (const [currency, amount] of Object.entries(increment.charge ?? {})) {
    charge[currency] = (BigInt(charge[currency] ?? '0') + BigInt(amount)).toString();
  }
  return {
    seen: totals.seen + (increment.seen ?? 0),
    accepted: totals.accepted + (increment.accepted ?? 0),
    rejected: totals.rejected + (increment.rejected ?? 0),
    rated: totals.rated + (increment.rated ?? 0),
    suspended: totals.suspended + (increment.suspended ?? 0),
    duplicate: totals.duplicate + (increment.duplicate ?? 0),
    replayed: totals.replayed + (increment.replayed ?? 0),
    discarded: totals.discarded + (increment.discarded ?? 0),
    kept: totals.kept + (increment.kept ?? 0),
    assembled: totals.assembled + (increment.assembled ?? 0),
    alerts: totals.alerts + (increment.alerts ?? 0),
    charge,
  };
}

/**
 * Every record seen, and every suspended call taken up again, had exactly one outcome of its stage.
 * @throws ContractError TOLL_TOTALS_INVALID
 */
export function assertTotals(totals: RunningTotals): void {
  for (const count of [...COUNTS, ...LATER_COUNTS]) {
    if (!Number.isSafeInteger(totals[count]) || totals[count] < 0) {
      throw new ContractError('TOLL_TOTALS_INVALID', `Running total ${count} is ${totals[count]}, no count.`);
    }
  }
  const { seen, accepted, rejected, rated, suspended, duplicate, replayed, discarded, kept, assembled } =
    totals;
  const outcomes = accepted + rejected + rated + suspended + duplicate + discarded + kept + assembled;
  if (seen + replayed !== outcomes) {
    throw new ContractError(
      'TOLL_TOTALS_INVALID',
      `${seen} records were seen${replayed === 0 ? '' : ` and ${replayed} taken up again`}, but ${outcomes} have an outcome.`,
    );
  }
}

/**
 * Totals as JSON, for the metadata of a committed offset.
 * @throws ContractError TOLL_TOTALS_INVALID when they do not add up or exceed TOTALS_BYTES_MAX
 */
export function serialiseTotals(totals: RunningTotals): string {
  assertTotals(totals);
  const text = JSON.stringify(totals);
  if (Buffer.byteLength(text) > TOTALS_BYTES_MAX) {
    throw new ContractError(
      'TOLL_TOTALS_INVALID',
      `Running totals take more than ${TOTALS_BYTES_MAX} bytes.`,
    );
  }
  return text;
}

/**
 * Reads what `serialiseTotals` wrote; empty text (never committed with totals) is zero.
 * @throws ContractError TOLL_TOTALS_INVALID
 */
export function parseTotals(text: string): RunningTotals {
  if (text === '') return ZERO_TOTALS;
  let parsed: Partial<Record<string, unknown>>;
  try {
    parsed = JSON.parse(text) as Partial<Record<string, unknown>>;
  } catch (cause) {
    throw new ContractError('TOLL_TOTALS_INVALID', 'The metadata of the committed offset is not JSON.', {
      cause,
    });
  }
  const charge = parsed.charge;
  if (typeof charge !== 'object' || charge === null || !Object.values(charge).every(isWholeNumberText)) {
    throw new ContractError(
      'TOLL_TOTALS_INVALID',
      'The metadata of the committed offset has no readable charge sums.',
    );
  }
  const counts = Object.fromEntries([
    ...COUNTS.map((count) => [count, parsed[count]]),
    ...LATER_COUNTS.map((count) => [count, parsed[count] ?? 0]),
  ]) as Record<(typeof COUNTS | typeof LATER_COUNTS)[number], number>;
  const totals: RunningTotals = { ...counts, charge: charge as Record<string, string> };
  assertTotals(totals);
  return totals;
}

function isWholeNumberText(value: unknown): boolean {
  return typeof value === 'string' && /^-?\d+$/.test(value);
}
