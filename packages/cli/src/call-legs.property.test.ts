/** Calls that are forwarded again and again: each leg has one payer, who made or received it, in whatever order the legs come. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildCatalog } from '@tollstream/catalog';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quoteFile } from './quote-calls.ts';

const seed = Number(process.env['FC_SEED'] ?? 20_200_115);
const CASES = 60;
const ANSWERED = Date.parse('2020-01-15T15:00:00Z');

/** Without pools: with an allowance the order of the calls decides which of them is included. */
const FILES = {
  'catalog.yaml': 'version: 1\nname: Legs\n',
  'plans/plan.yaml': `id: plan
name: Plan
currency: USD
country: US
internal_uses_allowance: true
rules:
  internal: { tariff: flat }
  local: { tariff: flat }
  long_distance: { tariff: flat }
  premium: blocked
  toll_free_outbound: free
  toll_free_inbound: { tariff: flat }
  inbound: free
  international: { tariff: flat }
`,
  'tariffs/flat.yaml': `id: flat
name: Flat
currency: USD
rates:
  - { prefix: 1, rate: 0.02 }
  - { prefix: 1800, rate: 0.05 }
  - { prefix: 44, rate: 0.1 }
`,
  'accounts.yaml': `accounts:
  - id: a
    name: A
    plan: plan
    billing_start: 2019-01-01
    devices: [{ id: p1, kind: phone, extension: '101' }, { id: p2, kind: phone, extension: '102' }]
  - { id: b, name: B, plan: plan, billing_start: 2019-01-01 }
`,
  'numbers.csv': `number,account,kind,extension
+12125550100,a,did,101
+12125550101,a,did,102
+18005550100,a,toll_free,
+13055550100,b,did,
`,
};
const built = buildCatalog(
  new Map(Object.entries(FILES).map(([name, text]) => [name, Buffer.from(text)] as const)),
);

/** Parties, with who pays for what they make and receive; '' = nobody here. */
const NUMBERS: Readonly<Record<string, string>> = {
  '+12125550100': 'a',
  '+12125550101': 'a',
  '+18005550100': 'a',
  '+13055550100': 'b',
};
const FAR = ['+14155550188', '+442071234567'];

interface Leg {
  readonly event: Readonly<Record<string, unknown>>;
  readonly payer: string;
}

const minute = { answered_at: ANSWERED, started_at: ANSWERED, ended_at: ANSWERED + 61_000 };

/** The legs that switches report of a call from `caller` to the first number, forwarded from each number to the next. */
function legsOf(id: string, caller: string, chain: readonly string[]): Leg[] {
  const legs: Leg[] = [];
  const add = (payer: string, direction: string, to: string, redirecting?: string): void => {
    legs.push({
      payer,
      event: {
        call_id: `${id}-${legs.length}`,
        switch_id: 's',
        direction,
        from: caller,
        to,
        ...minute,
        ...(redirecting === undefined ? {} : { redirecting_number: redirecting }),
      },
    });
  };
  const [first = '', ...rest] = chain;
  if (NUMBERS[caller] !== undefined) add(NUMBERS[caller], 'outbound', first);
  if (NUMBERS[first] !== undefined) add(NUMBERS[first], 'inbound', first);
  let forwarding = first;
  for (const next of rest) {
    add(NUMBERS[forwarding]!, 'outbound', next, forwarding);
    if (NUMBERS[next] === undefined) break;
    // The header stands on the inbound leg as well, and says nothing about who owes that one.
    add(NUMBERS[next], 'inbound', next, forwarding);
    forwarding = next;
  }
  return legs;
}

/** Both sides of a call between extensions, and a call that was transferred from one of them to an outside number. */
function extensionLegs(id: string, isTransferred: boolean): Leg[] {
  const sides = ['outbound', 'inbound'].map((direction) => ({
    payer: 'a',
    event: { call_id: `${id}-${direction}`, direction, from: '101', to: '102' },
  }));
  const transfer = {
    payer: 'a',
    event: { call_id: `${id}-t`, direction: 'outbound', from: '+14155550188', to: '+442071234567' },
  };
  return [
    ...sides,
    ...(isTransferred
      ? [{ ...transfer, event: { ...transfer.event, redirecting_number: '102', parent_call_id: `${id}-0` } }]
      : []),
  ].map(({ payer, event }) => ({ payer, event: { ...event, ...minute, switch_id: 's', account: 'a' } }));
}

const forwarded = fc
  .record({
    caller: fc.constantFrom(...FAR, 'anonymous', '+13055550100', '+12125550100'),
    chain: fc.array(fc.constantFrom(...Object.keys(NUMBERS), ...FAR), { minLength: 1, maxLength: 4 }),
  })
  // A call from outside goes to a number of ours first.
  .filter(({ caller, chain }) => NUMBERS[caller] !== undefined || NUMBERS[chain[0]!] !== undefined)
  .filter(({ caller, chain }) => [caller, ...chain].every((each, i, all) => i === 0 || each !== all[i - 1]));
const legs = fc
  .tuple(fc.array(forwarded, { minLength: 1, maxLength: 6 }), fc.array(fc.boolean(), { maxLength: 3 }))
  .map(([calls, internal]) => [
    ...calls.flatMap(({ caller, chain }, i) => {
      // Only our own numbers forward.
      const known = NUMBERS[chain[0]!] === undefined ? chain.slice(0, 1) : chain;
      return legsOf(`c${i}`, caller, known);
    }),
    ...internal.flatMap((isTransferred, i) => extensionLegs(`i${i}`, isTransferred)),
  ]);

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'tollstream-legs-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function quote(all: readonly Leg[]): Promise<Map<string, { account: string; quote: unknown }>> {
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  const file = path.join(directory, 'legs.jsonl');
  writeFileSync(file, all.map(({ event }) => `${JSON.stringify(event)}\n`).join(''));
  const quotes = new Map<string, { account: string; quote: unknown }>();
  const options = { catalog: built.catalog, file, read: {}, explain: true, nowMs: ANSWERED + 86_400_000 };
  for await (const call of quoteFile(options)) {
    expect(call.kind).toBe('quoted');
    if (call.kind !== 'quoted') continue;
    expect(quotes.has(call.callId)).toBe(false);
    quotes.set(call.callId, { account: call.account, quote: call.result.quote });
  }
  return quotes;
}

it(`each leg has one payer, and the order of the legs changes nothing (${CASES} cases, seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      legs.chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        ),
      ),
      async ([all, shuffled]) => {
        const quotes = await quote(all);
        expect(quotes.size).toBe(all.length);
        for (const { event, payer } of all) {
          const id = event['call_id'] as string;
          expect([id, quotes.get(id)?.account]).toEqual([id, payer]);
          expect(quotes.get(id)?.quote).toMatchObject({ status: 'rated' });
        }
        const inOtherOrder = await quote(shuffled);
        expect(Object.fromEntries(inOtherOrder)).toEqual(Object.fromEntries(quotes));
        // Of the two sides of an internal call the one that placed it is charged.
        for (const [id, { quote: priced }] of quotes) {
          if (!id.startsWith('i')) continue;
          const expected = id.endsWith('-inbound') ? '0.000000' : undefined;
          if (expected !== undefined) expect(priced).toMatchObject({ charge: expected, rate_type: 'free' });
          else if (id.endsWith('-outbound'))
            expect(priced).toMatchObject({ charge: '0.040000', rate_type: 'metered' });
        }
      },
    ),
    { numRuns: CASES, seed },
  );
});
