import { CHARGE_SCALE, DIRECTIONS } from '@tollstream/contracts';
import type { Direction } from '@tollstream/contracts';
import { formatScaled, parseDecimal } from '@tollstream/money';
import { explanationText, quoteCall } from '@tollstream/rating-engine';
import type { Quote } from '@tollstream/rating-engine';
import { catalogOf } from './catalog-option.ts';
import type { QuoteOptions } from './commands/quote.ts';
import { parseDurationMs, parseInstantMs } from './duration.ts';
import { UsageError } from './failure.ts';
import { readOptions } from './import/source-options.ts';
import { quoteFile } from './quote-calls.ts';
import type { QuotedCall } from './quote-calls.ts';
import { count, print, say, table } from './terminal.ts';

/** What one call is told by; a file of calls says it itself. */
const CALL_OPTIONS = ['account', 'from', 'to', 'answered', 'duration'] as const;
const NOT_WITH_CALLS = [...CALL_OPTIONS, 'direction', 'device', 'redirecting'] as const;

export async function runQuote(options: QuoteOptions): Promise<void> {
  if (options.calls === undefined) return quoteOne(options);
  const given = NOT_WITH_CALLS.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new UsageError({
      code: 'TOLL_USAGE_OPTIONS',
      message: `--${given} says what the calls of --calls say themselves`,
      remedy: 'Name one call by its options, or a file of calls.',
    });
  }
  await quoteMany(options.calls, options);
}

async function quoteOne(options: QuoteOptions): Promise<void> {
  const { account, from, to, answered, duration } = Object.fromEntries(
    CALL_OPTIONS.map((name) => [name, required(options, name)]),
  ) as Record<(typeof CALL_OPTIONS)[number], string>;
  const answeredAt = parseInstantMs(answered, '--answered');
  const durationMs = parseDurationMs(duration, '--duration');
  const direction = options.direction === undefined ? undefined : parseDirection(options.direction);
  const catalog = await catalogOf(options);
  const { quote, explanation } = quoteCall({
    catalog,
    account,
    from,
    to,
    answeredAt,
    durationMs,
    ...(direction === undefined ? {} : { direction }),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.redirecting === undefined ? {} : { redirecting: options.redirecting }),
  });
  if (options.json === true) {
    print(JSON.stringify(options.explain === true ? { ...quote, explanation } : quote));
    return;
  }
  const rows = Object.entries(quote).map(([field, value]) => [
    field.replaceAll('_', ' '),
    typeof value === 'string' || typeof value === 'number' ? String(value) : poolsText(value),
  ]);
  print(table(['field', 'value'], rows));
  if (options.explain === true && explanation !== null) print(`\n${explanationText(explanation)}`);
}

async function quoteMany(file: string, options: QuoteOptions): Promise<void> {
  const catalog = await catalogOf(options);
  const explain = options.explain === true;
  const rows: string[][] = [];
  const outcomes = new Map<string, number>();
  const charges = new Map<string, bigint>();
  let waiting = 0;
  for await (const call of quoteFile({
    catalog,
    file,
    read: readOptions(options),
    explain,
    nowMs: Date.now(),
  })) {
    const record = recordOf(call);
    if (call.kind === 'part') waiting += 1;
    else if (call.kind === 'quoted') waiting -= call.parts - 1;
    outcomes.set(record.status, (outcomes.get(record.status) ?? 0) + 1);
    if (record.status === 'rated') {
      const charge = BigInt(parseDecimal(record.charge, CHARGE_SCALE));
      charges.set(record.currency, (charges.get(record.currency) ?? 0n) + charge);
    }
    if (options.json === true) {
      const explanation = call.kind === 'quoted' ? call.result.explanation : null;
      print(JSON.stringify(explain ? { ...record, explanation } : record));
    } else if (explain) {
      print(`${call.position}  ${call.callId}  ${summaryOf(record)}`);
      if (call.kind === 'quoted' && call.result.explanation !== null)
        print(explanationText(call.result.explanation).replace(/^/gm, '  '));
    } else rows.push(rowOf(record));
  }
  if (rows.length > 0) print(table(HEAD, rows, [3, 5]));
  say(
    `${totalOf(outcomes)} records: ${[...outcomes].map(([status, calls]) => `${count(calls)} ${status}`).join(', ')}`,
  );
  if (waiting > 0) say(`${count(waiting)} of the parts belong to calls that never became whole`);
  for (const [currency, sum] of charges) say(`${formatScaled(sum, CHARGE_SCALE)} ${currency}`);
}

type QuoteRecord = ReturnType<typeof recordOf>;

/** A call as JSON: who it was, then the fields of its quote. */
function recordOf(call: QuotedCall) {
  const { position, callId, account } = call;
  const head = { position, call_id: callId, account };
  switch (call.kind) {
    case 'quoted':
      return { ...head, ...(call.parts === 1 ? {} : { parts: call.parts }), ...call.result.quote };
    case 'part':
      return { ...head, status: 'part' as const, reason_code: 'partial_incomplete', detail: call.detail };
    case 'duplicate':
      return { ...head, status: 'duplicate' as const };
    case 'rejected':
      return { ...head, status: 'rejected' as const, reason_code: call.code, detail: call.detail };
  }
}

const HEAD = [
  'call',
  'account',
  'status',
  'charge',
  'currency',
  'billable s',
  'rate type',
  'call type',
  'tariff',
  'prefix',
];

function rowOf(record: QuoteRecord): string[] {
  const head = [record.call_id === '' ? record.position : record.call_id, record.account, record.status];
  if (record.status !== 'rated')
    return [...head, '', '', '', 'reason_code' in record ? record.reason_code : ''];
  const { charge, currency, billable_seconds, rate_type, call_type, tariff, prefix } = record;
  return [...head, charge, currency, String(billable_seconds), rate_type, call_type, tariff, prefix];
}

function summaryOf(record: QuoteRecord): string {
  if (record.status === 'rated') {
    const parts = 'parts' in record ? ` for ${record.parts} parts` : '';
    return `${record.charge} ${record.currency}${parts}`;
  }
  return 'reason_code' in record ? `${record.status}: ${record.reason_code}` : record.status;
}

function totalOf(outcomes: ReadonlyMap<string, number>): string {
  return count([...outcomes.values()].reduce((sum, calls) => sum + calls, 0));
}

function required(options: QuoteOptions, name: (typeof CALL_OPTIONS)[number]): string {
  const value = options[name];
  if (value !== undefined) return value;
  throw new UsageError({
    code: 'TOLL_USAGE_OPTIONS',
    message: `--${name} is missing`,
    remedy: `Name the call with ${CALL_OPTIONS.map((option) => `--${option}`).join(', ')}, or a file with --calls.`,
  });
}

function parseDirection(text: string): Direction {
  const direction = DIRECTIONS.find((each) => each === text);
  if (direction !== undefined) return direction;
  throw new UsageError({
    code: 'TOLL_USAGE_DIRECTION',
    message: `--direction: '${text}' is not a direction`,
    remedy: `Use one of ${DIRECTIONS.join(', ')}.`,
  });
}

function poolsText(pools: NonNullable<Extract<Quote, { status: 'rated' }>['pools']>): string {
  return pools.map(({ pool, unit, left, took }) => `${pool}: ${took} of ${left} (${unit})`).join(', ');
}
