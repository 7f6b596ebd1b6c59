import { describeOrigin, isCallerOf } from '@tollstream/catalog';
import type { JurisdictionRates, Pool, Rate, Tariff } from '@tollstream/catalog';
import type { CallType, Jurisdiction } from '@tollstream/contracts';
import { CHARGE_SCALE, RATE_SCALE } from '@tollstream/contracts';
import { formatScaled, roundDivBig } from '@tollstream/money';
import { stateName } from '@tollstream/numbering';
import type { Allowance } from './allowance.ts';
import { assert } from './assert.ts';
import type { RatingCall } from './call.ts';
import { chargedSecondsOf, chargeUnits, unitsOfParts, UNITS_PER_CHARGE } from './charge.ts';
import type { ChargedSeconds, RatedSeconds } from './charge.ts';
import type { CallPart } from './charged-parts.ts';
import { CLASSIFICATION_RULES, classifyCall, describeCall, noFacts } from './classification.ts';
import type { CallFacts } from './classification.ts';
import { destinationEnd, jurisdictionOf, originEnd } from './jurisdiction.ts';
import { poolAmount } from './pools.ts';
import type { PoolTake } from './pools.ts';
import { isOtherSide, numberIn, ownerText, priceCall, rowFor, ruleFor, ruleOwnerOf } from './price-call.ts';
import type { Priced, Unpriceable } from './price-call.ts';
import { ruleOwners } from './own-rules.ts';
import type { CompiledRule, RatedAccount } from './rate-table.ts';
import { priceDetailOf } from './stored-price.ts';

/** One step of the way to a price, in words and as data. */
export interface ExplanationStep {
  readonly step:
    | 'account'
    | 'call_type'
    | 'jurisdiction'
    | 'rule'
    | 'rate'
    | 'duration'
    | 'allowance'
    | 'increments'
    | 'charge'
    | 'outcome';
  readonly text: string;
  /** What was considered and not chosen, and why. */
  readonly passedOver: readonly string[];
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

export interface Explanation {
  readonly outcome: Priced | Unpriceable;
  readonly steps: readonly ExplanationStep[];
}

/**
 * Prices a call and shows the working: the rule chosen, the rules passed over, the arithmetic. The arithmetic is done again in whole
 * numbers of any size, and asserted to give the engine's amount.
 */
export function explainCall(call: RatingCall, account: RatedAccount, allowance: Allowance): Explanation {
  const outcome = priceCall(call, account, allowance);
  const facts = describeCall(call, account, noFacts());
  const steps: ExplanationStep[] = [accountStep(call, account), callTypeStep(call, facts, outcome)];
  if (outcome.kind === 'priced' && outcome.jurisdiction !== '')
    steps.push(jurisdictionStep(outcome.jurisdiction, call, account));
  const callType = classifyCall(facts)?.callType ?? null;
  const isBilled =
    callType !== null && call.answeredAt !== 0 && call.answeredAt >= account.account.billingStart;
  const isPricedByRule = isBilled && !isOtherSide(callType, call);
  if (isBilled && !isPricedByRule) steps.push(otherSideStep());
  if (isPricedByRule) {
    const rule = ruleFor(callType, call, account);
    steps.push(ruleStep(callType, rule, call, account));
    if (rule.kind === 'tariff') {
      const { tariff } = rule.tariff;
      const number = numberIn(tariff, callType, call, account, facts);
      if (number > 0 && number === call.routingNumber) steps.push(routingStep(call));
      const caller = originEnd(call, account);
      const row = rowFor(tariff, number, call, account, call.answeredAt);
      steps.push(rateStep({ number, caller, atMs: call.answeredAt, row, tariff }, outcome));
      const special = row < 0 ? null : tariff.rates.specialAt(row);
      if (special !== null && special.jurisdictionRates !== null) {
        const jurisdiction = jurisdictionOf(callType, call, account);
        steps.push(jurisdictionRateStep(jurisdiction, special.jurisdictionRates, tariff));
      }
    }
  }
  if (outcome.kind === 'priced' && outcome.rate !== null && outcome.tariff !== null) {
    if (call.answeredAt === 0)
      return { outcome, steps: [...steps, ...attemptSteps(outcome, outcome.rate, call, account)] };
    steps.push(durationStep(outcome, outcome.rate));
    if (outcome.takes !== null) steps.push(poolsStep(outcome, outcome.takes, account, call));
    else if (outcome.pool !== null) steps.push(allowanceStep(outcome, call, allowance));
    if (outcome.parts !== null && outcome.chargedSeconds > 0)
      steps.push(incrementsStep(outcome, outcome.parts, call));
    steps.push(chargeStep(outcome, outcome.rate, outcome.tariff));
  }
  steps.push(outcomeStep(outcome));
  return { outcome, steps };
}

/** The explanation as lines a person can check. */
export function explanationText({ steps }: Pick<Explanation, 'steps'>): string {
  return steps
    .flatMap(({ text, passedOver }) => [text, ...passedOver.map((reason) => `  passed over: ${reason}`)])
    .join('\n');
}

function step(
  name: ExplanationStep['step'],
  text: string,
  data: ExplanationStep['data'],
  passedOver: readonly string[] = [],
): ExplanationStep {
  return { step: name, text, passedOver, data };
}

function accountStep(call: RatingCall, { account, plan, months }: RatedAccount): ExplanationStep {
  const at = call.answeredAt === 0 ? call.startedAt : call.answeredAt;
  const month = months.of(at);
  const origin = account.isDefault ? 'not in the catalog, rated on the default plan' : 'on plan';
  return step(
    'account',
    `Account '${account.id}' ${origin} ${plan.plan.id}; ${new Date(at).toISOString()} is in billing month ${month} (${account.timeZone}).`,
    { account: account.id, plan: plan.plan.id, plan_is_default: account.isDefault, billing_month: month },
  );
}

function callTypeStep(call: RatingCall, facts: CallFacts, outcome: Priced | Unpriceable): ExplanationStep {
  const chosen = classifyCall(facts);
  const index = chosen === null ? CLASSIFICATION_RULES.length : CLASSIFICATION_RULES.indexOf(chosen);
  const passedOver = CLASSIFICATION_RULES.slice(0, index).map(
    (rule) => `${rule.callType} applies when ${rule.condition}`,
  );
  const destination = call.destinationNumber > 0 ? `+${call.destinationNumber}` : `'${call.destinationText}'`;
  const callType = outcome.kind === 'priced' ? outcome.callType : (chosen?.callType ?? '');
  const where = facts.country === '' ? '' : `, ${facts.country} ${facts.numberClass}`;
  const seen = `${facts.direction} to ${destination}, ${facts.destinationKind}${where}`;
  const text =
    chosen === null
      ? `Call type ${callType === '' ? 'unknown' : callType} (${seen}): no number that can be called.`
      : `Call type ${callType} (${seen}): ${chosen.condition}.`;
  return step(
    'call_type',
    text,
    {
      call_type: callType,
      direction: facts.direction,
      destination,
      destination_kind: facts.destinationKind,
      country: facts.country,
      number_class: facts.numberClass,
      is_domestic: facts.isDomestic,
      premium_prefix: facts.premiumPrefix,
    },
    passedOver,
  );
}

function jurisdictionStep(jurisdiction: string, call: RatingCall, account: RatedAccount): ExplanationStep {
  const from = endText(originEnd(call, account));
  const to = endText(destinationEnd(call, account));
  return step('jurisdiction', `Jurisdiction ${jurisdiction}: from ${from} to ${to}.`, {
    jurisdiction,
    from,
    to,
  });
}

function endText(number: number): string {
  if (number === 0) return 'a number that is not known';
  const state = stateName(number);
  return state === '' ? `+${number}` : `+${number} (${state})`;
}

function ruleStep(
  callType: CallType,
  rule: CompiledRule,
  call: RatingCall,
  account: RatedAccount,
): ExplanationStep {
  const owner = ruleOwnerOf(callType, call, account);
  const tariff = rule.kind === 'tariff' ? rule.tariff.tariff : null;
  const how = tariff === null ? `are ${rule.kind}` : `are priced by tariff ${tariff.id}`;
  const owners = account.ownRules === null ? [] : [...ruleOwners(account.ownRules, call), null];
  const passedOver = owners
    .filter((each) => each !== owner)
    .map((each) => {
      const own = each === null ? account.plan.rules[callType] : each.rules[callType];
      const what = own === undefined ? `says nothing of ${callType} calls` : `${ruleText(own)}, further off`;
      return `${ownerText(each, account)}: ${what}`;
    });
  return step(
    'rule',
    `${ownerText(owner, account)}: ${callType} calls ${how}.`,
    {
      plan: account.plan.plan.id,
      rule_of: owner === null ? 'plan' : owner.kind,
      rule_owner: owner === null ? account.plan.plan.id : owner.id,
      rule: rule.kind,
      tariff: tariff?.id ?? '',
    },
    passedOver,
  );
}

function otherSideStep(): ExplanationStep {
  return step('rule', `${OTHER_SIDE}.`, { rule: 'free' });
}

/** Why the terminating side's record of an internal call costs nothing. */
export const OTHER_SIDE =
  'The terminating side of an internal call: the record of the side that placed it is the one that is priced';

function ruleText(rule: CompiledRule): string {
  return rule.kind === 'tariff' ? `tariff ${rule.tariff.tariff.id}` : rule.kind;
}

function routingStep({ destinationNumber, routingNumber }: RatingCall): ExplanationStep {
  return step(
    'rule',
    `Rated number: +${destinationNumber} was ported, and the tariff goes by its routing number +${routingNumber}.`,
    { destination: `+${destinationNumber}`, routing_number: `+${routingNumber}` },
  );
}

interface RateChoice {
  /** The number that is rated. */
  readonly number: number;
  readonly caller: number;
  readonly atMs: number;
  /** -1 = none. */
  readonly row: number;
  readonly tariff: Tariff;
}

function rateStep(choice: RateChoice, outcome: Priced | Unpriceable): ExplanationStep {
  const { number, caller, atMs, row: chosen, tariff } = choice;
  const digits = number > 0 ? String(number) : 'what is no number';
  const passedOver = tariff.rates
    .matching(number)
    .filter(({ index }) => index !== chosen)
    .sort((a, b) => b.prefix.length - a.prefix.length || a.effectiveFrom - b.effectiveFrom)
    .map((rate) => `prefix ${rate.prefix} ${describeRate(rate, tariff)}: ${whyNot(rate, choice)}`);
  if (chosen < 0) {
    return step(
      'rate',
      `No rate of tariff ${tariff.id} holds for ${digits}.`,
      { tariff: tariff.id, prefix: '' },
      passedOver,
    );
  }
  const rate = tariff.rates.at(chosen);
  const isRefused = outcome.kind === 'unpriceable';
  const origin = rate.special?.origin ?? null;
  const whose = origin === null ? '' : `, for calls from ${endText(caller)},`;
  return step(
    'rate',
    `Rate: the longest prefix of ${digits} in force at ${new Date(atMs).toISOString()}${whose} is ${rate.prefix} ${describeRate(rate, tariff)}${isRefused ? ', which cannot be used' : ''}.`,
    {
      tariff: tariff.id,
      prefix: rate.prefix,
      ...(origin === null ? {} : { origin: describeOrigin(origin) }),
      description: rate.description,
      increments: `${rate.initialSeconds}/${rate.stepSeconds}`,
      rate_per_minute: trimmed(rate.ratePerMinute, RATE_SCALE),
      initial_rate_per_minute: trimmed(rate.initialRatePerMinute, RATE_SCALE),
      connect_fee: trimmed(rate.connectFee, CHARGE_SCALE),
      blocked: rate.blocked,
    },
    passedOver,
  );
}

/** The row has rates by jurisdiction: which of them it is. */
function jurisdictionRateStep(
  jurisdiction: Jurisdiction,
  rates: JurisdictionRates,
  { currency }: Tariff,
): ExplanationStep {
  const isTold = jurisdiction !== '' && jurisdiction !== 'international';
  const chosen = isTold ? jurisdiction : 'other';
  const perMinute = (rate: number | null): string =>
    rate === null ? 'none' : `${trimmed(rate, RATE_SCALE)} ${currency}/min`;
  const passedOver = (['interstate', 'intrastate', 'indeterminate', 'other'] as const)
    .filter((name) => name !== chosen)
    .map((name) => `${name} ${perMinute(rates[name])}`);
  const kind = isTold ? jurisdiction : 'other than interstate, intrastate and indeterminate';
  return step(
    'rate',
    `Rate by jurisdiction: the call is ${kind}, and the row's rate for that is ${perMinute(rates[chosen])}.`,
    { jurisdiction, rate_per_minute: rates[chosen] === null ? '' : trimmed(rates[chosen], RATE_SCALE) },
    passedOver,
  );
}

function describeRate(rate: Rate, tariff: Tariff): string {
  const origin = rate.special?.origin ?? null;
  const from = origin === null ? '' : `from ${describeOrigin(origin)}, `;
  if (rate.blocked) return `(${rate.description}, ${from}blocked)`;
  const { priceLists = null, jurisdictionRates = null } = rate.special ?? {};
  const isByWindow = priceLists !== null && priceLists.base === null;
  const isByJurisdiction = jurisdictionRates !== null && jurisdictionRates.other === null;
  const rated = trimmed(rate.ratePerMinute, RATE_SCALE);
  const price = isByWindow ? 'windows only,' : isByJurisdiction ? 'by jurisdiction,' : rated;
  return `(${rate.description}, ${from}${rate.initialSeconds}/${rate.stepSeconds} ${rate.durationRounding}, ${price} ${tariff.currency}/min)`;
}

function whyNot(rate: Rate, { caller, atMs, row, tariff }: RateChoice): string {
  if (atMs < rate.effectiveFrom) return `in force only from ${new Date(rate.effectiveFrom).toISOString()}`;
  if (atMs >= rate.effectiveTo) return `in force only before ${new Date(rate.effectiveTo).toISOString()}`;
  const origin = rate.special?.origin ?? null;
  if (origin !== null && !isCallerOf(origin, caller)) {
    return `for callers of ${describeOrigin(origin)} alone, and the call is from ${endText(caller)}`;
  }
  return row >= 0 && rate.prefix === String(tariff.rates.prefixAt(row))
    ? 'for more callers than the one that was chosen'
    : 'shorter';
}

/** What remains to be said of a call that nobody answered and that has a fee. */
function attemptSteps(
  priced: Priced,
  rate: Rate,
  call: RatingCall,
  account: RatedAccount,
): ExplanationStep[] {
  const tariff = priced.tariff!;
  const fee = trimmed(rate.special!.attemptFee, CHARGE_SCALE);
  assert(priced.charge === rate.special!.attemptFee, 'the explanation gives the amount of the engine');
  return [
    ruleStep(priced.callType, ruleFor(priced.callType, call, account), call, account),
    step(
      'rate',
      `Rate: at ${new Date(call.startedAt).toISOString()} it is prefix ${rate.prefix} (${rate.description}) of tariff ${tariff.id}.`,
      { tariff: tariff.id, prefix: rate.prefix, description: rate.description },
    ),
    step('charge', `Charge: nobody answered, and an attempt costs ${fee} ${priced.currency}.`, {
      attempt_fee: fee,
      charge: formatScaled(priced.charge, CHARGE_SCALE),
      currency: priced.currency,
    }),
    outcomeStep(priced),
  ];
}

function durationStep(priced: Priced, rate: Rate): ExplanationStep {
  const { durationMs, billableSeconds } = priced;
  const { initialSeconds, stepSeconds } = rate;
  const freeSeconds = rate.special?.freeSeconds ?? 0;
  const billedMs = Math.max(0, durationMs - freeSeconds * 1000);
  const excessMs = billedMs - initialSeconds * 1000;
  const head = `Duration ${seconds(durationMs)} at ${initialSeconds}/${stepSeconds} ${rate.durationRounding}`;
  let working: string;
  if (durationMs === 0) {
    working =
      billableSeconds === 0
        ? 'nothing was said, nothing is billed'
        : 'nothing was said, and the plan bills the initial interval of a call without length';
  } else if (billedMs === 0) working = `within the first ${freeSeconds} s, which are free`;
  else if (excessMs <= 0) working = `within the initial interval of ${initialSeconds} s`;
  else {
    const steps = (billableSeconds - initialSeconds) / stepSeconds;
    working = `initial ${initialSeconds} s, and ${seconds(excessMs)} beyond it rounded ${rate.durationRounding} to ${steps} × ${stepSeconds} s`;
  }
  const off = freeSeconds > 0 && billedMs > 0 ? `${freeSeconds} s free, ${seconds(billedMs)} left; ` : '';
  return step('duration', `${head}: ${off}${working} → ${billableSeconds} s billable.`, {
    duration_ms: durationMs,
    free_seconds: freeSeconds,
    initial_seconds: initialSeconds,
    step_seconds: stepSeconds,
    duration_rounding: rate.durationRounding,
    billable_seconds: billableSeconds,
  });
}

function allowanceStep(priced: Priced, call: RatingCall, allowance: Allowance): ExplanationStep {
  const pool = priced.pool!;
  const used = allowance.usedSeconds(pool, call.device, priced.billingMonth);
  const left = Math.max(0, pool.perMonth - used);
  const whose = pool.scope === 'device' ? `device '${call.device}'` : 'the account';
  return step(
    'allowance',
    `Allowance ${pool.id} of ${whose}: ${pool.perMonth} s a month, ${used} s used, ${left} s left → ${priced.includedSeconds} s included, ${priced.chargedSeconds} s charged.`,
    {
      pool: pool.id,
      scope: pool.scope,
      seconds_per_month: pool.perMonth,
      used_seconds: used,
      included_seconds: priced.includedSeconds,
      charged_seconds: priced.chargedSeconds,
    },
  );
}

/** Each pool that the call could use, in order: what it had left, and what it gave. */
function poolsStep(
  priced: Priced,
  takes: readonly PoolTake[],
  account: RatedAccount,
  call: RatingCall,
): ExplanationStep {
  const asked = takes.map(({ pool, number, size, left, took }) => {
    const whose = {
      account: 'the account',
      devices: `all ${pool.deviceKind} devices`,
      device: `device '${call.device}'`,
      number: `+${number}`,
    }[pool.scope];
    const amounts = [size, left, took].map((amount) => withUnit(pool, amount, priced.currency));
    return `${pool.id} of ${whose}: ${amounts[0]} in this month, ${amounts[1]} left → gives ${amounts[2]}`;
  });
  const rule = ruleFor(priced.callType, call, account);
  const all = rule.kind === 'tariff' ? (rule.pools ?? []) : [];
  const passedOver = all
    .filter(({ pool }) => !takes.some((take) => take.pool === pool))
    .map(({ pool }) => `pool ${pool.id}: ${whyNotAsked(pool)}`);
  const sums = `${priced.includedSeconds} s included, ${priced.chargedSeconds} s charged`;
  const text =
    takes.length === 0
      ? 'Allowance: no pool holds for this call.'
      : `Allowance ${asked.join('; ')}. ${sums}.`;
  const data = {
    pools: JSON.stringify(
      takes.map(({ pool, size, left, took }) => ({
        pool: pool.id,
        unit: pool.unit,
        scope: pool.scope,
        size: poolAmount(pool, size),
        left: poolAmount(pool, left),
        took: poolAmount(pool, took),
      })),
    ),
    included_seconds: priced.includedSeconds,
    charged_seconds: priced.chargedSeconds,
  };
  return step('allowance', text, data, passedOver);
}

function withUnit(pool: Pool, amount: number, currency: string): string {
  const units = { seconds: 's', calls: amount === 1 ? 'call' : 'calls', money: currency };
  return `${poolAmount(pool, amount)} ${units[pool.unit]}`;
}

function whyNotAsked({ destinations, deviceKind, scope, devicesMin }: Pool): string {
  const conditions = [
    destinations === null ? '' : `calls of set ${destinations.id}`,
    deviceKind === '' ? '' : `devices of kind ${deviceKind}`,
    scope === 'devices' ? `accounts with at least ${devicesMin} of them` : '',
    scope === 'number' ? "the account's own numbers" : '',
  ];
  return `for ${conditions.filter((condition) => condition !== '').join(', ')} only`;
}

/** Which stretch of the call has which rate: each increment is priced by the moment it starts. */
function incrementsStep(priced: Priced, parts: readonly CallPart[], call: RatingCall): ExplanationStep {
  const freeSeconds = priced.rate!.special!.freeSeconds;
  const stretches = parts.map((part) => {
    const at = new Date(call.answeredAt + (freeSeconds + part.fromSeconds) * 1000).toISOString();
    const when = part.window === '' ? '' : `, in window ${part.window}`;
    const rate = trimmed(part.ratePerMinute, RATE_SCALE);
    return `${part.seconds} s from ${at} (second ${part.fromSeconds}${when}) at ${rate}/min`;
  });
  return step('increments', `Increments by when they start: ${stretches.join('; ')}.`, {
    parts: priceDetailOf(priced),
    time_zone: priced.tariff!.windows?.timeZone ?? '',
  });
}

function chargeStep(priced: Priced, rate: Rate, tariff: Tariff): ExplanationStep {
  const { chargedSeconds, charge, currency } = priced;
  if (chargedSeconds === 0) {
    return step('charge', 'Charge: no charged seconds, so neither rate nor connect fee applies.', {
      charge: '0',
    });
  }
  const seconds = chargedSecondsOf(rate, priced.includedSeconds, priced.billableSeconds);
  const exact =
    priced.parts === null ? chargeUnits(rate, seconds) : unitsOfParts(rate.connectFee, priced.parts);
  const rounded = roundDivBig(exact, BigInt(UNITS_PER_CHARGE), tariff.chargeRounding);
  const limit = limitOf(rounded, rate);
  const paid = paidByPools(priced);
  assert(
    (limit?.charge ?? rounded) - BigInt(paid) === BigInt(charge),
    'the explanation gives the amount of the engine',
  );
  const terms = [
    rate.connectFee > 0 ? `${trimmed(rate.connectFee, CHARGE_SCALE)} connect fee` : '',
    ...(priced.parts ?? partsOf(rate, seconds)).map(termOf),
  ].filter((term) => term !== '');
  const amount = formatScaled(charge, CHARGE_SCALE);
  const beforePools = formatScaled(charge + paid, CHARGE_SCALE);
  const isExact = exact % BigInt(UNITS_PER_CHARGE) === 0n;
  const rounding = isExact
    ? 'exactly'
    : `rounded ${tariff.chargeRounding} from ${trimmed(exact, RATE_SCALE)} / 60`;
  const metered = formatScaled(rounded, CHARGE_SCALE);
  const limited = limit === null ? '' : `; the ${limit.name} charge of the rate is ${beforePools}`;
  const payment = paid === 0 ? '' : `; pools pay ${formatScaled(paid, CHARGE_SCALE)}, ${amount} is left`;
  return step(
    'charge',
    `Charge: ${terms.join(' + ')} = ${metered} ${currency}, ${rounding}${limited}${payment}.`,
    {
      connect_fee: trimmed(rate.connectFee, CHARGE_SCALE),
      ...(priced.parts === null
        ? { initial_charged_seconds: seconds.initial, step_charged_seconds: seconds.steps }
        : {}),
      charge_rounding: tariff.chargeRounding,
      ...(limit === null ? {} : { metered_charge: metered, limit: limit.name }),
      ...(paid === 0 ? {} : { paid_by_pools: formatScaled(paid, CHARGE_SCALE) }),
      charge: amount,
      currency,
    },
  );
}

function paidByPools({ takes }: Priced): number {
  return (takes ?? []).reduce((sum, { pool, took }) => (pool.unit === 'money' ? sum + took : sum), 0);
}

function partsOf(rate: Rate, { initial, steps }: ChargedSeconds): RatedSeconds[] {
  return [
    { seconds: initial, ratePerMinute: rate.initialRatePerMinute },
    { seconds: steps, ratePerMinute: rate.ratePerMinute },
  ];
}

function termOf({ seconds: count, ratePerMinute, window }: RatedSeconds & { window?: string }): string {
  if (count === 0) return '';
  const when = window === undefined || window === '' ? '' : ` (${window})`;
  return `${count} s × ${trimmed(ratePerMinute, RATE_SCALE)} / 60 s${when}`;
}

/** The limit that a metered charge runs into. */
function limitOf(
  metered: bigint,
  { special }: Rate,
): { readonly name: 'minimum' | 'maximum'; readonly charge: bigint } | null {
  if (special === null) return null;
  const { minimumCharge, maximumCharge } = special;
  if (metered < BigInt(minimumCharge)) return { name: 'minimum', charge: BigInt(minimumCharge) };
  if (maximumCharge === Infinity || metered <= BigInt(maximumCharge)) return null;
  return { name: 'maximum', charge: BigInt(maximumCharge) };
}

function outcomeStep(outcome: Priced | Unpriceable): ExplanationStep {
  if (outcome.kind === 'unpriceable') {
    return step('outcome', `Suspended (${outcome.code}): ${outcome.detail}`, {
      status: 'suspended',
      reason_code: outcome.code,
    });
  }
  const amount = formatScaled(outcome.charge, CHARGE_SCALE);
  const reasons = {
    unanswered: ': nobody answered',
    before_billing_start: ": before the account's billing start",
    free: '',
    included: ': within the allowance',
    split: ': the allowance ran out during the call',
    overage: ': the allowance was used up',
    metered: '',
  };
  return step(
    'outcome',
    `Rated ${outcome.rateType}${reasons[outcome.rateType]}: ${amount} ${outcome.currency}.`,
    {
      status: 'rated',
      rate_type: outcome.rateType,
      charge: amount,
      currency: outcome.currency,
    },
  );
}

function seconds(ms: number): string {
  return `${trimmed(ms, 3)} s`;
}

function trimmed(value: number | bigint, scale: number): string {
  return formatScaled(value, scale, { trim: true });
}
