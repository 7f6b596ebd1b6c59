/** Account files and the number list to accounts. */
import { FieldReader, csvFields, isObject, sequenceLength, yamlFields } from './fields.ts';
import { type NormalizedNumber, normalize } from '@tollstream/numbering';
import { isTimeZone } from './instants.ts';
import type { Account, Plan } from './model.ts';
import type { ProblemList } from './problems.ts';
import { readCsv } from './read-csv.ts';
import type { YamlFile } from './read-yaml.ts';

const NUMBER_COLUMNS = ['number', 'account', 'kind', 'extension'] as const;

type AccountNumber = Account['numbers'][number];
export type NumbersByAccount = ReadonlyMap<string, readonly AccountNumber[]>;

/** Accounts of one file, in its order. `numbers` are attached to them. */
export function readAccounts(
  yaml: YamlFile,
  plans: ReadonlyMap<string, Plan>,
  planExists: (id: string) => boolean,
  numbers: NumbersByAccount,
  defaultTimeZone: string,
  problems: ProblemList,
): { readonly account: Account; readonly index: number }[] {
  const reader = new FieldReader(problems);
  const list = isObject(yaml.value) ? yaml.value['accounts'] : null;
  const accounts: { account: Account; index: number }[] = [];
  for (let index = 0; index < sequenceLength(list); index++) {
    const fields = yamlFields(yaml, ['accounts', index]);
    const id = fields.text('id');
    if (id === undefined) continue;
    const planId = fields.text('plan');
    const plan = planId === undefined ? undefined : plans.get(planId);
    if (planId !== undefined && !planExists(planId)) {
      problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('plan'), 'There is no such plan');
    }
    let timeZone = fields.text('time_zone') ?? defaultTimeZone;
    if (!isTimeZone(timeZone)) {
      problems.add('TOLL_CATALOG_ZONE_UNKNOWN', fields.place('time_zone'), 'There is no such time zone');
      timeZone = 'UTC';
    }
    const billingStart = reader.instant(fields, 'billing_start', -Infinity, timeZone);
    const country = reader.country(fields, 'dial_country', plan?.country ?? '');
    const devices = readDevices(yaml, index, problems);
    if (plan === undefined) continue;
    accounts.push({
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
        devices,
        numbers: numbers.get(id) ?? [],
        isDefault: false,
      },
    });
  }
  return accounts;
}

function readAddress(list: unknown, index: number): string[] {
  const account: unknown = Array.isArray(list) ? list[index] : null;
  const address = isObject(account) ? account['address'] : null;
  return Array.isArray(address) ? address.map(String) : [];
}

function readDevices(yaml: YamlFile, index: number, problems: ProblemList): Account['devices'] {
  const account = (yaml.value as { accounts: unknown[] }).accounts[index];
  const devices: Account['devices'][number][] = [];
  for (let i = 0; i < sequenceLength(isObject(account) ? account['devices'] : null); i++) {
    const fields = yamlFields(yaml, ['accounts', index, 'devices', i]);
    const id = fields.text('id') ?? '';
    if (devices.some((device) => device.id === id)) {
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), 'The account has this device twice');
    }
    devices.push({ id, kind: fields.text('kind') ?? '', extension: fields.text('extension') ?? '' });
  }
  return devices;
}

function isE164(digits: string): boolean {
  if (!/^[1-9]\d{0,14}$/.test(digits)) return false;
  const out: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };
  return normalize(`+${digits}`, { country: '', areaCode: '' }, out).kind === 'e164';
}

export function readNumbers(
  file: string,
  text: string,
  accountExists: (id: string) => boolean,
  problems: ProblemList,
): NumbersByAccount {
  const numbers = new Map<string, AccountNumber[]>();
  const csv = readCsv(file, text, NUMBER_COLUMNS, ['number', 'account'], problems);
  if (csv === null) return numbers;
  const reader = new FieldReader(problems);
  const owners = new Map<number, { account: string; record: number }>();
  const fields = csvFields(csv);
  for (let record = 0; record < csv.records; record++) {
    fields.moveTo(record);
    const digits = (fields.text('number') ?? '').replace(/^\+/, '');
    const account = fields.text('account') ?? '';
    const kind = reader.oneOf(fields, 'kind', ['did', 'toll_free'], 'did');
    const number = Number(digits);
    if (!isE164(digits)) {
      problems.add('TOLL_CATALOG_NUMBER_INVALID', fields.place('number'), 'This is no E.164 number');
      continue;
    }
    if (!accountExists(account)) {
      problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('account'), 'There is no such account');
    }
    const owner = owners.get(number);
    if (owner !== undefined) {
      const line = csv.place(owner.record, 'number').line;
      const message = `The number already belongs to account ${owner.account} on line ${line}`;
      problems.add('TOLL_CATALOG_NUMBER_DUPLICATE', fields.place('number'), message);
      continue;
    }
    owners.set(number, { account, record });
    const own = numbers.get(account) ?? [];
    own.push({ number, kind, extension: fields.text('extension') ?? '' });
    numbers.set(account, own);
  }
  return numbers;
}
