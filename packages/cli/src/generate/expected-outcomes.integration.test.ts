/** The pipeline's own parts must agree with the tally: what the sample's calls become is known before they are sent. */
import { loadCatalog, renderProblems } from '@tollstream/catalog';
import { type CallEvent, parseCallEventJson } from '@tollstream/contracts';
import { type NormalizedNumber, normalize } from '@tollstream/numbering';
import {
  type Priced,
  UNUSED_ALLOWANCE,
  type Unpriceable,
  compileRateTable,
  emptyCall,
  priceCall,
} from '@tollstream/rating-engine';
import { expect, test } from 'vitest';
import { type CallTally, generateCalls } from './generate-calls.ts';

const SAMPLE = new URL('../../../../examples/hosted-phone', import.meta.url).pathname;
const CALLS = 40_000;
const NORTH_AMERICA = { country: 'US', areaCode: '' };

test('normalising and pricing the sample gives the tally', async () => {
  const loaded = await loadCatalog(SAMPLE);
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems));
  const { catalog } = loaded;
  const table = compileRateTable(catalog);
  const callTypes = new Map<string, number>();
  const suspended = new Map<string, number>();
  const seen = new Set<string>();

  function price(event: CallEvent): Priced | Unpriceable {
    const inbound = event.direction === 'inbound';
    const own = readNumber(inbound ? event.to : event.from, NORTH_AMERICA);
    const accountId = event.account ?? catalog.accountByNumber.get(own.number)?.id ?? '';
    const account = table.account(accountId);
    if (account === null) return { kind: 'unpriceable', code: 'account_unknown', detail: accountId };
    const { dialPlan } = account.account;
    const to = readNumber(event.to, dialPlan);
    const call = emptyCall();
    call.direction = event.direction;
    call.originNumber = readNumber(event.from, dialPlan).number;
    call.destinationNumber = to.number;
    call.destinationText = to.text;
    call.originalDestinationNumber =
      event.originalTo === null ? 0 : readNumber(event.originalTo, dialPlan).number;
    call.device = event.device ?? '';
    call.startedAt = event.startedAt;
    call.answeredAt = event.answeredAt ?? 0;
    call.endedAt = event.endedAt;
    return priceCall(call, account, UNUSED_ALLOWANCE);
  }
  const generator = generateCalls({ calls: CALLS, seed: 2020, catalog });
  let tally: CallTally;
  for (;;) {
    const next = generator.next();
    if (next.done) {
      tally = next.value;
      break;
    }
    const decoded = parseCallEventJson(next.value);
    if (decoded.kind !== 'call' || decoded.call.endedAt < decoded.call.startedAt) continue;
    if (decoded.call.endedAt - decoded.call.startedAt > 30 * 86_400_000) continue;
    if (seen.has(decoded.call.callId)) continue;
    seen.add(decoded.call.callId);
    const result = price(decoded.call);
    if (result.kind === 'priced') callTypes.set(result.callType, (callTypes.get(result.callType) ?? 0) + 1);
    else suspended.set(result.code, (suspended.get(result.code) ?? 0) + 1);
  }

  const unknownDestinations =
    (suspended.get('destination_unknown') ?? 0) + (suspended.get('number_invalid') ?? 0);
  expect({
    ...Object.fromEntries(suspended),
    number_invalid: undefined,
    destination_unknown: unknownDestinations,
  }).toEqual(tally.suspendedByCode);
  for (const type of ['premium', 'emergency', 'internal', 'service_code'] as const) {
    // Those of the closed account and of unknown accounts are suspended and have no type.
    expect(callTypes.get(type), type).toBeGreaterThan(tally.byKind[type] * 0.9);
  }
  // Whether a North American toll-free number is domestic in Canada is the numbering's to say; its price is nothing either way.
  const international = callTypes.get('international')! + callTypes.get('toll_free_outbound')!;
  const abroad = tally.byKind.international + tally.byKind.toll_free_outbound;
  expect(international).toBeGreaterThan(abroad * 0.9);
  expect(international).toBeLessThan(abroad * 1.05);
  expect([...callTypes.values()].reduce((sum, count) => sum + count)).toBe(tally.rated);
});

function readNumber(text: string, plan: { country: string; areaCode: string }): NormalizedNumber {
  return normalize(text, plan, { kind: 'invalid', number: 0, text: '', routingNumber: '' });
}
