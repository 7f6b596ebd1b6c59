import { ZERO_TOTALS, decodeBlock, readNativeBlock } from '@tollstream/contracts';
import type { LowCardinalityPlaces } from '@tollstream/contracts';
import { compileRateTable } from '@tollstream/rating-engine';
import { expect, it } from 'vitest';
import { DEDUPE_DEFAULTS } from './limits.ts';
import { Payers } from './payer.ts';
import { emptyState } from './state.ts';
import { DEFAULT_PLAN, testCatalog } from './testing/catalog.ts';
import { acceptedBlock } from './testing/stage.ts';

/** The dictionary of a block with a call of each account. */
function idsOf(...accounts: readonly string[]): LowCardinalityPlaces {
  const calls = accounts.map((account, i) => ({ id: `${i}`, account }));
  const block = readNativeBlock(decodeBlock(acceptedBlock(calls)).native);
  return block.column('account_id').lowCardinalityPlaces();
}

it('payers are the same from block to block, whatever the order of ids', () => {
  const state = emptyState(DEDUPE_DEFAULTS, ZERO_TOTALS);
  const table = compileRateTable(testCatalog());
  const payers = new Payers();
  const [acme, mill] = payers.of(idsOf('acme', 'mill'), table, state);
  expect(acme).toMatchObject({ accountId: 'acme', account: table.account('acme') });
  const again = payers.of(idsOf('nobody', 'mill', 'acme'), table, state);
  expect(again[0]).toMatchObject({ accountId: 'nobody', account: null });
  expect(again[1]).toBe(mill);
  expect(again[2]).toBe(acme);
  acme!.allowance.add('minutes', 'phone-1', 202001, 60);
  expect(state.allowances.of('acme').entries()).toMatchObject([{ counter: 'minutes', amount: 60 }]);
});

it('payers are found again under another rate table, with the counters that they had', () => {
  const state = emptyState(DEDUPE_DEFAULTS, ZERO_TOTALS);
  const payers = new Payers();
  const [before] = payers.of(idsOf('acme'), compileRateTable(testCatalog()), state);
  before!.allowance.add('minutes', 'phone-1', 202001, 60);
  const next = compileRateTable(testCatalog({ version: 8 }));
  const [after] = payers.of(idsOf('acme'), next, state);
  expect(after!.account).toBe(next.account('acme'));
  after!.allowance.add('minutes', 'phone-1', 202001, 30);
  expect(state.allowances.entries()).toMatchObject([{ account: 'acme', counter: 'minutes', amount: 90 }]);
});

it('accounts of the default plan are not kept', () => {
  const state = emptyState(DEDUPE_DEFAULTS, ZERO_TOTALS);
  const table = compileRateTable(testCatalog({ defaultPlan: DEFAULT_PLAN }));
  const payers = new Payers();
  const [first] = payers.of(idsOf('nobody'), table, state);
  expect(first!.account?.account.isDefault).toBe(true);
  const [acme] = payers.of(idsOf('acme'), table, state);
  expect(acme!.accountId).toBe('acme');
  expect(payers.of(idsOf('nobody'), table, state)[0]).not.toBe(first);
});
