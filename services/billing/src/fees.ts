/** Regulatory fees by the dated tables of the catalog. What a table does not say is asked for by name, never guessed. */
import type { Account, BillingTerms, DatedRate, FeeDefinition } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { currencyOf, formatScaled, roundDivBig } from '@tollstream/money';
import { sumOf, priceText } from './draft-line.ts';
import type { DraftLine } from './draft-line.ts';
import { factorMissing, feeRateMissing } from './errors.ts';
import { HUNDRED_PERCENT, holds, percentOf, percentOfPart, percentText, place } from './dated.ts';
import { exemptionFrom } from './exemptions.ts';
import type { InvoiceFee } from './invoice.ts';
import type { InvoiceUsageRow } from './invoice-usage.ts';

export interface PricedFee {
  readonly fee: InvoiceFee;
  readonly minor: bigint;
}

interface FeeInput {
  readonly account: Account;
  readonly terms: BillingTerms;
  readonly issueDate: string;
  readonly lines: readonly DraftLine[];
  readonly usage: readonly InvoiceUsageRow[];
}

export function feesOf(input: FeeInput): PricedFee[] {
  const { account, terms } = input;
  const country = account.billing?.country ?? '';
  return terms.fees
    .filter(({ countries }) => countries.includes(country))
    .map((fee) => {
      const priced = priceFee(fee, input);
      const exemption = exemptionFrom(account, fee.id, input.issueDate, { named: true });
      return exemption === null ? priced : exempted(priced, exemption.certificate, account.currency);
    });
}

function priceFee(fee: FeeDefinition, input: FeeInput): PricedFee {
  switch (fee.kind) {
    case 'percent':
      return percentFee(fee, input);
    case 'per_unit':
      return unitFee(fee, input);
    case 'contribution':
      return contribution(fee, input);
  }
}

function percentFee(fee: FeeDefinition, input: FeeInput): PricedFee {
  const rate = feeRateOf(fee, input);
  const base = baseOf(fee, input.lines);
  const minor = percentOf(base, BigInt(rate.percent));
  return priced(fee, input.account, minor, {
    base: formatScaled(base, currencyOf(input.account.currency).minorDigits),
    percent: percentText(rate.percent),
    source: rate.source,
  });
}

function unitFee(fee: FeeDefinition, input: FeeInput): PricedFee {
  const { account, issueDate } = input;
  const rate = feeRateOf(fee, input);
  const units = fee.per === 'did' ? account.numbers : account.devices;
  const count = units.filter(
    ({ service }) =>
      service === undefined || (service.from <= issueDate && (service.to === '' || service.to >= issueDate)),
  ).length;
  const { minorDigits } = currencyOf(account.currency);
  const scale = 10n ** BigInt(CHARGE_SCALE - minorDigits);
  const minor = roundDivBig(BigInt(rate.amount) * BigInt(count), scale, 'half_up');
  return priced(fee, account, minor, {
    base: String(count),
    unit_price: priceText(rate.amount, minorDigits),
    source: rate.source,
  });
}

/** The quarter's factor on what is interstate and international of the base. */
function contribution(fee: FeeDefinition, input: FeeInput): PricedFee {
  const { account, terms, issueDate } = input;
  const quarter = quarterOf(issueDate);
  const factor = terms.contributionFactors.get(quarter);
  if (factor === undefined) throw factorMissing(fee.name, quarter);
  const whole = baseOf(fee, input.lines);
  const actual = fee.share === 'actual' ? actualShare(input.usage) : null;
  const [part, of] = actual ?? [BigInt(fee.safeHarbourPercent), HUNDRED_PERCENT];
  const minor = percentOfPart(whole, { part, of }, BigInt(factor.percent));
  const { minorDigits } = currencyOf(account.currency);
  return priced(fee, account, minor, {
    base: formatScaled(whole, minorDigits),
    share_percent: percentText(Number(roundDivBig(part * HUNDRED_PERCENT, of, 'down'))),
    share_source: actual === null ? 'safe_harbour' : 'actual',
    share_seconds: actual === null ? null : { part: String(part), of: String(of) },
    percent: percentText(factor.percent),
    quarter,
    source: factor.source,
  });
}

/** By billable seconds of calls whose jurisdiction is known; null when there are none, and then the safe harbour holds. */
function actualShare(usage: readonly InvoiceUsageRow[]): [bigint, bigint] | null {
  let crossing = 0n;
  let all = 0n;
  for (const { jurisdiction, billableSeconds } of usage) {
    if (jurisdiction === '' || jurisdiction === 'indeterminate') continue;
    all += billableSeconds;
    if (jurisdiction !== 'intrastate') crossing += billableSeconds;
  }
  return all === 0n ? null : [crossing, all];
}

/** Credits beyond what was sold make no negative fee. */
function baseOf(fee: FeeDefinition, lines: readonly DraftLine[]): bigint {
  const base = sumOf(lines, fee.base);
  return base < 0n ? 0n : base;
}

/** The row of the account's state, or else that of its country, on the day of issue. */
function feeRateOf(fee: FeeDefinition, { account, terms, issueDate }: FeeInput): DatedRate {
  const { country = '', state = '' } = account.billing ?? {};
  const own = terms.feeRates.filter((rate) => rate.id === fee.id && rate.country === country);
  const ofState = own.filter((rate) => rate.state === state && state !== '');
  const rate = (ofState.length > 0 ? ofState : own.filter((row) => row.state === '')).find((row) =>
    holds(row, issueDate),
  );
  if (rate === undefined) throw feeRateMissing(fee.name, place(country, state), issueDate);
  return rate;
}

function quarterOf(day: string): string {
  return `${day.slice(0, 4)}Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;
}

function priced(
  { id, name, kind }: FeeDefinition,
  { currency }: Account,
  minor: bigint,
  detail: Partial<InvoiceFee> & { readonly base: string; readonly source: string },
): PricedFee {
  return {
    minor,
    fee: {
      id,
      name,
      kind,
      base: detail.base,
      share_percent: detail.share_percent ?? null,
      share_source: detail.share_source ?? null,
      share_seconds: detail.share_seconds ?? null,
      percent: detail.percent ?? null,
      unit_price: detail.unit_price ?? null,
      quarter: detail.quarter ?? null,
      amount: formatScaled(minor, currencyOf(currency).minorDigits),
      exemption: null,
      source: detail.source,
    },
  };
}

function exempted({ fee }: PricedFee, certificate: string, currency: string): PricedFee {
  const amount = formatScaled(0n, currencyOf(currency).minorDigits);
  return { minor: 0n, fee: { ...fee, amount, exemption: certificate } };
}
