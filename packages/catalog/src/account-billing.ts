/** What an account has agreed: contract, subscriptions, exemptions, and what happened that its invoices show. */
import { NO_BILLING } from './billing-model.ts';
import type { AccountBilling, AccountCharge, BillingTerms, Contract, Language } from './billing-model.ts';
import { listAt, textsAt } from './billing-terms.ts';
import { readEmail } from './email.ts';
import { FieldReader, isObject, yamlFields } from './fields.ts';
import type { Plan } from './model.ts';
import type { ProblemList } from './problems.ts';
import type { YamlFile } from './read-yaml.ts';
import { CHARGE_SCALE } from './scales.ts';

const KEYS = ['billing', 'contract', 'exemptions', 'services', 'one_time', 'credits', 'former_plans'];

/** @param terms of the catalog, where it has any: the prices of one-time charges */
export function readAccountBilling(
  yaml: YamlFile,
  index: number,
  plan: Plan,
  terms: BillingTerms | null,
  planExists: (id: string) => boolean,
  problems: ProblemList,
): AccountBilling {
  const written = listAt(yaml, ['accounts'])[index];
  if (!isObject(written) || KEYS.every((key) => written[key] === undefined)) return NO_BILLING;
  const reader = new FieldReader(problems);
  const at = (...path: (string | number)[]) => yamlFields(yaml, ['accounts', index, ...path]);
  const list = (name: string): unknown[] => listAt(yaml, ['accounts', index, name]);
  const billing = at('billing');
  return {
    country: reader.country(billing, 'country', ''),
    state: billing.text('state') ?? '',
    language: (billing.text('language') as Language) ?? 'en',
    email: readEmail(billing, problems),
    taxId: billing.text('tax_id') ?? '',
    autopay: reader.flag(billing, 'autopay', false),
    ...(billing.text('corrections') === undefined
      ? {}
      : {
          creditsCorrections:
            reader.oneOf(billing, 'corrections', ['next_invoice', 'credit_note'], 'next_invoice') ===
            'credit_note',
        }),
    contract: written['contract'] === undefined ? null : readContract(at('contract'), reader),
    exemptions: list('exemptions').map((_, i) => ({
      certificate: at('exemptions', i).text('certificate') ?? '',
      ...reader.days(at('exemptions', i)),
      covers: textsAt(yaml, ['accounts', index, 'exemptions', i, 'covers']),
    })),
    services: list('services').map((_, i) => {
      const fields = at('services', i);
      return {
        id: fields.text('id') ?? '',
        name: fields.text('name') ?? '',
        section: reader.oneOf(fields, 'kind', ['contact_centre', 'rental'], 'rental'),
        quantity: Number(fields.text('quantity') ?? 1),
        amount: reader.decimal(fields, 'amount', CHARGE_SCALE, 0),
        ...reader.days(fields),
        billingGroup: fields.text('billing_group') ?? '',
      };
    }),
    oneTime: list('one_time').map((_, i): AccountCharge => {
      const fields = at('one_time', i);
      const price = terms?.oneTimeCharges.find(({ id }) => id === fields.text('charge'));
      const amount = price?.amounts.get(plan.currency);
      if (amount === undefined) {
        const message = `billing.yaml has no such one-time charge in ${plan.currency}`;
        problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('charge'), message);
      }
      return {
        id: fields.text('charge') ?? '',
        date: reader.day(fields, 'date', ''),
        name: price?.name ?? '',
        amount: amount ?? 0,
        billingGroup: fields.text('billing_group') ?? '',
      };
    }),
    credits: list('credits').map((_, i) => {
      const fields = at('credits', i);
      return {
        id: `credit-${i + 1}`,
        date: reader.day(fields, 'date', ''),
        name: fields.text('name') ?? '',
        amount: reader.decimal(fields, 'amount', CHARGE_SCALE, 0),
        billingGroup: fields.text('billing_group') ?? '',
      };
    }),
    formerPlans: list('former_plans').map((_, i) => {
      const fields = at('former_plans', i);
      const planId = fields.text('plan') ?? '';
      if (!planExists(planId)) {
        problems.add('TOLL_CATALOG_REFERENCE_UNKNOWN', fields.place('plan'), 'There is no such plan');
      }
      return { planId, until: reader.day(fields, 'until', '') };
    }),
  };
}

function readContract(fields: ReturnType<typeof yamlFields>, reader: FieldReader): Contract {
  return {
    signedOn: reader.day(fields, 'signed', ''),
    freeMonths: Number(fields.text('free_months') ?? 0),
    termMonths: Number(fields.text('term_months') ?? 0),
    lowUsageDevices: Number(fields.text('low_usage_devices') ?? 0),
  };
}

/** The same day of a later month; its last day where the month is shorter. */
export function monthsLater(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + months, 0));
  const kept = Math.min(date, last.getUTCDate());
  return new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), kept)).toISOString().slice(0, 10);
}
