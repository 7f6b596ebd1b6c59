/** Which alerts of spend limits the rated calls ask for, worked out once more from the catalogs' data, slowly and plainly. */
import type { Catalog, SpendLimit } from '@tollstream/catalog';
import { digitsOf, type AuditedCall, type ExpectedRow } from './model.ts';

/** What the calls of one account have done to one of its limits. */
interface Course {
  form: string;
  /** Offset of the accepted block from which on it counts in this form. */
  since: number;
  /** By what the clock shows of the window. */
  sums: Map<string, bigint>;
  told: Set<string>;
}

export interface SpendEffects {
  /** Limits that begin or end with this call, as `account limit`. */
  readonly starts: string[];
  readonly alerts: string[];
}

/** The simulated calls lie within some 36 hours: no window is closed for one that comes late. */
export class SpendModel {
  readonly #courses = new Map<string, Course>();

  /** @param offset of the accepted block in which the call came */
  add(
    call: AuditedCall,
    { callType, charge, currency }: ExpectedRow,
    catalog: Catalog,
    offset: number,
  ): SpendEffects {
    const effects: SpendEffects = { starts: [], alerts: [] };
    if (charge === 0n) return effects;
    const account = catalog.accounts.get(call.account)!;
    const limits = new Map<string, SpendLimit>();
    for (const limit of [...(account.plan.spendLimits ?? []), ...(account.spendLimits ?? [])])
      limits.set(limit.id, limit);
    for (const key of this.#courses.keys()) {
      const [of, id = ''] = key.split(' ');
      if (of !== account.id || limits.has(id)) continue;
      this.#courses.delete(key);
      effects.starts.push(`${key} ends`);
    }
    for (const limit of limits.values()) {
      const key = `${account.id} ${limit.id}`;
      const form = formOf(limit, account.timeZone);
      let course = this.#courses.get(key);
      if (course?.form !== form) {
        course = { form, since: offset, sums: new Map(), told: new Set() };
        this.#courses.set(key, course);
        effects.starts.push(`${key} starts`);
      }
      if (!isCounted(limit, callType, digitsOf(call.to))) continue;
      const window = shown(call.startedAt, limit.window, account.timeZone);
      const sum = (course.sums.get(window) ?? 0n) + charge;
      course.sums.set(window, sum);
      for (const percent of limit.thresholds) {
        const alert = `${window} ${percent} ${limit.amount}`;
        if (sum * 100n < BigInt(limit.amount) * BigInt(percent) || course.told.has(alert)) continue;
        course.told.add(alert);
        effects.alerts.push(
          `${key} ${limit.window} ${alert}: ${sum} ${currency} with ${call.callId} of ${charge} since ${course.since}`,
        );
      }
    }
    return effects;
  }
}

function formOf({ window, callTypes, destinations }: SpendLimit, timeZone: string): string {
  const sets = destinations.map((set) => [[...(set.callTypes ?? [])].sort(), [...set.prefixes].sort()]);
  return JSON.stringify([window, timeZone, callTypes === null ? 'any' : [...callTypes].sort(), sets]);
}

function isCounted({ callTypes, destinations }: SpendLimit, callType: string, to: string): boolean {
  if (callTypes === null && destinations.length === 0) return true;
  if (callTypes !== null && ([...callTypes] as string[]).includes(callType)) return true;
  return destinations.some((set) => {
    if (set.callTypes !== null && !([...set.callTypes] as string[]).includes(callType)) return false;
    return set.prefixes.some((prefix) => to.startsWith(prefix));
  });
}

const SHOWN_CHARACTERS = { hour: 13, day: 10, month: 7 } as const;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** What the clock of the zone shows of the window that holds an instant. */
export function shown(atMs: number, window: SpendLimit['window'], timeZone: string): string {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    clocks.set(timeZone, clock);
  }
  return clock.format(atMs).slice(0, SHOWN_CHARACTERS[window]).replace(' ', 'T');
}
