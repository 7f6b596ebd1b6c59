/** Usage on an invoice: a line for each section, call type and billing group, whose calls' charges add up to it to the last digit. */
import type { Account, ChargeSection, Language } from '@tollstream/catalog';
import { NO_BILLING } from '@tollstream/catalog';
import { CALL_TYPES, CHARGE_SCALE, JURISDICTIONS, RATE_TYPES } from '@tollstream/contracts';
import type { CallType, RateType } from '@tollstream/contracts';
import { currencyOf, formatScaled, roundToMinorBig } from '@tollstream/money';
import type { DraftLine } from './draft-line.ts';
import type { InvoiceLine, LineUsage, UsageSummary } from './invoice.ts';
import type { AccountUsage, InvoiceUsageRow, UsageAdjustment } from './invoice-usage.ts';
import { textOf } from './texts/texts.ts';
import type { TextKey } from './texts/texts.ts';
import { minutesOf } from './usage-summary.ts';

/** What the calls of a line come to. */
interface Sums {
  calls: number;
  billable: bigint;
  included: bigint;
  charged: bigint;
  charge: bigint;
  readonly details: Set<RateType>;
}

const NOTHING: readonly RateType[] = ['free', 'unanswered', 'before_billing_start'];
/** Call types whose charged minutes have a section of their own; the others are overage or other usage. */
const OWN_SECTIONS: Partial<Record<CallType, ChargeSection>> = {
  premium: 'premium',
  toll_free_inbound: 'toll_free_inbound',
  international: 'international',
  local: 'overage',
  long_distance: 'overage',
  internal: 'overage',
};

/** @param month of the calls: `2020-01` */
export function usageLines(account: Account, month: string, rows: readonly InvoiceUsageRow[]): DraftLine[] {
  const groupOf = billingGroups(account);
  const lines = new Map<string, CallsOfLine>();
  const add = (section: ChargeSection, row: InvoiceUsageRow, part: Partial<Sums>): void => {
    const group = groupOf(row.place);
    const key = [section, row.callType, group].join('\n');
    const known = lines.get(key) ?? { section, callType: row.callType, group, sums: noSums() };
    lines.set(key, known);
    addTo(known.sums, { ...row, ...part });
  };
  for (const row of rows) {
    const { callType, rateType } = row;
    // Calls that cost nothing, and not because the plan's minutes paid for them, are counted in the summary only.
    if (NOTHING.includes(rateType) && row.charge === 0n) continue;
    if (rateType === 'included') add('included_minutes', row, {});
    else add(OWN_SECTIONS[callType] ?? 'other_usage', row, {});
    if (rateType !== 'split') continue;
    // The part of split calls that the plan's minutes paid for is shown among them; the calls stand where they cost.
    const included = lines.get(['included_minutes', callType, groupOf(row.place)].join('\n'));
    if (included === undefined) {
      const sums = { ...noSums(), included: row.includedSeconds };
      const group = groupOf(row.place);
      lines.set(['included_minutes', callType, group].join('\n'), {
        section: 'included_minutes',
        callType,
        group,
        sums,
      });
    } else included.sums.included += row.includedSeconds;
  }
  return [...lines.values()].map((line) => {
    const { section, callType, sums } = line;
    const isOverage = sums.details.has('overage') || sums.details.has('split');
    const ofCosts: TextKey = isOverage ? 'line.overage' : 'line.usage';
    const key = section === 'included_minutes' ? 'line.included' : ofCosts;
    const description = textOf(languageOf(account), key, { call_type: callType });
    return lineOf(account, line, { description, month, adjustment: null });
  });
}

interface CallsOfLine {
  readonly section: ChargeSection;
  readonly callType: CallType;
  readonly group: string;
  readonly sums: Sums;
}

/** By the minute, but where calls that were billed before came to cost something else: these are one correction. */
function lineOf(
  account: Account,
  { section, callType, group, sums }: CallsOfLine,
  about: Pick<LineUsage, 'month' | 'adjustment'> & Pick<InvoiceLine, 'description'>,
): DraftLine {
  const { description, month, adjustment } = about;
  const minor = roundToMinorBig(sums.charge, CHARGE_SCALE, account.currency, 'half_up');
  const amount = formatScaled(minor, currencyOf(account.currency).minorDigits);
  const isOfMinutes = adjustment === null || adjustment.reason === 'late_call';
  const minutes = minutesOf(section === 'included_minutes' ? sums.included : sums.charged);
  return {
    minor,
    line: {
      section,
      id: callType,
      billing_group: group,
      description,
      period: null,
      quantity: isOfMinutes ? minutes : '1',
      unit: isOfMinutes ? 'minute' : 'once',
      unit_price: isOfMinutes ? null : amount,
      amount,
      usage: { month, adjustment, ...usageOf(callType, sums) },
    },
  };
}

function languageOf(account: Account): Language {
  return (account.billing ?? NO_BILLING).language;
}

function usageOf(callType: CallType, sums: Sums): Omit<LineUsage, 'month' | 'adjustment'> {
  return {
    calls: sums.calls,
    billable_minutes: minutesOf(sums.billable),
    included_minutes: minutesOf(sums.included),
    charged_minutes: minutesOf(sums.charged),
    exact_amount: formatScaled(sums.charge, CHARGE_SCALE),
    call_details: RATE_TYPES.filter((rateType) => sums.details.has(rateType)).map((rateType) => ({
      call_type: callType,
      rate_type: rateType,
    })),
  };
}

const ADJUSTMENT_TEXTS: Readonly<Record<UsageAdjustment['reason'], TextKey>> = {
  late_call: 'line.late_usage',
  settlement: 'line.reordered',
  rerate: 'line.repriced',
};

/** A line for each month, run and reason: what the calls cost more or less than they were billed with. */
export function adjustmentLines(account: Account, adjustments: readonly UsageAdjustment[]): DraftLine[] {
  const groupOf = billingGroups(account);
  const lines = new Map<string, CallsOfLine & { readonly first: UsageAdjustment }>();
  for (const adjustment of adjustments) {
    const { month, run, reason, callType, rateType, difference } = adjustment;
    if (NOTHING.includes(rateType) && difference === 0n) continue;
    const isIncluded = rateType === 'included' && difference === 0n;
    const section = isIncluded ? 'included_minutes' : (OWN_SECTIONS[callType] ?? 'other_usage');
    const group = groupOf(adjustment.place);
    const key = [month, run, reason, section, callType, group].join('\n');
    const known = lines.get(key) ?? { first: adjustment, section, callType, group, sums: noSums() };
    lines.set(key, known);
    addTo(known.sums, { ...adjustment, charge: difference });
  }
  return [...lines.values()].map((line) => {
    const { month, run, reason, callType } = line.first;
    const values = { call_type: callType, month, calls: String(line.sums.calls) };
    const description = textOf(languageOf(account), ADJUSTMENT_TEXTS[reason], values);
    return lineOf(account, line, { description, month, adjustment: { run, reason } });
  });
}

function noSums(): Sums {
  return { calls: 0, billable: 0n, included: 0n, charged: 0n, charge: 0n, details: new Set() };
}

function addTo(sums: Sums, row: Omit<InvoiceUsageRow, 'jurisdiction' | 'place' | 'currency'>): void {
  sums.calls += row.calls;
  sums.billable += row.billableSeconds;
  sums.included += row.includedSeconds;
  sums.charged += row.chargedSeconds;
  sums.charge += row.charge;
  sums.details.add(row.rateType);
}

/** The billing group of an extension or of one of the account's numbers. */
function billingGroups(account: Account): (place: string) => string {
  const groups = new Map<string, string>();
  for (const { number, billingGroup = '' } of account.numbers) groups.set(String(number), billingGroup);
  // The device says it of its extension, whatever number rings there.
  for (const { extension, billingGroup } of account.devices) {
    if (extension !== '' && billingGroup !== undefined) groups.set(extension, billingGroup);
  }
  return (place) => groups.get(place) ?? '';
}

export function usageSummary(language: Language, { rows, days }: AccountUsage): UsageSummary {
  const types = new Map<string, { callType: CallType; rateType: RateType; sums: Sums }>();
  const jurisdictions = new Map<string, bigint>();
  for (const row of rows) {
    const key = `${row.callType}/${row.rateType}`;
    const known = types.get(key) ?? { callType: row.callType, rateType: row.rateType, sums: noSums() };
    types.set(key, known);
    addTo(known.sums, row);
    jurisdictions.set(row.jurisdiction, (jurisdictions.get(row.jurisdiction) ?? 0n) + row.billableSeconds);
  }
  return {
    by_call_type: [...types.values()]
      .toSorted(
        (a, b) =>
          CALL_TYPES.indexOf(a.callType) - CALL_TYPES.indexOf(b.callType) ||
          RATE_TYPES.indexOf(a.rateType) - RATE_TYPES.indexOf(b.rateType),
      )
      .map(({ callType, rateType, sums }) => ({
        call_type: callType,
        rate_type: rateType,
        description: textOf(language, SUMMARY_TEXTS[rateType], { call_type: callType }),
        calls: sums.calls,
        billable_minutes: minutesOf(sums.billable),
        exact_amount: formatScaled(sums.charge, CHARGE_SCALE),
      })),
    by_day: days.map(({ day, calls, billableSeconds, charge }) => ({
      day,
      calls,
      billable_minutes: minutesOf(billableSeconds),
      exact_amount: formatScaled(charge, CHARGE_SCALE),
    })),
    by_jurisdiction: JURISDICTIONS.filter((jurisdiction) => jurisdictions.has(jurisdiction)).map(
      (jurisdiction) => ({ jurisdiction, billable_minutes: minutesOf(jurisdictions.get(jurisdiction)!) }),
    ),
  };
}

const SUMMARY_TEXTS: Readonly<Record<RateType, TextKey>> = {
  included: 'line.included',
  split: 'line.overage',
  overage: 'line.overage',
  metered: 'line.usage',
  free: 'line.free',
  unanswered: 'line.unanswered',
  before_billing_start: 'line.before_billing_start',
};
