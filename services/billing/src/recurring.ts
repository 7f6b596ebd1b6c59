/** Recurring charges: of devices, numbers, the account and its subscriptions, for the days that `periods.ts` says. */
import type { Account, Device, Plan, RecurringCharge, RecurringUnit } from '@tollstream/catalog';
import { NO_BILLING } from '@tollstream/catalog';
import { CHARGE_SCALE } from '@tollstream/contracts';
import { currencyOf, formatScaled, roundDivBig } from '@tollstream/money';
import { compare, priceText } from './draft-line.ts';
import type { DraftLine } from './draft-line.ts';
import { dateText, daysIn, monthText } from './month.ts';
import type { Month } from './month.ts';
import { chargedDays, daysAfter, isWhole, periodKey } from './periods.ts';
import type { ChargedDays, ServiceTime } from './periods.ts';
import { planOn, planChangesIn } from './plan-history.ts';
import type { PlanHistory } from './plan-history.ts';
import { textOf } from './texts/texts.ts';
import type { TextKey } from './texts/texts.ts';

/** One device, number, extension or account that is charged for. */
interface Unit extends ServiceTime {
  readonly billingGroup: string;
  readonly isLowUsage: boolean;
}

/** One unit charged for some days. */
interface Charged {
  readonly section: 'service_fee' | 'did' | 'contact_centre' | 'rental';
  readonly id: string;
  readonly name: string;
  readonly unit: RecurringUnit | 'service';
  readonly amount: number;
  readonly quantity: number;
  readonly isLowUsage: boolean;
  readonly billingGroup: string;
  readonly period: ChargedDays;
}

/** @param start first day of billing, null = it never begins */
export function recurringLines(
  account: Account,
  month: Month,
  {
    start,
    end,
    history,
  }: { readonly start: string | null; readonly end: string; readonly history: PlanHistory },
): DraftLine[] {
  if (start === null || account.status === 'closed') return [];
  const life: ServiceTime = { from: start, to: end };
  const ofPlans = [
    ...planOn(history, dateText(month)).recurring.flatMap((charge) =>
      chargesOf(account, charge, month, life, planOn(history, dateText(month))),
    ),
    ...planChangesIn(history, month).flatMap(({ before, after, until }) => [
      ...changedPlan(account, before, month, life, until, true),
      ...changedPlan(account, after, month, life, until, false),
    ]),
  ];
  return merged([...ofPlans, ...subscriptions(account, month, life)]).map((charged) =>
    lineOf(account, charged),
  );
}

function chargesOf(
  account: Account,
  charge: RecurringCharge,
  month: Month,
  life: ServiceTime,
  plan: Plan,
): Charged[] {
  const creditsRemovals = plan.creditsRemovals === true;
  const units = unitsOf(account, charge, life);
  return pricedUnits(account, charge, units, month).flatMap(({ unit, amount, isLowUsage }) =>
    chargedDays(unit, month, { creditsRemovals }).map((period) =>
      charged(charge, unit, amount, isLowUsage, period),
    ),
  );
}

/** A plan left in mid-month is given back for the days after it, and the next one charged for them. */
function changedPlan(
  account: Account,
  plan: Plan,
  month: Month,
  life: ServiceTime,
  until: string,
  isCredit: boolean,
): Charged[] {
  return plan.recurring.flatMap((charge) => {
    const units = unitsOf(account, charge, life).filter(
      ({ from, to }) => from <= until && (to === '' || to > until),
    );
    return pricedUnits(account, charge, units, month).map(({ unit, amount, isLowUsage }) =>
      charged(charge, unit, amount, isLowUsage, daysAfter(until, month, isCredit)),
    );
  });
}

function charged(
  charge: RecurringCharge,
  unit: Unit,
  amount: number,
  isLowUsage: boolean,
  period: ChargedDays,
): Charged {
  return {
    section: charge.per.endsWith('did') ? 'did' : 'service_fee',
    id: charge.id,
    name: charge.name,
    unit: charge.per,
    amount,
    quantity: 1,
    isLowUsage,
    billingGroup: unit.billingGroup,
    period,
  };
}

function subscriptions(account: Account, month: Month, life: ServiceTime): Charged[] {
  return (account.billing ?? NO_BILLING).services.flatMap((service) =>
    chargedDays(within(service, life), month, { creditsRemovals: account.plan.creditsRemovals === true }).map(
      (period) => ({
        section: service.section,
        id: service.id,
        name: service.name,
        unit: 'service' as const,
        amount: service.amount,
        quantity: service.quantity,
        isLowUsage: false,
        billingGroup: service.billingGroup,
        period,
      }),
    ),
  );
}

/**
 * Low-usage devices at their discount: only when the account has enough phones on the 1st, and as many as the contract allows, in the
 * order of the catalog.
 */
function pricedUnits(
  account: Account,
  charge: RecurringCharge,
  units: readonly Unit[],
  month: Month,
): { unit: Unit; amount: number; isLowUsage: boolean }[] {
  const { lowUsage } = charge;
  const quota = account.billing?.contract?.lowUsageDevices ?? 0;
  const isOpen = lowUsage !== undefined && phonesOn(account, dateText(month)) >= lowUsage.minimumPhones;
  let left = isOpen ? quota : 0;
  return units.map((unit) => {
    const isLow = lowUsage !== undefined && unit.isLowUsage && left > 0;
    if (isLow) left -= 1;
    return { unit, amount: isLow ? lowUsage.amount : charge.amount, isLowUsage: isLow };
  });
}

function phonesOn({ devices }: Account, day: string): number {
  return devices.filter(
    ({ kind, service }) =>
      kind === 'phone' &&
      (service === undefined || (service.from <= day && (service.to === '' || service.to >= day))),
  ).length;
}

const NUMBER_UNITS: Readonly<Record<string, string>> = {
  did: 'did',
  toll_free_did: 'toll_free',
  inbound_only_did: 'inbound_only',
  international_did: 'international',
};

function unitsOf(account: Account, charge: RecurringCharge, life: ServiceTime): Unit[] {
  const ofKind = (device: Device): boolean => charge.kinds?.includes(device.kind) ?? true;
  switch (charge.per) {
    case 'account':
      return [{ ...life, billingGroup: '', isLowUsage: false }];
    case 'device':
      return account.devices.filter(ofKind).map((device) => deviceUnit(device, life));
    case 'extension':
      return extensions(account.devices.filter(ofKind)).map((device) => deviceUnit(device, life));
    default:
      return account.numbers
        .filter(({ kind }) => kind === NUMBER_UNITS[charge.per])
        .map(({ service, billingGroup = '' }) => ({
          ...within(service, life),
          billingGroup,
          isLowUsage: false,
        }));
  }
}

function deviceUnit({ service, billingGroup = '', isLowUsage }: Device, life: ServiceTime): Unit {
  return {
    ...within(service, life),
    billingGroup,
    isLowUsage: isLowUsage === true,
  };
}

/** The device of each extension that is longest in service: an extension is charged once, whatever rings there. */
function extensions(devices: readonly Device[]): Device[] {
  const byExtension = new Map<string, Device>();
  for (const device of devices) {
    const known = byExtension.get(device.extension);
    const isLonger =
      known === undefined ||
      (known.service?.to ?? '') !== '' ||
      (device.service?.from ?? '') < (known.service?.from ?? '');
    if (isLonger) byExtension.set(device.extension, device);
  }
  return [...byExtension.values()];
}

function within(service: ServiceTime | undefined, life: ServiceTime): ServiceTime {
  if (service === undefined) return life;
  const ends = [service.to, life.to].filter((end) => end !== '').sort();
  return { from: service.from > life.from ? service.from : life.from, to: ends[0] ?? '' };
}

/** Units of one price, group and period on one line. */
function merged(all: readonly Charged[]): Charged[] {
  const lines = new Map<string, Charged>();
  for (const one of all) {
    const { section, id, amount, isLowUsage, billingGroup, period } = one;
    const key = [section, id, amount, isLowUsage, billingGroup, periodKey(period)].join('\n');
    const known = lines.get(key);
    lines.set(key, known === undefined ? one : { ...known, quantity: known.quantity + one.quantity });
  }
  // Older months first, what is given back before what is charged instead.
  return [...lines.values()].toSorted(
    (a, b) => compare(a.period.from, b.period.from) || Number(b.period.isCredit) - Number(a.period.isCredit),
  );
}

function lineOf(account: Account, charged: Charged): DraftLine {
  const { period, name, quantity, amount, isLowUsage } = charged;
  const { minorDigits } = currencyOf(account.currency);
  const of = daysIn(period.month);
  const exact = BigInt(amount) * BigInt(quantity) * BigInt(period.days) * (period.isCredit ? -1n : 1n);
  const minor = roundDivBig(exact, BigInt(of) * 10n ** BigInt(CHARGE_SCALE - minorDigits), 'half_up');
  const key = `line.${isLowUsage ? 'low_usage' : 'recurring'}${suffix(period)}` as TextKey;
  const values = {
    name,
    month: monthText(period.month),
    ...(isWhole(period) ? {} : { days: String(period.days), of: String(of) }),
  };
  return {
    minor,
    line: {
      section: charged.section,
      id: charged.id,
      billing_group: charged.billingGroup,
      description: textOf((account.billing ?? NO_BILLING).language, key, values),
      period: { from: period.from, to: period.to },
      quantity: String(quantity),
      unit: charged.unit,
      unit_price: priceText(amount, minorDigits),
      amount: formatScaled(minor, minorDigits),
      usage: null,
    },
  };
}

function suffix(period: ChargedDays): string {
  if (period.isCredit) return '_credit';
  return isWhole(period) ? '' : '_part';
}
