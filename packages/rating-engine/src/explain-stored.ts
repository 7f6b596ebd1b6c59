/** The working of a rated row, from what the row stores and nothing else: no catalog is asked. */
import { CHARGE_SCALE, RATE_SCALE } from '@tollstream/contracts';
import { formatScaled } from '@tollstream/money';
import { OTHER_SIDE } from './explain.ts';
import type { ExplanationStep } from './explain.ts';
import { recompute } from './stored-price.ts';
import type { PriceDetail, StoredPrice } from './stored-price.ts';

/** What a row says beside its price. Texts as in the table. */
export interface StoredCall extends StoredPrice {
  readonly callId: string;
  readonly account: string;
  readonly plan: string;
  readonly catalogVersion: number;
  readonly revision: number;
  readonly direction: string;
  readonly origin: string;
  readonly destination: string;
  /** Who pays when the switch named somebody; of a leg that a forward or transfer made, who did that. '' = none. */
  readonly chargedParty: string;
  /** Ms since epoch, UTC; of the start when nobody answered. */
  readonly atMs: number;
  readonly billingMonth: number;
  readonly callType: string;
  readonly jurisdiction: string;
  readonly tariff: string;
  /** '' = none. */
  readonly prefix: string;
  readonly pool: string;
  /** Scaled by 10^CHARGE_SCALE. */
  readonly charge: number;
  readonly currency: string;
}

export interface StoredExplanation {
  readonly steps: readonly ExplanationStep[];
  /** Whether the row's terms give its billable seconds and its charge again, to the last digit. */
  readonly reproduces: boolean;
}

/** Works a stored price out again, and shows the working. */
export function explainStored(row: StoredCall): StoredExplanation {
  const { billableSeconds, charge } = recompute(row);
  const reproduces = billableSeconds === row.billableSeconds && charge === BigInt(row.charge);
  const detail = (row.priceDetail === '' ? {} : JSON.parse(row.priceDetail)) as PriceDetail;
  const hasRate = row.tariff !== '';
  const isPriced = hasRate && row.rateType !== 'unanswered';
  const steps = [
    callStep(row),
    ...(hasRate ? [rateStep(row, detail)] : []),
    ...(isPriced ? [durationStep(row, detail), ...allowanceSteps(row)] : []),
    chargeStep(row, detail),
    checkStep(row, { billableSeconds, charge, reproduces }),
  ];
  return { steps, reproduces };
}

function step(name: ExplanationStep['step'], text: string, data: ExplanationStep['data']): ExplanationStep {
  return { step: name, text, passedOver: [], data };
}

function callStep(row: StoredCall): ExplanationStep {
  const charged = row.chargedParty === '' ? '' : `, charged to ${row.chargedParty}`;
  const where = row.jurisdiction === '' ? '' : `, ${row.jurisdiction}`;
  return step(
    'call_type',
    `Call ${row.callId} of account '${row.account}' on plan ${row.plan}: ${row.callType} (${row.direction} from ${row.origin} to ${row.destination}${charged}${where}) at ${new Date(row.atMs).toISOString()}, billing month ${row.billingMonth}, priced by catalog version ${row.catalogVersion}, revision ${row.revision}.`,
    {
      call_id: row.callId,
      account: row.account,
      plan: row.plan,
      call_type: row.callType,
      charged_party: row.chargedParty,
      jurisdiction: row.jurisdiction,
      billing_month: row.billingMonth,
      catalog_version: row.catalogVersion,
      revision: row.revision,
    },
  );
}

function rateStep(row: StoredCall, detail: PriceDetail): ExplanationStep {
  const rate = text(row.ratePerMinute, RATE_SCALE);
  const origin = detail.origin === undefined ? '' : ` for callers of ${detail.origin}`;
  const increments = `${row.initialSeconds}/${row.stepSeconds} ${row.durationRounding}`;
  return step(
    'rate',
    `Rate: prefix ${row.prefix} of tariff ${row.tariff}${origin}, ${increments}, ${rate} ${row.currency}/min.`,
    {
      tariff: row.tariff,
      prefix: row.prefix,
      ...(detail.origin === undefined ? {} : { origin: detail.origin }),
      increments: `${row.initialSeconds}/${row.stepSeconds}`,
      rate_per_minute: rate,
      connect_fee: text(row.connectFee, CHARGE_SCALE),
    },
  );
}

function durationStep(row: StoredCall, { free_seconds: free = 0 }: PriceDetail): ExplanationStep {
  const off = free === 0 ? '' : `, the first ${free} s free`;
  return step(
    'duration',
    `Duration ${text(row.durationMs, 3)} s at ${row.initialSeconds}/${row.stepSeconds} ${row.durationRounding}${off} → ${row.billableSeconds} s billable.`,
    { duration_ms: row.durationMs, free_seconds: free, billable_seconds: row.billableSeconds },
  );
}

function allowanceSteps(row: StoredCall): ExplanationStep[] {
  if (row.pool === '') return [];
  const { pool, includedSeconds, chargedSeconds } = row;
  return [
    step('allowance', `Allowance ${pool}: ${includedSeconds} s included, ${chargedSeconds} s charged.`, {
      pool,
      included_seconds: includedSeconds,
      charged_seconds: chargedSeconds,
    }),
  ];
}

function chargeStep(row: StoredCall, detail: PriceDetail): ExplanationStep {
  const amount = formatScaled(row.charge, CHARGE_SCALE);
  const data = { charge: amount, currency: row.currency };
  if (row.tariff === '') {
    const isOtherSide = row.callType === 'internal' && row.direction === 'inbound' && row.rateType === 'free';
    return step(
      'charge',
      isOtherSide ? `Charge: none. ${OTHER_SIDE}.` : `Charge: ${row.rateType}, and so without a rate.`,
      data,
    );
  }
  if (row.rateType === 'unanswered') {
    return step(
      'charge',
      `Charge: nobody answered, and an attempt costs ${detail.attempt_fee ?? '0'}.`,
      data,
    );
  }
  if (row.chargedSeconds === 0) return step('charge', 'Charge: no charged seconds.', data);
  const limits = [
    detail.minimum_charge === undefined ? '' : `, at least ${detail.minimum_charge}`,
    detail.maximum_charge === undefined ? '' : `, at most ${detail.maximum_charge}`,
  ].join('');
  const terms = termsOf(row, detail).join(' + ');
  return step(
    'charge',
    `Charge: ${terms}, rounded ${row.chargeRounding}${limits} = ${amount} ${row.currency}.`,
    data,
  );
}

/** Included seconds are the first of the call: of the initial interval is charged what they leave. */
function termsOf(row: StoredCall, detail: PriceDetail): string[] {
  const fee = row.connectFee > 0 ? [`${text(row.connectFee, CHARGE_SCALE)} connect fee`] : [];
  const term = (seconds: number, rate: string, window = ''): string =>
    `${seconds} s × ${rate} / 60 s${window === '' ? '' : ` (${window})`}`;
  if (detail.parts !== undefined) {
    return [...fee, ...detail.parts.map(([seconds, rate, window]) => term(seconds, rate, window))];
  }
  const rate = text(row.ratePerMinute, RATE_SCALE);
  const initial = Math.max(0, Math.min(row.initialSeconds, row.billableSeconds) - row.includedSeconds);
  const steps = row.chargedSeconds - initial;
  return [
    ...fee,
    ...(initial > 0 ? [term(initial, detail.initial_rate_per_minute ?? rate)] : []),
    ...(steps > 0 ? [term(steps, rate)] : []),
  ];
}

function checkStep(
  row: StoredCall,
  again: { readonly billableSeconds: number; readonly charge: bigint; readonly reproduces: boolean },
): ExplanationStep {
  const charge = formatScaled(again.charge, CHARGE_SCALE);
  const found = `${again.billableSeconds} s billable and ${charge} ${row.currency}`;
  return step(
    'outcome',
    again.reproduces
      ? `Worked out again from the row: ${found}, as it says.`
      : `Worked out again from the row: ${found}; the row says ${row.billableSeconds} s and ${formatScaled(row.charge, CHARGE_SCALE)} ${row.currency}.`,
    {
      rate_type: row.rateType,
      billable_seconds: again.billableSeconds,
      charge,
      currency: row.currency,
      reproduces: again.reproduces,
    },
  );
}

function text(value: number, scale: number): string {
  return formatScaled(value, scale, { trim: true });
}
