import type { Account, AccountBilling, BillingTerms, ChargeRule, Plan } from '@tollstream/catalog';
import { NO_BILLING } from '@tollstream/catalog';
import type { InvoiceUsageRow } from '../invoice-usage.ts';

const free: ChargeRule = { kind: 'free' };

export const PLAN: Plan = {
  id: 'standard',
  name: 'Standard',
  currency: 'USD',
  country: 'US',
  domesticCountries: new Set(['US']),
  premiumPrefixes: [],
  rules: {
    internal: free,
    local: free,
    long_distance: free,
    premium: free,
    toll_free_outbound: free,
    toll_free_inbound: free,
    inbound: free,
    international: free,
    emergency: free,
    service_code: free,
  },
  internalUsesAllowance: false,
  billsZeroLength: false,
  pools: [],
  recurring: [
    { id: 'phone', name: 'Phone service', per: 'device', amount: 19_950_000 },
    { id: 'did', name: 'Telephone number', per: 'did', amount: 1_000_000 },
    { id: 'toll-free-did', name: 'Toll-free number', per: 'toll_free_did', amount: 4_950_000 },
  ],
};

/** Three phones, two numbers, on the standard plan since ever. */
export function accountOn(changes: Partial<Account>): Account {
  return {
    id: 'riverside-dental',
    name: 'Riverside Dental Group',
    plan: PLAN,
    timeZone: 'America/New_York',
    dialPlan: { country: 'US', areaCode: '212' },
    currency: 'USD',
    status: 'active',
    billingStart: Number.NEGATIVE_INFINITY,
    address: ['200 Example Plaza, Suite 4', 'New York, NY 10001'],
    devices: ['101', '102', '103'].map((extension) => ({
      id: `phone-${extension}`,
      kind: 'phone',
      extension,
    })),
    numbers: [12125550100, 12125550101].map((number) => ({ number, kind: 'did', extension: '101' })),
    isDefault: false,
    ...changes,
  };
}

/** Ten local calls of 906 s in all, beyond the included minutes. */
export function usageRow(changes: Partial<InvoiceUsageRow>): InvoiceUsageRow {
  return {
    callType: 'local',
    rateType: 'overage',
    currency: 'USD',
    calls: 10,
    billableSeconds: 906n,
    includedSeconds: 0n,
    chargedSeconds: 906n,
    charge: 302_000n,
    jurisdiction: 'intrastate',
    place: '101',
    ...changes,
  };
}

/** In New York, taxed and billed by the terms below. */
export function billingOf(changes: Partial<AccountBilling>): AccountBilling {
  return { ...NO_BILLING, country: 'US', state: 'NY', ...changes };
}

const rate = {
  name: 'State tax',
  country: 'US',
  state: 'NY',
  from: '2019-01-01',
  to: '',
  percent: 0,
  amount: 0,
  source: 'law',
};

/** Two fees and a tax of 4 %. */
export const TERMS: BillingTerms = {
  seller: {
    name: 'Seller',
    address: ['1 Street'],
    country: 'US',
    taxId: '',
    email: '',
    phone: '',
    website: '',
  },
  remittances: [{ country: 'US', currency: 'USD', lines: [{ label: 'bank', value: 'Example Bank' }] }],
  invoicePrefix: 'INV-',
  creditNotePrefix: 'CN-',
  paymentDays: 15,
  disputeDays: 15,
  cancellationDays: 10,
  autopayDay: 10,
  oneTimeCharges: [],
  fees: [
    {
      id: 'rrf',
      name: 'Regulatory recovery fee',
      kind: 'per_unit',
      countries: ['US'],
      base: [],
      per: 'did',
      share: 'safe_harbour',
      safeHarbourPercent: 64_900_000,
    },
    {
      id: 'usf',
      name: 'Universal Service Fund',
      kind: 'contribution',
      countries: ['US'],
      base: ['service_fee', 'did', 'overage', 'international'],
      per: 'did',
      share: 'safe_harbour',
      safeHarbourPercent: 64_900_000,
    },
  ],
  feeRates: [{ ...rate, id: 'rrf', state: '', amount: 850_000 }],
  taxRates: [{ ...rate, id: 'us-ny', percent: 4_000_000 }],
  contributionFactors: new Map([['2020Q1', { percent: 21_200_000, source: 'FCC' }]]),
};
