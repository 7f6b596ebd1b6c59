import type { Priced, Unpriceable } from '../price-call.ts';
import { priceDetailOf } from '../stored-price.ts';
import type { StoredPrice } from '../stored-price.ts';

/** What a rated row keeps of a price. */
export function storedPriceOf(outcome: Priced | Unpriceable): StoredPrice {
  if (outcome.kind === 'unpriceable') throw new Error(`not priced: ${outcome.code}`);
  const { rate, tariff } = outcome;
  return {
    rateType: outcome.rateType,
    durationMs: outcome.durationMs,
    initialSeconds: rate?.initialSeconds ?? 0,
    stepSeconds: rate?.stepSeconds ?? 0,
    durationRounding: rate?.durationRounding ?? 'up',
    chargeRounding: tariff?.chargeRounding ?? 'half_up',
    billableSeconds: outcome.billableSeconds,
    includedSeconds: outcome.includedSeconds,
    chargedSeconds: outcome.chargedSeconds,
    ratePerMinute: rate?.ratePerMinute ?? 0,
    connectFee: rate?.connectFee ?? 0,
    priceDetail: priceDetailOf(outcome),
  };
}
