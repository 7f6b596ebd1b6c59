import type { Catalog } from '@tollstream/catalog';
import { CHARGE_SCALE, redirectingOfLeg } from '@tollstream/contracts';
import type { Direction } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import { normalize } from '@tollstream/numbering';
import type { NormalizedNumber } from '@tollstream/numbering';
import { Allowances } from './allowance.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { explainCall } from './explain.ts';
import type { Explanation } from './explain.ts';
import { poolAmount } from './pools.ts';
import type { PoolTake } from './pools.ts';
import { priceCall } from './price-call.ts';
import type { Priced, Unpriceable } from './price-call.ts';
import { compileRateTable } from './rate-table.ts';
import type { RatedAccount } from './rate-table.ts';

export interface QuoteRequest {
  readonly catalog: Catalog;
  /** Account id. */
  readonly account: string;
  /** Any notation that the account's dial plan reads. */
  readonly from: string;
  readonly to: string;
  /** Ms since epoch, UTC. */
  readonly answeredAt: number;
  readonly durationMs: number;
  /** Without it: inbound to one of the account's numbers, internal to an extension, outbound otherwise. */
  readonly direction?: Direction;
  readonly device?: string;
  /** Who forwarded or transferred the call and so made this leg, in any notation; not looked at on inbound legs. */
  readonly redirecting?: string;
  /** Counters of the calls quoted before; the quoted call's seconds are added. Without them all pools are full. */
  readonly allowances?: Allowances;
}

/** Field names as in rated usage; what the command line prints as JSON. */
export type Quote =
  | {
      readonly status: 'rated';
      readonly charge: string;
      readonly currency: string;
      readonly billable_seconds: number;
      readonly included_seconds: number;
      readonly charged_seconds: number;
      /** Where more than one pool, or one that is not in seconds, was asked: what it had left, and what it gave. */
      readonly pools?: readonly {
        readonly pool: string;
        readonly unit: string;
        readonly left: string;
        readonly took: string;
      }[];
      readonly rate_type: string;
      readonly call_type: string;
      readonly plan: string;
      readonly tariff: string;
      readonly prefix: string;
      readonly country: string;
      readonly jurisdiction: string;
      readonly billing_month: number;
      readonly catalog_version: number;
    }
  | {
      readonly status: 'suspended';
      readonly reason_code: string;
      readonly detail: string;
      readonly catalog_version: number;
    };

export interface QuoteResult {
  readonly quote: Quote;
  /** Null when the account is not known, or no explanation was asked for. */
  readonly explanation: Pick<Explanation, 'steps'> | null;
}

/** Prices one call by the catalog alone, without the pipeline. */
export function quoteCall(request: QuoteRequest): QuoteResult {
  const account = compileRateTable(request.catalog).account(request.account);
  const call = account === null ? emptyCall() : requestedCall(request, account);
  const { quote, explanation } = quoteLeg(call, account, {
    accountId: request.account,
    allowances: request.allowances ?? new Allowances(),
    catalogVersion: request.catalog.version,
    explain: true,
  });
  const isRedirected = redirectingOfLeg(call.direction, request.redirecting ?? null) !== '';
  if (explanation === null || !isRedirected) return { quote, explanation };
  return { quote, explanation: { steps: [redirectingStep(request, call), ...explanation.steps] } };
}

/**
 * Quotes a call as it was normalised; what it takes of the allowances is taken.
 * @param account null when the catalog does not know it; then the call is not looked at
 */
export function quoteLeg(
  call: RatingCall,
  account: RatedAccount | null,
  {
    accountId,
    allowances,
    catalogVersion,
    explain,
  }: {
    readonly accountId: string;
    readonly allowances: Allowances;
    readonly catalogVersion: number;
    readonly explain: boolean;
  },
): QuoteResult {
  if (account === null) {
    const detail =
      accountId === ''
        ? 'No account could be told from the call, and no default plan was named.'
        : `The catalog knows no account '${accountId}', and no default plan was named.`;
    return {
      quote: { status: 'suspended', reason_code: 'account_unknown', detail, catalog_version: catalogVersion },
      explanation: null,
    };
  }
  const allowance = allowances.of(accountId);
  const explained = explain ? explainCall(call, account, allowance) : null;
  const outcome = explained === null ? priceCall(call, account, allowance) : explained.outcome;
  if (outcome.kind === 'priced') allowance.take(call, outcome);
  return {
    quote: quoteOf(outcome, account, catalogVersion),
    explanation: explained === null ? null : { steps: explained.steps },
  };
}

function quoteOf(outcome: Priced | Unpriceable, { plan }: RatedAccount, catalogVersion: number): Quote {
  if (outcome.kind === 'unpriceable') {
    return {
      status: 'suspended',
      reason_code: outcome.code,
      detail: outcome.detail,
      catalog_version: catalogVersion,
    };
  }
  return {
    status: 'rated',
    charge: formatScaled(outcome.charge, CHARGE_SCALE),
    currency: outcome.currency,
    billable_seconds: outcome.billableSeconds,
    included_seconds: outcome.includedSeconds,
    charged_seconds: outcome.chargedSeconds,
    ...(outcome.takes === null ? {} : { pools: outcome.takes.map(poolQuote) }),
    rate_type: outcome.rateType,
    call_type: outcome.callType,
    plan: plan.plan.id,
    tariff: outcome.tariff?.id ?? '',
    prefix: outcome.rate?.prefix ?? '',
    country: outcome.country,
    jurisdiction: outcome.jurisdiction,
    billing_month: outcome.billingMonth,
    catalog_version: catalogVersion,
  };
}

function poolQuote({ pool, left, took }: PoolTake) {
  return { pool: pool.id, unit: pool.unit, left: poolAmount(pool, left), took: poolAmount(pool, took) };
}

function requestedCall(request: QuoteRequest, { account }: RatedAccount): RatingCall {
  const destination = normalized(request.to, account.dialPlan);
  const direction = request.direction ?? likelyDirection(destination, account);
  const maker = redirectingOfLeg(direction, request.redirecting ?? null) || request.from;
  const origin = normalized(maker, account.dialPlan);
  return {
    ...emptyCall(),
    direction,
    originNumber: origin.number,
    originText: origin.text,
    destinationNumber: destination.number,
    destinationText: destination.text,
    routingNumber: routingNumberOf(destination, account.dialPlan),
    device: request.device ?? '',
    startedAt: request.answeredAt,
    answeredAt: request.answeredAt,
    endedAt: request.answeredAt + request.durationMs,
  };
}

function redirectingStep({ from, to }: QuoteRequest, { originNumber, originText }: RatingCall) {
  const maker = originNumber > 0 ? `+${originNumber}` : `'${originText}'`;
  const caller = from === '' ? 'a withheld caller' : from;
  return {
    step: 'account',
    text: `Redirected: ${maker} sent the call of ${caller} on to ${to}. It made this leg and owes it, and the leg begins where it stands.`,
    passedOver: [`${caller} owes the call that it placed itself, and nothing of this leg`],
    data: { redirecting: maker, from, to },
  } as const;
}

function normalized(text: string, dialPlan: RatedAccount['account']['dialPlan']): NormalizedNumber {
  const out: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };
  normalize(text, dialPlan, out);
  return out;
}

function routingNumberOf(
  { routingNumber }: NormalizedNumber,
  dialPlan: RatedAccount['account']['dialPlan'],
): number {
  return routingNumber === '' ? 0 : normalized(routingNumber, dialPlan).number;
}

function likelyDirection(destination: NormalizedNumber, account: RatedAccount['account']): Direction {
  if (destination.kind === 'extension') return 'internal';
  const isOwn = account.numbers.some(({ number }) => number === destination.number);
  return isOwn ? 'inbound' : 'outbound';
}
