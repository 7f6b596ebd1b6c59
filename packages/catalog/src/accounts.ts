/** Account files to accounts. */
import { FieldReader, type Fields, isObject, sequenceLength, yamlFields } from './fields.ts';
import { monthsLater, readAccountBilling } from './account-billing.ts';
import { NO_BILLING } from './billing-model.ts';
import type { AccountBilling, BillingTerms, InService } from './billing-model.ts';
import { isTimeZone, parseInstant } from './instants.ts';
import type { Account, BillingGroup, DestinationSet, OwnRules, Plan } from './model.ts';
import type { Place, ProblemList } from './problems.ts';
import type { Path, YamlFile } from './read-yaml.ts';
import { type RuleContext, readOwnRules, ruleSetOf } from './rules.ts';
import { readSpendLimits } from './spend-limits.ts';

type AccountNumber = Account['numbers'][number];

/** A number as its file says it; the group and the rules are the account's to know. */
export interface NumberEntry {
  readonly number: AccountNumber;
  /** Name of a rule set; '' = none. */
  readonly ruleSet: string;
  readonly place: (field: string) => Place;
}

interface ReadAccount {
  /** '' = it has none. */
  readonly id: string;
  readonly index: number;
  /** Null where what is written makes none. */
  readonly account: Account | null;
}

/** Accounts of one file, in its order, each with its numbers. They come one at a time: a catalog may have a million. */
export function* readAccounts(
  yaml: YamlFile,
  plans: ReadonlyMap<string, Plan>,
  planExists: (id: string) => boolean,
  numbersOf: (accountId: string) => readonly NumberEntry[],
  { tariffs, tariffExists }: Pick<RuleContext, 'tariffs' | 'tariffExists'>,
  sets: ReadonlyMap<string, DestinationSet>,
  defaults: { readonly timeZone: string; readonly terms: BillingTerms | null },
  problems: ProblemList,
): Generator<ReadAccount, undefined> {
  const reader = new FieldReader(problems);
  const list = isObject(yaml.value) ? yaml.value['accounts'] : null;
  for (let index = 0; index < sequenceLength(list); index++) {
    const fields = yamlFields(yaml, ['accounts', index]);
    const id = fields.text('id') ?? '';
    if (id === '') {
      yield { id, index, account: null };
      continue;
    }
    const planId = fields.text('plan');
    const plan = planId === undefined ? undefined : plans.get(planId);
    if (planId !== undefined && !planExists(planId)) {
      problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('plan'), 'There is no such plan');
    }
    let timeZone = fields.text('time_zone') ?? defaults.timeZone;
    if (!isTimeZone(timeZone)) {
      problems.add('TOLL_CATALOG_ZONE_UNKNOWN', fields.place('time_zone'), 'There is no such time zone');
      timeZone = 'UTC';
    }
    const country = reader.country(fields, 'dial_country', plan?.country ?? '');
    const own = ownRulesReader(yaml, index, plan, { tariffs, tariffExists }, problems);
    const rules = own.of(listAt(yaml, index, 'rules'), ['rules']);
    const billingGroups = readBillingGroups(yaml, index, own, problems);
    const devices = readDevices(yaml, index, own, problems);
    const numbers = numbersOf(id);
    checkBillingGroups(yaml, index, devices, numbers, billingGroups, problems);
    const spendLimits = readSpendLimits(yaml, ['accounts', index, 'spend_limits'], 'account', sets, problems);
    const ownNumbers = numbers.map(({ number, ruleSet, place }) => {
      const rulesOfNumber = ruleSet === '' ? undefined : own.named(ruleSet, place('rules'));
      return rulesOfNumber === undefined ? number : { ...number, rules: rulesOfNumber };
    });
    if (plan === undefined) {
      yield { id, index, account: null };
      continue;
    }
    const billing = readAccountBilling(yaml, index, plan, defaults.terms, planExists, problems);
    const billingStart = readBillingStart(fields, reader, timeZone, billing, problems);
    yield {
      id,
      index,
      account: {
        id,
        name: fields.text('name') ?? '',
        plan,
        timeZone,
        dialPlan: { country, areaCode: fields.text('area_code') ?? '' },
        currency: plan.currency,
        status: (fields.text('status') as Account['status']) ?? 'active',
        billingStart,
        address: readAddress(list, index),
        ...(rules === undefined ? {} : { rules }),
        ...(billingGroups.length === 0 ? {} : { billingGroups }),
        ...(spendLimits.length === 0 ? {} : { spendLimits }),
        devices,
        numbers: ownNumbers,
        isDefault: false,
        ...(billing === NO_BILLING ? {} : { billing }),
      },
    };
  }
}

/** Said, or what the contract makes of it: the day of its signature, after the free months. */
function readBillingStart(
  fields: Fields,
  reader: FieldReader,
  timeZone: string,
  { contract }: AccountBilling,
  problems: ProblemList,
): number {
  const ofContract = contract === null ? '' : monthsLater(contract.signedOn, contract.freeMonths);
  const agreed = ofContract === '' ? null : parseInstant(ofContract, timeZone);
  if (fields.text('billing_start') === undefined) {
    if (agreed !== null) return agreed;
    problems.add(
      'TOLL_CATALOG_STRUCTURE_INVALID',
      fields.place('id'),
      'The account has neither "billing_start" nor "contract"',
    );
  }
  const start = reader.instant(fields, 'billing_start', -Infinity, timeZone);
  if (agreed !== null && start < agreed) {
    problems.add(
      'TOLL_CATALOG_BILLING_START_EARLY',
      fields.place('billing_start'),
      `Billing starts before ${ofContract}, when the free months of the contract end`,
    );
  }
  return start;
}

export function readService(fields: Fields, reader: FieldReader): InService | null {
  const { from, to } = reader.days(fields);
  return from === '' && to === '' ? null : { from, to };
}

function readAddress(list: unknown, index: number): string[] {
  const account: unknown = Array.isArray(list) ? list[index] : null;
  const address = isObject(account) ? account['address'] : null;
  return Array.isArray(address) ? address.map(String) : [];
}

/** Reads rules that something of an account has instead of the plan's. */
interface OwnRulesReader {
  /** @param path where `written` stands in the account */
  of(written: unknown, path: Path): OwnRules | undefined;
  named(name: string, place: Place): OwnRules | undefined;
}

function ownRulesReader(
  yaml: YamlFile,
  index: number,
  plan: Plan | undefined,
  tariffs: Pick<RuleContext, 'tariffs' | 'tariffExists'>,
  problems: ProblemList,
): OwnRulesReader {
  const root: Path = ['accounts', index];
  // Made for those who have rules, who are few.
  let context: RuleContext | undefined;
  const read = (path: Path, sets: ReadonlyMap<string, OwnRules>): OwnRules | undefined => {
    context ??= {
      ...tariffs,
      pools: new Map((plan?.pools ?? []).map((pool) => [pool.id, pool])),
      currency: plan?.currency ?? '',
      owner: 'account',
    };
    return readOwnRules(yaml, [...root, ...path], sets, context, problems);
  };
  const sets = new Map<string, OwnRules>();
  for (const name of Object.keys(objectAt(yaml, index, 'rule_sets'))) {
    const rules = read(['rule_sets', name], NO_SETS);
    if (rules !== undefined) sets.set(name, rules);
  }
  return {
    of: (written, path) => (written === undefined ? undefined : read(path, sets)),
    named: (name, place) => ruleSetOf(name, sets, place, problems),
  };
}

const NO_SETS: ReadonlyMap<string, OwnRules> = new Map();

function readBillingGroups(
  yaml: YamlFile,
  index: number,
  own: OwnRulesReader,
  problems: ProblemList,
): BillingGroup[] {
  const groups: BillingGroup[] = [];
  const list = listAt(yaml, index, 'billing_groups');
  for (let i = 0; i < sequenceLength(list); i++) {
    const fields = yamlFields(yaml, ['accounts', index, 'billing_groups', i]);
    const id = fields.text('id') ?? '';
    if (groups.some((group) => group.id === id))
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), 'The account has this group twice');
    const rules = own.of(fieldAt(list, i, 'rules'), ['billing_groups', i, 'rules']);
    groups.push({ id, name: fields.text('name') ?? id, ...(rules === undefined ? {} : { rules }) });
  }
  return groups;
}

function readDevices(
  yaml: YamlFile,
  index: number,
  own: OwnRulesReader,
  problems: ProblemList,
): Account['devices'] {
  const reader = new FieldReader(problems);
  const devices: Account['devices'][number][] = [];
  const list = listAt(yaml, index, 'devices');
  for (let i = 0; i < sequenceLength(list); i++) {
    const fields = yamlFields(yaml, ['accounts', index, 'devices', i]);
    const id = fields.text('id') ?? '';
    if (devices.some((device) => device.id === id)) {
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), 'The account has this device twice');
    }
    const billingGroup = fields.text('billing_group');
    const rules = own.of(fieldAt(list, i, 'rules'), ['devices', i, 'rules']);
    const service = readService(fields, reader);
    devices.push({
      id,
      kind: fields.text('kind') ?? '',
      extension: fields.text('extension') ?? '',
      ...(billingGroup === undefined ? {} : { billingGroup }),
      ...(rules === undefined ? {} : { rules }),
      ...(service === null ? {} : { service }),
      ...(reader.flag(fields, 'low_usage', false) ? { isLowUsage: true } : {}),
    });
  }
  return devices;
}

/** Devices and numbers belong to groups that the account has. */
function checkBillingGroups(
  yaml: YamlFile,
  index: number,
  devices: Account['devices'],
  numbers: readonly NumberEntry[],
  groups: readonly BillingGroup[],
  problems: ProblemList,
): void {
  const check = (group: string | undefined, place: () => Place): void => {
    if (group === undefined || groups.some(({ id }) => id === group)) return;
    problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', place(), 'The account has no such billing group');
  };
  devices.forEach(({ billingGroup }, i) =>
    check(billingGroup, () => yaml.place(['accounts', index, 'devices', i, 'billing_group'])),
  );
  for (const { number, place } of numbers) check(number.billingGroup, () => place('billing_group'));
}

function fieldAt(list: unknown, index: number, name: string): unknown {
  const item: unknown = Array.isArray(list) ? list[index] : undefined;
  return isObject(item) ? item[name] : undefined;
}

function listAt(yaml: YamlFile, index: number, name: string): unknown {
  const account = (yaml.value as { accounts: unknown[] }).accounts[index];
  return isObject(account) ? account[name] : undefined;
}

function objectAt(yaml: YamlFile, index: number, name: string): Record<string, unknown> {
  const value = listAt(yaml, index, name);
  return isObject(value) ? value : {};
}
