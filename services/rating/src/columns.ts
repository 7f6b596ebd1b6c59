/** How rows of blocks become calls, and outcomes become columns. */
import {
  CALL_COLUMNS,
  CALL_TYPES,
  CHARGE_ROUNDINGS,
  DISPOSITIONS,
  DURATION_ROUNDINGS,
  RATE_TYPES,
  SUSPENDED_COLUMNS,
  SUSPEND_CODES,
} from '@tollstream/contracts';
import type { BuildersOf, NativeBlock, PRICE_COLUMNS } from '@tollstream/contracts';
import { priceDetailOf } from '@tollstream/rating-engine';
import type { Priced, RatedAccount, Unpriceable } from '@tollstream/rating-engine';

/** What suspense adds to the columns of a call. */
export const SUSPENSE_COLUMNS = SUSPENDED_COLUMNS.slice(CALL_COLUMNS.length) as unknown as readonly [
  readonly ['code', `Enum8(${string})`],
  readonly ['detail', 'String'],
  readonly ['catalog_version', 'UInt32'],
];

/** Enum8 members count from 1 in the order of their set. */
function membersOf<T extends string>(values: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(values.map((value, i) => [value, i + 1])) as Record<T, number>;
}

export const ANSWERED = membersOf(DISPOSITIONS).answered;
const CALL_TYPE = membersOf(CALL_TYPES);
const RATE_TYPE = membersOf(RATE_TYPES);
const DURATION_ROUNDING = membersOf(DURATION_ROUNDINGS);
const CHARGE_ROUNDING = membersOf(CHARGE_ROUNDINGS);
const SUSPEND_CODE = membersOf(SUSPEND_CODES);

/**
 * Identities of a block's calls, four 32-bit words each. The parts of one call share its hash; each part counts as a record of its own
 * by its sequence.
 */
export function callIdentities(block: NativeBlock): Uint32Array {
  const bytes = block.column('call_hash').data();
  const words = new Uint32Array(block.rows * 4);
  new Uint8Array(words.buffer).set(bytes);
  const sequences = block.column('partial_sequence').uint32s();
  for (let row = 0; row < sequences.length; row++) {
    const sequence = sequences[row]!;
    if (sequence !== 0) words[row * 4]! ^= Math.imul(sequence, 0x9e3779b1);
  }
  return words;
}

export function pushPrice(
  columns: BuildersOf<typeof PRICE_COLUMNS>,
  priced: Priced,
  { account, plan }: RatedAccount,
  catalogVersion: number,
): void {
  const { tariff, rate } = priced;
  columns.billing_month.push(priced.billingMonth);
  columns.catalog_version.push(catalogVersion);
  columns.plan.push(plan.plan.id);
  columns.plan_is_default.push(account.isDefault ? 1 : 0);
  columns.call_type.push(CALL_TYPE[priced.callType]);
  columns.rate_type.push(RATE_TYPE[priced.rateType]);
  columns.country.push(priced.country);
  columns.tariff.push(tariff === null ? '' : tariff.id);
  columns.prefix.push(priced.prefix);
  columns.duration_ms.push(priced.durationMs);
  columns.initial_seconds.push(rate === null ? 0 : rate.initialSeconds);
  columns.step_seconds.push(rate === null ? 0 : rate.stepSeconds);
  // Without a tariff nothing was rounded; the columns still need a member of their sets.
  columns.duration_rounding.push(rate === null ? 1 : DURATION_ROUNDING[rate.durationRounding]);
  columns.charge_rounding.push(tariff === null ? 1 : CHARGE_ROUNDING[tariff.chargeRounding]);
  columns.billable_seconds.push(priced.billableSeconds);
  columns.included_seconds.push(priced.includedSeconds);
  columns.charged_seconds.push(priced.chargedSeconds);
  columns.pool.push(priced.pool === null ? '' : priced.pool.id);
  columns.rate_per_minute.push(rate === null ? 0 : rate.ratePerMinute);
  columns.connect_fee.push(rate === null ? 0 : rate.connectFee);
  columns.charge.push(priced.charge);
  columns.currency.push(priced.currency);
  columns.revision.push(0);
  columns.price_detail.push(priceDetailOf(priced));
}

export function pushSuspense(
  columns: BuildersOf<typeof SUSPENSE_COLUMNS>,
  { code, detail }: Pick<Unpriceable, 'code' | 'detail'>,
  catalogVersion: number,
): void {
  columns.code.push(SUSPEND_CODE[code]);
  columns.detail.push(detail);
  columns.catalog_version.push(catalogVersion);
}
