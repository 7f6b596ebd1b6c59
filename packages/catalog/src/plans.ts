/** Plan files to plans. */
import { FieldReader, isObject, sequenceLength, yamlFields } from './fields.ts';
import type { CallTypeName, ChargeRule, DestinationSet, Plan, RecurringCharge, Tariff } from './model.ts';
import { readPools } from './pools.ts';
import type { ProblemList } from './problems.ts';
import type { YamlFile } from './read-yaml.ts';
import { FREE, readRule } from './rules.ts';
import { CHARGE_SCALE } from './scales.ts';
import { readSpendLimits } from './spend-limits.ts';
import { textsAt } from './billing-terms.ts';
import { isPrefix } from './tariffs.ts';

/**
 * @param tariffs      those that could be read
 * @param tariffExists also for tariffs whose own file is broken: a reference to them is not a second problem
 */
export function readPlan(
  yaml: YamlFile,
  tariffs: ReadonlyMap<string, Tariff>,
  tariffExists: (id: string) => boolean,
  sets: ReadonlyMap<string, DestinationSet>,
  problems: ProblemList,
): Plan {
  const reader = new FieldReader(problems);
  const head = yamlFields(yaml, []);
  const value = isObject(yaml.value) ? yaml.value : {};
  const country = reader.country(head, 'country', '');
  const currency = reader.currency(head, 'currency', '');
  const pools = readPools(yaml, value['pools'], sets, problems);

  function rule(type: CallTypeName): ChargeRule {
    return (
      readRule(yaml, ['rules', type], { tariffs, tariffExists, pools, currency, owner: 'plan' }, problems) ??
      FREE
    );
  }

  const spendLimits = readSpendLimits(yaml, ['spend_limits'], 'plan', sets, problems);
  const domestic = readCountries(yaml, value['domestic_countries'], reader);
  return {
    id: head.text('id') ?? '',
    name: head.text('name') ?? '',
    currency,
    country,
    domesticCountries: new Set(domestic.length > 0 ? domestic : [country]),
    premiumPrefixes: readPrefixes(yaml, value['premium_prefixes'], problems),
    rules: {
      internal: rule('internal'),
      local: rule('local'),
      long_distance: rule('long_distance'),
      premium: rule('premium'),
      toll_free_outbound: rule('toll_free_outbound'),
      toll_free_inbound: rule('toll_free_inbound'),
      inbound: rule('inbound'),
      international: rule('international'),
      // A call for help costs nothing under any plan; no file can say otherwise.
      emergency: FREE,
      service_code: rule('service_code'),
    },
    internalUsesAllowance: reader.flag(head, 'internal_uses_allowance', false),
    billsZeroLength:
      reader.oneOf(head, 'zero_length_calls', ['free', 'initial_interval'], 'free') === 'initial_interval',
    pools: [...pools.values()],
    ...(spendLimits.length === 0 ? {} : { spendLimits }),
    recurring: readRecurring(yaml, value['recurring'], reader, problems),
    ...(reader.oneOf(head, 'removals', ['end_of_month', 'credited'], 'end_of_month') === 'credited'
      ? { creditsRemovals: true }
      : {}),
    ...(reader.oneOf(head, 'corrections', ['next_invoice', 'credit_note'], 'next_invoice') === 'credit_note'
      ? { creditsCorrections: true }
      : {}),
  };
}

function readCountries(yaml: YamlFile, value: unknown, reader: FieldReader): string[] {
  const fields = yamlFields({ ...yaml, value: { ...(value as object) } }, []);
  const place = (index: string) => yaml.place(['domestic_countries', Number(index)]);
  return Array.from({ length: sequenceLength(value) }, (_, i) =>
    reader.country({ text: fields.text, place }, String(i), ''),
  ).filter((country) => country !== '');
}

function readPrefixes(yaml: YamlFile, value: unknown, problems: ProblemList): string[] {
  const prefixes: string[] = [];
  for (let i = 0; i < sequenceLength(value); i++) {
    const prefix = String((value as unknown[])[i]);
    const place = yaml.place(['premium_prefixes', i]);
    if (!isPrefix(prefix)) {
      problems.add('TOLL_CATALOG_PREFIX_INVALID', place, 'This is no prefix of an E.164 number');
    } else if (prefixes.includes(prefix)) {
      problems.add(
        'TOLL_CATALOG_ID_DUPLICATE',
        place,
        'The plan has this premium prefix twice',
        'Remove one.',
      );
    } else prefixes.push(prefix);
  }
  return prefixes;
}

function readRecurring(
  yaml: YamlFile,
  value: unknown,
  reader: FieldReader,
  problems: ProblemList,
): RecurringCharge[] {
  const charges: RecurringCharge[] = [];
  for (let i = 0; i < sequenceLength(value); i++) {
    const fields = yamlFields(yaml, ['recurring', i]);
    const id = fields.text('id') ?? '';
    if (charges.some((charge) => charge.id === id)) {
      problems.add('TOLL_CATALOG_ID_DUPLICATE', fields.place('id'), 'The plan has this charge twice');
    }
    charges.push({
      id,
      name: fields.text('name') ?? '',
      per: fields.text('per') as RecurringCharge['per'],
      amount: reader.decimal(fields, 'amount', CHARGE_SCALE, 0),
      ...detailsOf(yaml, i, reader),
    });
  }
  return charges;
}

function detailsOf(
  yaml: YamlFile,
  index: number,
  reader: FieldReader,
): Pick<RecurringCharge, 'kinds' | 'lowUsage'> {
  const kinds = textsAt(yaml, ['recurring', index, 'kinds']);
  const low = yamlFields(yaml, ['recurring', index, 'low_usage']);
  const hasLow = low.text('amount') !== undefined;
  return {
    ...(kinds.length > 0 ? { kinds } : {}),
    ...(hasLow
      ? {
          lowUsage: {
            amount: reader.decimal(low, 'amount', CHARGE_SCALE, 0),
            minimumPhones: Number(low.text('minimum_phones') ?? 20),
          },
        }
      : {}),
  };
}
