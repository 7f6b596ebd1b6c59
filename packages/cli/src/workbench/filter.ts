/** What is chosen of suspended calls or rejected records, as a condition of SQL. */
import { REJECT_CODES, SUSPEND_CODES } from '@tollstream/contracts';
import type { QueryParameters } from '@tollstream/usage-store';
import { parseInstantMs } from '../duration.ts';
import { UsageError } from '../failure.ts';

export interface ChosenSuspended {
  readonly reason?: string;
  readonly account?: string;
  /** Leading digits of the called number. */
  readonly destination?: string;
  /** Call starts, half-open. */
  readonly from?: string;
  readonly to?: string;
  /** Those rated or discarded since, too. */
  readonly all?: boolean;
}

export interface ChosenRejected {
  readonly reason?: string;
  /** Leading part of the position, such as a file's name. */
  readonly position?: string;
  /** When the log received the record, half-open. */
  readonly from?: string;
  readonly to?: string;
  /** Those replayed or discarded since, too. */
  readonly all?: boolean;
}

export interface Condition {
  readonly sql: string;
  readonly parameters: QueryParameters;
}

export const DESTINATION =
  "if(destination_number > 0, concat('+', toString(destination_number)), destination_text)";

export function suspendedCondition(chosen: ChosenSuspended): Condition {
  const { reason, account, destination, from, to } = chosen;
  return both([
    reason === undefined ? null : oneOf(reason, SUSPEND_CODES),
    account === undefined ? null : { sql: 'account_id = {account:String}', parameters: { account } },
    destination === undefined
      ? null
      : {
          sql: `startsWith(trimLeft(${DESTINATION}, '+'), {destination:String})`,
          parameters: { destination: destination.replace(/^\+/, '') },
        },
    ...between('started_at', { from, to }),
  ]);
}

export function rejectedCondition({ reason, position, from, to }: ChosenRejected): Condition {
  return both([
    reason === undefined ? null : oneOf(reason, REJECT_CODES),
    position === undefined
      ? null
      : { sql: 'startsWith(position, {position:String})', parameters: { position } },
    ...between('received_at', { from, to }),
  ]);
}

export function alertCondition({
  account,
  limitId,
  from,
  to,
}: {
  readonly account?: string;
  readonly limitId?: string;
  readonly from?: string;
  readonly to?: string;
}): Condition {
  return both([
    account === undefined ? null : { sql: 'account_id = {account:String}', parameters: { account } },
    limitId === undefined ? null : { sql: 'limit_id = {limitId:String}', parameters: { limitId } },
    ...between('started_at', { from, to }),
  ]);
}

function oneOf(reason: string, codes: readonly string[]): Condition {
  if (codes.includes(reason)) return { sql: 'code = {reason:String}', parameters: { reason } };
  throw new UsageError({
    code: 'TOLL_USAGE_REASON',
    message: `--reason: there is no reason '${reason}'`,
    remedy: `Use one of ${codes.join(', ')}.`,
  });
}

function between(
  column: string,
  { from, to }: { from: string | undefined; to: string | undefined },
): (Condition | null)[] {
  const bound = (name: 'from' | 'to', text: string | undefined, operator: string): Condition | null =>
    text === undefined
      ? null
      : {
          sql: `${column} ${operator} fromUnixTimestamp64Milli({${name}:Int64}, 'UTC')`,
          parameters: { [name]: parseInstantMs(text, `--${name}`) },
        };
  return [bound('from', from, '>='), bound('to', to, '<')];
}

function both(conditions: readonly (Condition | null)[]): Condition {
  const given = conditions.filter((condition) => condition !== null);
  return {
    sql: given.length === 0 ? '1' : given.map(({ sql }) => `(${sql})`).join(' AND '),
    parameters: Object.assign({}, ...given.map(({ parameters }) => parameters)) as QueryParameters,
  };
}
