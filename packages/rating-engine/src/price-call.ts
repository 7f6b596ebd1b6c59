import { emptyTerms } from '@tollstream/catalog';
import type { JurisdictionRates, Pool, Rate, RateTerms, Tariff } from '@tollstream/catalog';
import type { CallType, Jurisdiction, RateType, SuspendCode } from '@tollstream/contracts';
import type { Allowance } from './allowance.ts';
import { assert } from './assert.ts';
import type { RatingCall } from './call.ts';
import { CHARGE_OVERFLOW, chargeOf, chargedSecondsOf, chargeOfParts } from './charge.ts';
import { callParts, chargedParts } from './charged-parts.ts';
import type { CallPart } from './charged-parts.ts';
import { classifyCall, describeCall, noFacts } from './classification.ts';
import type { CallFacts } from './classification.ts';
import { billableSeconds } from './increments.ts';
import { jurisdictionOf, originEnd } from './jurisdiction.ts';
import { askPools, takeMoney, takeSeconds } from './pools.ts';
import type { PoolTake } from './pools.ts';
import { billedDurationMs, withinLimits } from './special-charge.ts';
import { ruleOwners } from './own-rules.ts';
import type { RuleOwner } from './own-rules.ts';
import type { CompiledRule, RatedAccount } from './rate-table.ts';

/** A priced call: everything that proves its price. Amounts scaled by `CHARGE_SCALE`. */
export interface Priced {
  readonly kind: 'priced';
  readonly callType: CallType;
  readonly rateType: RateType;
  /** yyyymm in the account's zone, of the answer time; of the start when nobody answered. */
  readonly billingMonth: number;
  /** ISO 3166 alpha-2 of the far end, '' when it has none. */
  readonly country: string;
  readonly jurisdiction: Jurisdiction;
  /** Null when no tariff was needed: free, unanswered, before the billing start. */
  readonly tariff: Tariff | null;
  readonly rate: Rate | null;
  /** Digits of the matched prefix; 0 = none. */
  readonly prefix: number;
  readonly durationMs: number;
  /** Always `includedSeconds + chargedSeconds`. */
  readonly billableSeconds: number;
  readonly includedSeconds: number;
  readonly chargedSeconds: number;
  /** What was charged at which rate, where more than the row's rates decide; otherwise null. */
  readonly parts: readonly CallPart[] | null;
  /** The first pool that gave something, else the first that was asked. */
  readonly pool: Pool | null;
  /** Every pool that was asked, where it was not just one of minutes; otherwise null, and `includedSeconds` are those of `pool`. */
  readonly takes: readonly PoolTake[] | null;
  /** What pools in money left of it. */
  readonly charge: number;
  readonly currency: string;
}

export interface Unpriceable {
  readonly kind: 'unpriceable';
  readonly code: SuspendCode;
  /** What a person needs to mend it. */
  readonly detail: string;
}

/** `billable_seconds` is stored in 32 bits. */
const BILLABLE_SECONDS_MAX = 2 ** 32 - 1;

// Filled anew by every call; nothing is read from them across calls.
const scratchFacts: CallFacts = noFacts();
const scratchTerms: RateTerms = emptyTerms();

/**
 * Prices one leg.
 * @param call      normalised call; times in ms since epoch, UTC
 * @param account   the paying account, from the rate table of one catalog version
 * @param allowance pool counters of the account; not modified
 * @returns the priced call with the pool seconds it used, or why it cannot be priced
 */
export function priceCall(
  call: RatingCall,
  account: RatedAccount,
  allowance: Allowance,
): Priced | Unpriceable {
  if (call.partialSequence !== 0) {
    return unpriceable(
      'partial_incomplete',
      `Part ${call.partialSequence} of a call that has not been put together.`,
    );
  }
  if (account.account.status === 'closed') {
    return unpriceable('account_inactive', `Account ${account.account.id} is closed.`);
  }
  const facts = describeCall(call, account, scratchFacts);
  const callType = classifyCall(facts)?.callType ?? null;
  if (call.answeredAt === 0) {
    const attempt =
      callType === null || isOtherSide(callType, call) ? null : priceAttempt(callType, call, account, facts);
    if (attempt !== null) return attempt;
    // What was dialled in vain costs nothing, whatever it was; a destination that is no number counts as a service code.
    return atNoCharge('unanswered', callType ?? 'service_code', call, account, facts.country);
  }
  if (callType === null) {
    return unpriceable(
      'number_invalid',
      `'${call.destinationText}' (${facts.destinationKind}) is no number that can be called.`,
    );
  }
  if (call.answeredAt < account.account.billingStart) {
    return atNoCharge('before_billing_start', callType, call, account, facts.country);
  }
  // The switch reports an internal call once for each side. The side that placed it is the one that is priced, whichever record
  // comes first and whether or not both come.
  if (isOtherSide(callType, call)) return atNoCharge('free', callType, call, account, facts.country);
  const rule = ruleFor(callType, call, account);
  switch (rule.kind) {
    case 'free':
      return atNoCharge('free', callType, call, account, facts.country);
    case 'blocked':
      return unpriceable(
        'destination_blocked',
        `${ownerText(ruleOwnerOf(callType, call, account), account)} blocks ${callType} calls.`,
      );
    case 'tariff':
      return priceByTariff(callType, rule, call, account, allowance, facts);
  }
}

/** Whether the record is the terminating side's of an internal call. */
export function isOtherSide(callType: CallType, { direction }: Pick<RatingCall, 'direction'>): boolean {
  return callType === 'internal' && direction === 'inbound';
}

type TariffRule = Extract<CompiledRule, { kind: 'tariff' }>;

const FREE: CompiledRule = { kind: 'free' };

/** Whose rule it is, for people. */
export function ownerText(owner: RuleOwner | null, { plan }: RatedAccount): string {
  if (owner === null) return `Plan ${plan.plan.id}`;
  const kinds = { device: 'Device', number: 'Number', billing_group: 'Billing group', account: 'Account' };
  return `${kinds[owner.kind]} ${owner.id}`;
}

/** The owner of the rule for a call type; null = the plan. */
export function ruleOwnerOf(
  callType: CallType,
  call: RatingCall,
  { ownRules }: RatedAccount,
): RuleOwner | null {
  if (ownRules === null || callType === 'emergency') return null;
  return ruleOwners(ownRules, call).find(({ rules }) => rules[callType] !== undefined) ?? null;
}

/** The closest rule for a call type, with two that nobody can change. */
export function ruleFor(callType: CallType, call: RatingCall, account: RatedAccount): CompiledRule {
  const { plan } = account;
  const rule = ruleOwnerOf(callType, call, account)?.rules[callType] ?? plan.rules[callType];
  // Emergency calls are never billed, nor held back by a rule.
  if (callType === 'emergency') return FREE;
  // A pooled internal tariff only counts where the plan says that extensions use the allowance.
  if (
    callType === 'internal' &&
    rule.kind === 'tariff' &&
    (rule.pool !== null || rule.pools !== null) &&
    !plan.plan.internalUsesAllowance
  ) {
    return FREE;
  }
  return rule;
}

/**
 * The number whose prefix is rated: the one called; for a call to an extension the account's main number, where
 * the extension stands. 0 = none.
 */
function ratedNumber(callType: CallType, call: RatingCall, account: RatedAccount, facts: CallFacts): number {
  switch (callType) {
    case 'service_code':
      return /^\d{1,15}$/.test(call.destinationText) ? Number(call.destinationText) : 0;
    case 'toll_free_inbound':
      return facts.tollFreeNumber;
    default:
      return call.destinationNumber > 0 ? call.destinationNumber : account.numbers.main;
  }
}

/** The number that a tariff rates: that of `ratedNumber`, or the routing number that a ported one has. */
export function numberIn(
  tariff: Tariff,
  callType: CallType,
  call: RatingCall,
  account: RatedAccount,
  facts: CallFacts,
): number {
  const number = ratedNumber(callType, call, account, facts);
  const isPorted = tariff.byRoutingNumber && call.routingNumber > 0 && number === call.destinationNumber;
  return isPorted ? call.routingNumber : number;
}

/** The row of a tariff that prices a call to a number; -1 = none. Who calls is only looked at where a row asks for it. */
export function rowFor(
  { index, originIndex }: Tariff,
  number: number,
  call: RatingCall,
  account: RatedAccount,
  atMs: number,
): number {
  if (number <= 0) return -1;
  return originIndex === null
    ? index.find(number, atMs)
    : originIndex.find(number, originEnd(call, account), atMs);
}

function rateIn(jurisdiction: Jurisdiction, rates: JurisdictionRates): number | null {
  return jurisdiction === '' || jurisdiction === 'international' ? rates.other : rates[jurisdiction];
}

function priceByTariff(
  callType: CallType,
  rule: TariffRule,
  call: RatingCall,
  account: RatedAccount,
  allowance: Allowance,
  facts: CallFacts,
): Priced | Unpriceable {
  const { tariff: compiled } = rule;
  const { tariff } = compiled;
  const { country } = facts;
  const number = numberIn(tariff, callType, call, account, facts);
  const index = rowFor(tariff, number, call, account, call.answeredAt);
  const terms = index < 0 ? null : tariff.rates.readTerms(index, scratchTerms);
  // A short code is rated by a row of its own: '411' must not meet the prefix of a country.
  if (terms === null || (callType === 'service_code' && terms.prefix !== number)) {
    return rateMissing(callType, number, tariff, call, facts);
  }
  if (terms.blocked) {
    return unpriceable('destination_blocked', `Tariff ${tariff.id} blocks prefix ${terms.prefix}.`);
  }
  const { special } = terms;
  const jurisdiction = jurisdictionOf(callType, call, account, country);
  if (special !== null && special.jurisdictionRates !== null) {
    const perMinute = rateIn(jurisdiction, special.jurisdictionRates);
    if (perMinute === null) return jurisdictionGap(tariff, terms.prefix, jurisdiction);
    terms.initialRatePerMinute = perMinute;
    terms.ratePerMinute = perMinute;
  }
  const rate = tariff.rates.withTerms(index, terms);
  const durationMs = durationOf(call);
  const billable = billableSeconds(billedDurationMs(durationMs, special, account.plan.plan), terms);
  if (billable > BILLABLE_SECONDS_MAX) {
    return unpriceable('amount_overflow', `${billable} billable seconds do not fit the record.`);
  }
  const billingMonth = account.months.of(call.answeredAt);
  let included = 0;
  let takes: readonly PoolTake[] | null = null;
  let { pool } = rule;
  if (rule.pools !== null) {
    takes = askPools({
      pools: rule.pools,
      holdings: account.holdings!,
      allowance,
      call,
      destination: { callType, country, number },
      tollFreeNumber: facts.tollFreeNumber,
      billingMonth,
    });
    included = takeSeconds(takes, billable);
  } else if (pool !== null) {
    const left = pool.perMonth - allowance.usedSeconds(pool, call.device, billingMonth);
    included = left <= 0 ? 0 : left < billable ? left : billable;
  }
  const charged = billable - included;
  let parts: readonly CallPart[] | null = null;
  if (special !== null && special.priceLists !== null) {
    const { initialSeconds, stepSeconds } = terms;
    const startMs = call.answeredAt + special.freeSeconds * 1000;
    const { windows } = compiled;
    const lists = special.priceLists;
    const whole = callParts({
      lists,
      windows,
      initialSeconds,
      stepSeconds,
      billableSeconds: billable,
      startMs,
    });
    if ('gapMs' in whole) return rateGap(tariff, terms.prefix, whole.gapMs);
    parts = chargedParts(whole, included);
  }
  const metered =
    parts === null
      ? chargeOf(terms, chargedSecondsOf(terms, included, billable), tariff.chargeRounding)
      : chargeOfParts(terms.connectFee, parts, tariff.chargeRounding);
  const limited = special === null || charged === 0 ? metered : withinLimits(metered, special);
  if (limited === CHARGE_OVERFLOW) {
    return unpriceable(
      'amount_overflow',
      `${charged} s at tariff ${tariff.id}, prefix ${terms.prefix}, exceed the largest amount.`,
    );
  }
  let charge = limited;
  if (takes !== null) {
    charge -= takeMoney(takes, limited);
    pool = (takes.find(({ took }) => took > 0) ?? takes[0])?.pool ?? null;
  }
  const gave = included > 0 || charge < limited;
  const isPaid = charged === 0 || (charge === 0 && limited > 0);
  assert(
    included >= 0 && charged >= 0 && included + charged === billable,
    'included + charged = billable seconds',
  );
  assert(charge >= 0 && (charged > 0 || charge === 0), 'nothing is charged without charged seconds');
  return {
    kind: 'priced',
    callType,
    rateType: pool === null ? 'metered' : isPaid ? 'included' : gave ? 'split' : 'overage',
    billingMonth,
    country,
    jurisdiction,
    tariff,
    rate,
    prefix: terms.prefix,
    durationMs,
    billableSeconds: billable,
    includedSeconds: included,
    chargedSeconds: charged,
    parts,
    pool,
    takes,
    charge,
    currency: tariff.currency,
  };
}

/** The fee of a call that nobody answered; null where there is none. What has no rate, or is blocked, was not carried. */
function priceAttempt(
  callType: CallType,
  call: RatingCall,
  account: RatedAccount,
  facts: CallFacts,
): Priced | null {
  const rule = ruleFor(callType, call, account);
  if (rule.kind !== 'tariff' || !rule.tariff.hasAttemptFees) return null;
  if (call.startedAt < account.account.billingStart) return null;
  const { tariff } = rule.tariff;
  const number = numberIn(tariff, callType, call, account, facts);
  const index = rowFor(tariff, number, call, account, call.startedAt);
  if (index < 0) return null;
  const rate = tariff.rates.at(index);
  if (rate.blocked || rate.special === null || rate.special.attemptFee === 0) return null;
  if (callType === 'service_code' && rate.prefix !== String(number)) return null;
  return {
    ...atNoCharge('unanswered', callType, call, account, facts.country),
    tariff,
    rate,
    prefix: Number(rate.prefix),
    charge: rate.special.attemptFee,
    currency: tariff.currency,
  };
}

function jurisdictionGap(tariff: Tariff, prefix: number, jurisdiction: Jurisdiction): Unpriceable {
  const kind = jurisdiction === '' ? 'calls without a jurisdiction' : `${jurisdiction} calls`;
  return unpriceable(
    'rate_missing',
    `Tariff ${tariff.id} has no rate for ${kind} to prefix ${prefix}: its row only has rates by jurisdiction.`,
  );
}

function rateGap(tariff: Tariff, prefix: number, gapMs: number): Unpriceable {
  const at = new Date(gapMs).toISOString();
  return unpriceable(
    'rate_missing',
    `Tariff ${tariff.id} has no rate for prefix ${prefix} at ${at}: no window holds.`,
  );
}

function rateMissing(
  callType: CallType,
  number: number,
  tariff: Tariff,
  call: RatingCall,
  { country }: CallFacts,
): Unpriceable {
  const isUnknown = callType === 'international' && country === '';
  return unpriceable(
    isUnknown ? 'destination_unknown' : 'rate_missing',
    number > 0
      ? `Tariff ${tariff.id} has no rate for ${number} at ${new Date(call.answeredAt).toISOString()}.`
      : `Tariff ${tariff.id} rates ${callType} calls by number, and '${call.destinationText}' is none.`,
  );
}

function atNoCharge(
  rateType: 'unanswered' | 'before_billing_start' | 'free',
  callType: CallType,
  call: RatingCall,
  account: RatedAccount,
  country: string,
): Priced {
  const isAnswered = call.answeredAt !== 0;
  return {
    kind: 'priced',
    callType,
    rateType,
    billingMonth: account.months.of(isAnswered ? call.answeredAt : call.startedAt),
    country,
    jurisdiction: jurisdictionOf(callType, call, account, country),
    tariff: null,
    rate: null,
    prefix: 0,
    durationMs: isAnswered ? durationOf(call) : 0,
    billableSeconds: 0,
    includedSeconds: 0,
    chargedSeconds: 0,
    parts: null,
    pool: null,
    takes: null,
    charge: 0,
    currency: account.account.currency,
  };
}

function durationOf(call: RatingCall): number {
  const durationMs = call.endedAt - call.answeredAt;
  assert(durationMs >= 0, 'a call ends at or after its answer');
  return durationMs;
}

function unpriceable(code: SuspendCode, detail: string): Unpriceable {
  return { kind: 'unpriceable', code, detail };
}
