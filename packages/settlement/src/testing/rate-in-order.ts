/** What streaming makes of calls that arrive in some order: rated rows with the allowance as it stood. */
import {
  CALL_COLUMNS,
  CallBlockBuilder,
  NativeBlockWriter,
  PRICE_COLUMNS,
  assembleNativeBlock,
  readNativeBlock,
} from '@tollstream/contracts';
import type { Direction, NativeBlock } from '@tollstream/contracts';
import { Allowances, CallRows, emptyCall, priceCall, pushPrice } from '@tollstream/rating-engine';
import type { RateTable } from '@tollstream/rating-engine';

export interface TestCall {
  readonly callId: string;
  readonly switchId?: string;
  readonly leg?: number;
  readonly account: string;
  readonly destination: number;
  readonly direction?: Direction;
  readonly device?: string;
  /** Ms since epoch. */
  readonly startedAt: number;
  /** Null when nobody answered. */
  readonly answeredAt: number | null;
  readonly endedAt: number;
}

/**
 * One block with a row for each call, priced in the order given and laid down in the canonical one; every call must have a price.
 * @param options.allowances state that goes on from block to block
 */
export function rateInOrder(
  calls: readonly TestCall[],
  table: RateTable,
  { allowances = new Allowances(), firstOffset = 0 }: { allowances?: Allowances; firstOffset?: number } = {},
): NativeBlock {
  const arrived = new CallRows(blockOf(calls, firstOffset), table);
  const call = emptyCall();
  const priced = calls.map((testCall, row) => {
    const account = table.account(testCall.account)!;
    arrived.fill(call, row, account);
    const price = priceCall(call, account, allowances.of(testCall.account));
    if (price.kind === 'unpriceable') throw new Error(`${price.code}: ${price.detail}`);
    allowances.of(testCall.account).take(call, price);
    return { call: testCall, offset: firstOffset + row, account, price };
  });
  const rows = priced.toSorted((a, b) => inCanonicalOrder(a.call, b.call));
  const builder = new CallBlockBuilder();
  const prices = new NativeBlockWriter(PRICE_COLUMNS);
  for (const row of rows) {
    addCall(builder, row.call, row.offset);
    const catalogVersion = table.catalog.version;
    pushPrice(prices.columns, row.price, row.account, { catalogVersion, revision: 0 });
  }
  const block = readNativeBlock(builder.take());
  const parts = assembleNativeBlock({
    columnCount: CALL_COLUMNS.length + prices.columnCount,
    rowCount: block.rows,
    columnParts: [...CALL_COLUMNS.map(([name]) => block.copyColumn(name)), ...prices.columnParts()],
  });
  return readNativeBlock(Buffer.concat(parts));
}

function inCanonicalOrder(a: TestCall, b: TestCall): number {
  const bytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
  return (
    bytes(a.account, b.account) ||
    (a.answeredAt ?? a.startedAt) - (b.answeredAt ?? b.startedAt) ||
    bytes(a.callId, b.callId) ||
    bytes(a.switchId ?? 'switch', b.switchId ?? 'switch') ||
    (a.leg ?? 0) - (b.leg ?? 0)
  );
}

function blockOf(calls: readonly TestCall[], firstOffset: number): NativeBlock {
  const builder = new CallBlockBuilder();
  calls.forEach((call, index) => addCall(builder, call, firstOffset + index));
  return readNativeBlock(builder.take());
}

function addCall(builder: CallBlockBuilder, call: TestCall, offset: number): void {
  const direction = call.direction ?? 'outbound';
  builder.add(
    {
      callId: call.callId,
      switchId: call.switchId ?? 'switch',
      leg: call.leg ?? 0,
      direction,
      disposition: call.answeredAt === null ? 'busy' : 'answered',
      from: '+12125550100',
      to: `+${call.destination}`,
      startedAt: call.startedAt,
      answeredAt: call.answeredAt,
      endedAt: call.endedAt,
      account: call.account,
      extension: null,
      device: call.device ?? null,
      trunk: null,
      chargedParty: null,
      originalTo: null,
      routingNumber: null,
      parentCallId: null,
      partialSequence: null,
      redirectingNumber: null,
    },
    {
      accountId: call.account,
      origin: { number: 12125550100, text: '' },
      destination: { number: call.destination, text: '' },
      direction,
      routingNumber: '',
    },
    { topic: 'calls.raw', partition: 0, offset },
  );
}
