import {
  CALL_COLUMNS,
  DIRECTIONS,
  DISPOSITIONS,
  NativeBlockWriter,
  readNativeBlock,
} from '@tollstream/contracts';
import type { CallEvent } from '@tollstream/contracts';
import { expect, it } from 'vitest';
import { CallRows } from './call-rows.ts';
import { emptyCall } from './call.ts';
import type { RatingCall } from './call.ts';
import { compileRateTable } from './rate-table.ts';
import { makeAccount, makeCatalog, makePlan } from './testing/catalog.ts';

const account = compileRateTable(makeCatalog([makeAccount('acme', makePlan('standard'))])).account('acme')!;
const AT = 1_579_100_400_000;

interface Row {
  readonly direction?: CallEvent['direction'];
  readonly disposition?: CallEvent['disposition'];
  readonly originNumber?: number;
  readonly destinationNumber?: number;
  readonly originalDestination?: string;
  readonly routingNumber?: string;
}

/** Reads rows back from a block that has them all. */
function callsOf(rows: readonly Row[], usesRoutingNumbers = true): RatingCall[] {
  const writer = new NativeBlockWriter(CALL_COLUMNS);
  const { columns } = writer;
  rows.forEach((row, i) => {
    columns.call_id.push(`call-${i}`);
    columns.switch_id.push('pbx');
    columns.leg.push(0);
    columns.account_id.push(i === 0 ? 'acme' : 'other');
    columns.direction.push(DIRECTIONS.indexOf(row.direction ?? 'outbound') + 1);
    columns.disposition.push(DISPOSITIONS.indexOf(row.disposition ?? 'answered') + 1);
    columns.started_at.push(AT + i);
    columns.answered_at.push(AT + 5_000 + i);
    columns.ended_at.push(AT + 65_000 + i);
    columns.origin_number.push(row.originNumber ?? 0);
    columns.origin_text.push('101');
    columns.destination_number.push(row.destinationNumber ?? 0);
    columns.destination_text.push('411');
    columns.extension.push('');
    columns.device.push(`desk-${i}`);
    columns.trunk.push('');
    columns.charged_party.push('');
    columns.original_destination.push(row.originalDestination ?? '');
    columns.routing_number.push(row.routingNumber ?? '');
    columns.parent_call_id.push('');
    columns.partial_sequence.push(i);
    columns.source_topic.push('calls.raw');
    columns.source_partition.push(0);
    columns.source_offset.push(i);
    columns.call_hash.push(new Uint32Array(4));
  });
  const block = readNativeBlock(writer.toBuffer());
  const calls = new CallRows(block, { usesRoutingNumbers });
  const { bytes, starts, ends, indexes } = calls.accounts;
  expect(bytes.toString('utf8', starts[indexes[0]!], ends[indexes[0]!])).toBe('acme');
  expect(Array.from(calls.startedAt)).toEqual(rows.map((_, i) => AT + i));
  const call = emptyCall();
  return rows.map((_, i) => {
    calls.fill(call, i, account);
    return { ...call };
  });
}

it('reads a call between numbers, and one between texts', () => {
  const numbers = { originNumber: 12125550100, destinationNumber: 5511987650123 };
  expect(callsOf([numbers, {}])).toEqual([
    {
      ...emptyCall(),
      ...numbers,
      device: 'desk-0',
      startedAt: AT,
      answeredAt: AT + 5_000,
      endedAt: AT + 65_000,
    },
    {
      ...emptyCall(),
      originText: '101',
      destinationText: '411',
      device: 'desk-1',
      startedAt: AT + 1,
      answeredAt: AT + 5_001,
      endedAt: AT + 65_001,
      partialSequence: 1,
    },
  ]);
});

it.each(DIRECTIONS)('reads an %s call', (direction) => {
  expect(callsOf([{ direction }])[0]!.direction).toBe(direction);
});

it.each(DISPOSITIONS)('%s: an answer only where somebody answered', (disposition) => {
  expect(callsOf([{ disposition }])[0]!.answeredAt).toBe(disposition === 'answered' ? AT + 5_000 : 0);
});

it('reads what was called before translation for inbound calls alone, as the account dials', () => {
  const originalDestination = '8005550100';
  const inbound = callsOf([{ direction: 'inbound', originalDestination }, { direction: 'inbound' }]);
  expect(inbound.map((call) => call.originalDestinationNumber)).toEqual([18005550100, 0]);
  expect(callsOf([{ direction: 'outbound', originalDestination }])[0]!.originalDestinationNumber).toBe(0);
});

it('reads routing numbers where a tariff asks for them', () => {
  const row = { destinationNumber: 14155550199, routingNumber: '2125559999' };
  expect(callsOf([row, {}]).map((call) => call.routingNumber)).toEqual([12125559999, 0]);
  expect(callsOf([row], false)[0]!.routingNumber).toBe(0);
});
