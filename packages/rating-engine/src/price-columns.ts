/** A price as the columns of a rated row. */
import {
  CALL_TYPES,
  CHARGE_ROUNDINGS,
  DURATION_ROUNDINGS,
  JURISDICTIONS,
  RATE_TYPES,
} from '@tollstream/contracts';
import type { BuildersOf, PRICE_COLUMNS } from '@tollstream/contracts';
import type { Priced } from './price-call.ts';
import type { RatedAccount } from './rate-table.ts';
import { priceDetailOf } from './stored-price.ts';

/** Enum8 members count from 1 in the order of their set. */
function membersOf<T extends string>(values: readonly T[]): Readonly<Record<T, number>> {
  return Object.fromEntries(values.map((value, i) => [value, i + 1])) as Record<T, number>;
}

const CALL_TYPE = membersOf(CALL_TYPES);
const JURISDICTION = membersOf(JURISDICTIONS);
const RATE_TYPE = membersOf(RATE_TYPES);
const DURATION_ROUNDING = membersOf(DURATION_ROUNDINGS);
const CHARGE_ROUNDING = membersOf(CHARGE_ROUNDINGS);

/** One more row of price columns. */
export function pushPrice(
  columns: BuildersOf<typeof PRICE_COLUMNS>,
  priced: Priced,
  { account, plan }: RatedAccount,
  { catalogVersion, revision }: { readonly catalogVersion: number; readonly revision: number },
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
  columns.revision.push(revision);
  columns.price_detail.push(priceDetailOf(priced));
  columns.jurisdiction.push(JURISDICTION[priced.jurisdiction]);
}
