/** The columns of call details, as ClickHouse expressions over a row of `usage`. */
import { PRICE_COLUMNS } from '@tollstream/contracts';

export const CDR_FORMATS = ['csv', 'jsonl', 'parquet', 'xlsx'] as const;
export type CdrFormat = (typeof CDR_FORMATS)[number];

/** What a cell of a workbook is; the text formats know no such difference. */
type CellKind = 'text' | 'number' | 'time';

export interface CdrColumn {
  readonly name: string;
  readonly expression: string;
  readonly kind: CellKind;
}

const number = (end: string): string =>
  `if(${end}_number > 0, concat('+', toString(${end}_number)), ${end}_text)`;
export const START = 'if(toUnixTimestamp64Milli(answered_at) > 0, answered_at, started_at)';

/** By the sort key of the tables, which holds `started_at` and nothing later. Parameters: earliest_ms, to_ms. */
export const STARTED_WITHIN_SLICE =
  'started_at >= fromUnixTimestamp64Milli({earliest_ms:Int64}) AND started_at < fromUnixTimestamp64Milli({to_ms:Int64})';
/** Parameters: from_ms, to_ms, and those above: nobody answers a call before it starts. */
export const WITHIN_SLICE = `toUnixTimestamp64Milli(${START}) >= {from_ms:Int64}
  AND toUnixTimestamp64Milli(${START}) < {to_ms:Int64} AND ${STARTED_WITHIN_SLICE}`;

const BILLABLE_MINUTES = 'toDecimal64(intDiv(toUInt64(billable_seconds) * 1000000 + 30, 60), 6) / 1000000';

const BILLED: readonly CdrColumn[] = [
  { name: 'origin', expression: number('origin'), kind: 'text' },
  { name: 'destination', expression: number('destination'), kind: 'text' },
  { name: 'start_utc', expression: START, kind: 'time' },
  { name: 'end_utc', expression: 'ended_at', kind: 'time' },
  { name: 'duration_seconds', expression: 'toDecimal64(duration_ms, 3) / 1000', kind: 'number' },
  { name: 'billable_minutes', expression: BILLABLE_MINUTES, kind: 'number' },
  { name: 'total_cost', expression: 'charge', kind: 'number' },
  { name: 'rate_type', expression: 'toString(rate_type)', kind: 'text' },
  { name: 'call_type', expression: 'toString(call_type)', kind: 'text' },
];

const IDENTITY: readonly CdrColumn[] = [
  'call_id',
  'switch_id',
  'leg',
  'extension',
  'device',
  'disposition',
].map((name) => ({
  name,
  expression: name === 'disposition' ? 'toString(disposition)' : name,
  kind: name === 'leg' ? 'number' : 'text',
}));

/** Said already, under the names of the billed columns. */
const BILLED_PRICES: ReadonlySet<string> = new Set(['charge', 'rate_type', 'call_type', 'duration_ms']);

/** Everything that proves the price, as rating stores it. */
const PRICING: readonly CdrColumn[] = PRICE_COLUMNS.filter(([name]) => !BILLED_PRICES.has(name)).map(
  ([name, type]) => {
    const isNumber = /^(?:UInt|Int|Decimal)/.test(type);
    return {
      name,
      expression: type.startsWith('Enum') ? `toString(${name})` : name,
      kind: isNumber ? 'number' : 'text',
    };
  },
);

const ISO_TIME = (expression: string): string => `concat(replaceOne(toString(${expression}), ' ', 'T'), 'Z')`;

/**
 * A spreadsheet takes a cell that begins with = + - @, a tab or a line end for a formula, and long digits for a number; behind
 * an apostrophe both are text.
 */
const FORMULA_STARTS = ['=', '+', '-', '@', '\\t', '\\r', '\\n'].map((start) => `'${start}'`).join(', ');
const asText = (expression: string): string =>
  `concat(if(substring(${expression}, 1, 1) IN (${FORMULA_STARTS}), '\\'', ''), ${expression})`;

/** Of an invoice: which month each call is of, and why it is billed with another one. */
const REASON: readonly CdrColumn[] = [
  {
    name: 'usage_month',
    expression:
      "concat(toString(intDiv(billing_month, 100)), '-', leftPad(toString(billing_month % 100), 2, '0'))",
    kind: 'text',
  },
  { name: 'reason', expression: 'reason', kind: 'text' },
];

export interface CdrContent {
  readonly format: CdrFormat;
  /** Every pricing field besides. */
  readonly hasDetail?: boolean;
  /** Where it is the calls of an invoice. */
  readonly billed?: unknown;
}

/** The columns of a file, in order. */
export function cdrColumns({ format, hasDetail = false, billed }: CdrContent): readonly CdrColumn[] {
  const ofCalls = hasDetail ? [...BILLED, ...IDENTITY, ...PRICING] : BILLED;
  const columns = billed === undefined ? ofCalls : [...ofCalls, ...REASON];
  switch (format) {
    case 'csv':
      return columns.map((column) =>
        column.kind === 'text' ? { ...column, expression: asText(column.expression) } : column,
      );
    case 'jsonl':
      return jsonColumns(columns, hasDetail).map((column) =>
        column.kind === 'time' ? { ...column, expression: ISO_TIME(column.expression) } : column,
      );
    case 'parquet':
      return jsonColumns(columns, hasDetail);
    case 'xlsx':
      return columns;
  }
}

/** A file that no person reads in a table names the call and the currency of each row. */
function jsonColumns(columns: readonly CdrColumn[], hasDetail: boolean): readonly CdrColumn[] {
  if (hasDetail) return columns;
  const cost = columns.findIndex(({ name }) => name === 'total_cost');
  return [
    { name: 'call_id', expression: 'call_id', kind: 'text' },
    ...columns.slice(0, cost + 1),
    { name: 'currency', expression: 'currency', kind: 'text' },
    ...columns.slice(cost + 1),
  ];
}
