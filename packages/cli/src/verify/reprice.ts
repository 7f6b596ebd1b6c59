import {
  CHARGE_ROUNDINGS,
  CHARGE_SCALE,
  DURATION_ROUNDINGS,
  RATE_SCALE,
  RATE_TYPES,
} from '@tollstream/contracts';
import type { NativeBlock } from '@tollstream/contracts';
import { formatScaled, parseDecimal } from '@tollstream/money';
import { recompute } from '@tollstream/rating-engine';
import type { StoredPrice } from '@tollstream/rating-engine';
import { oraclePrice } from '@tollstream/rating-engine/testing';
import type { OraclePrice } from '@tollstream/rating-engine/testing';
import type { BlockMessage } from './blocks.ts';
import type { Findings } from './findings.ts';

/** All calls up to here are priced again, of the others one in `SAMPLE_ONE_IN`. */
const SAMPLE_ALL_UP_TO = 1_000;
const SAMPLE_ONE_IN = 32;
const UNANSWERED = RATE_TYPES.indexOf('unanswered') + 1;

/**
 * Prices a sample of the rated calls again: from the terms that their rows store, in exact fractions, by code that shares nothing with
 * the engine.
 */
export class Repricer {
  readonly #findings: Findings;
  #unproven = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Calls of the sample whose rows do not say what their first interval cost: rows of before that was stored. */
  get unproven(): number {
    return this.#unproven;
  }

  /** @param hashes of the block's rows: they choose the sample, the same one each time */
  block(message: BlockMessage, hashes: Uint32Array): void {
    const check = this.#findings.prices;
    const { block, source, sourceOffsets } = message;
    for (let row = 0; row < hashes.length; row++) {
      if (check.checked >= SAMPLE_ALL_UP_TO && hashes[row]! % SAMPLE_ONE_IN !== 0) continue;
      check.checked += 1;
      const problem = priceProblem(block, row);
      if (problem === null) continue;
      if (problem === 'unproven') {
        this.#unproven += 1;
        continue;
      }
      const call = block.column('call_id').string(row);
      check.differs({ place: source, offset: sourceOffsets[row]!, text: `call ${call}: ${problem}` });
    }
  }
}

/** What a row says beyond its columns, as far as the oracle knows it; amounts as text. */
interface SpecialTerms {
  readonly initial_rate_per_minute?: string;
  readonly free_seconds?: number;
  readonly minimum_charge?: string;
  readonly maximum_charge?: string;
  readonly attempt_fee?: string;
  readonly pools?: readonly (readonly [pool: string, unit: string, took: string])[];
}

const ORACLE_TERMS = [
  'origin',
  'initial_rate_per_minute',
  'free_seconds',
  'minimum_charge',
  'maximum_charge',
  'attempt_fee',
  'pools',
];

/** @returns null when the row's amounts come out again, 'unproven' when it does not say enough */
export function priceProblem(block: NativeBlock, row: number): string | null {
  const number = (name: string): number => block.column(name).number(row);
  const [durationMs, billable, included, charged, charge] = [
    number('duration_ms'),
    number('billable_seconds'),
    number('included_seconds'),
    number('charged_seconds'),
    number('charge'),
  ];
  const details = block.columns.find(({ name }) => name === 'price_detail');
  const detail = details?.string(row) ?? '';
  const special: SpecialTerms = detail === '' ? {} : (JSON.parse(detail) as SpecialTerms);
  if (block.column('tariff').string(row) === '' || number('rate_type') === UNANSWERED) {
    const fee = scaled(special.attempt_fee, CHARGE_SCALE);
    return charge === fee && billable === 0
      ? null
      : `is charged ${money(charge)} without a conversation to bill`;
  }
  const ratePerMinute = number('rate_per_minute');
  const initialSeconds = number('initial_seconds');
  const terms = {
    initialSeconds,
    stepSeconds: number('step_seconds'),
    durationRounding: DURATION_ROUNDINGS[number('duration_rounding') - 1]!,
    chargeRounding: CHARGE_ROUNDINGS[number('charge_rounding') - 1]!,
    initialRatePerMinute:
      special.initial_rate_per_minute === undefined
        ? ratePerMinute
        : scaled(special.initial_rate_per_minute, RATE_SCALE),
    ratePerMinute,
    connectFee: number('connect_fee'),
    special: {
      minimumCharge: scaled(special.minimum_charge, CHARGE_SCALE),
      maximumCharge:
        special.maximum_charge === undefined ? Infinity : scaled(special.maximum_charge, CHARGE_SCALE),
      freeSeconds: special.free_seconds ?? 0,
    },
    billsZeroLength: durationMs === 0 && billable > 0,
  };
  // Rates by time of day and the like: the row holds its parts, and the engine's exact arithmetic over them says the amount.
  const isForOracle = Object.keys(special).every((name) => ORACLE_TERMS.includes(name));
  const price = isForOracle
    ? oraclePrice(durationMs, terms, included)
    : recomputed({
        ...terms,
        rateType: RATE_TYPES[number('rate_type') - 1]!,
        durationMs,
        billableSeconds: billable,
        includedSeconds: included,
        chargedSeconds: charged,
        priceDetail: detail,
      });
  const seconds = [price.billableSeconds, price.includedSeconds, price.chargedSeconds].map(Number);
  if (String(seconds) !== String([billable, included, charged])) {
    return `billable, included and charged seconds are ${[billable, included, charged].join(', ')}; computed again they are ${seconds.join(', ')}`;
  }
  const pools = special.pools ?? [];
  const problem = poolsProblem(pools, included, charged);
  if (problem !== null) return problem;
  // The exact arithmetic over the row's parts has taken off what pools paid, the oracle has not.
  const left = isForOracle ? afterPools(price.charge, pools) : price.charge;
  if (BigInt(charge) === left) return null;
  if (details === undefined && included < initialSeconds) return 'unproven';
  return `the charge is ${money(charge)}; computed again it is ${money(left)}`;
}

/** What each pool gave must be the included seconds: those of a call of a pool are what the pools in seconds before it left. */
function poolsProblem(
  pools: NonNullable<SpecialTerms['pools']>,
  included: number,
  charged: number,
): string | null {
  if (pools.length === 0) return null;
  let seconds = 0;
  for (const [, unit, took] of pools) if (unit === 'seconds') seconds += Number(took);
  const isWhole = pools.some(([, unit]) => unit === 'calls');
  if (isWhole ? seconds < included && charged === 0 : seconds === included) return null;
  return `pools gave ${seconds} s${isWhole ? ' and a call' : ''}, ${included} s are included and ${charged} s charged`;
}

function afterPools(charge: bigint, pools: NonNullable<SpecialTerms['pools']>): bigint {
  return pools.reduce(
    (left, [, unit, took]) => (unit === 'money' ? left - BigInt(scaled(took, CHARGE_SCALE)) : left),
    charge,
  );
}

function recomputed(stored: StoredPrice): OraclePrice {
  const { billableSeconds, charge } = recompute(stored);
  const { includedSeconds } = stored;
  return {
    billableSeconds: BigInt(billableSeconds),
    includedSeconds: BigInt(includedSeconds),
    chargedSeconds: BigInt(billableSeconds - includedSeconds),
    charge,
  };
}

function scaled(text: string | undefined, scale: number): number {
  return text === undefined ? 0 : parseDecimal(text, scale);
}

function money(amount: number | bigint): string {
  return formatScaled(amount, CHARGE_SCALE, { trim: true });
}
