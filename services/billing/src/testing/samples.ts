import type { Account, ChargeRule, Plan } from '@tollstream/catalog';
import type { UsageRow } from '../usage-summary.ts';

const free: ChargeRule = { kind: 'free' };

const PLAN: Plan = {
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
export function usageRow(changes: Partial<UsageRow>): UsageRow {
  return {
    callType: 'local',
    rateType: 'overage',
    currency: 'USD',
    calls: 10,
    billableSeconds: 906n,
    includedSeconds: 0n,
    chargedSeconds: 906n,
    charge: 302_000n,
    ...changes,
  };
}
