/** Rules that an account, or a part of it, has instead of its plan's. */
import type { Account, OwnRules } from '@tollstream/catalog';
import type { CallType } from '@tollstream/contracts';
import type { RatingCall } from './call.ts';
import type { CompiledRule } from './rate-table.ts';

/** Whose rules they are. */
export interface RuleOwner {
  readonly kind: 'device' | 'number' | 'billing_group' | 'account';
  readonly id: string;
  readonly rules: Readonly<Partial<Record<CallType, CompiledRule>>>;
}

/** Of an account that has any. */
export interface CompiledOwnRules {
  readonly account: RuleOwner | null;
  readonly groups: ReadonlyMap<string, RuleOwner>;
  readonly devices: ReadonlyMap<string, Member>;
  readonly numbers: ReadonlyMap<number, Member>;
  readonly numberByExtension: ReadonlyMap<string, number>;
}

interface Member {
  readonly rules: RuleOwner | null;
  /** '' = none. */
  readonly group: string;
}

/** @returns null for an account whose calls all go by its plan */
export function compileOwnRules(
  account: Account,
  compile: (rules: OwnRules) => RuleOwner['rules'],
): CompiledOwnRules | null {
  const { billingGroups = [], devices, numbers } = account;
  const hasAny = [account, ...billingGroups, ...devices, ...numbers].some(({ rules }) => rules !== undefined);
  if (!hasAny) return null;
  const owner = (kind: RuleOwner['kind'], id: string, rules: OwnRules | undefined): RuleOwner | null =>
    rules === undefined ? null : { kind, id, rules: compile(rules) };
  const groups = new Map<string, RuleOwner>();
  for (const { id, rules } of billingGroups) {
    const own = owner('billing_group', id, rules);
    if (own !== null) groups.set(id, own);
  }
  return {
    account: owner('account', account.id, account.rules),
    groups,
    devices: new Map(
      devices.map(({ id, rules, billingGroup = '' }) => [
        id,
        { rules: owner('device', id, rules), group: billingGroup },
      ]),
    ),
    numbers: new Map(
      numbers.map(({ number, rules, billingGroup = '' }) => [
        number,
        { rules: owner('number', `+${number}`, rules), group: billingGroup },
      ]),
    ),
    numberByExtension: new Map(
      numbers.filter(({ extension }) => extension !== '').map(({ extension, number }) => [extension, number]),
    ),
  };
}

/**
 * Whose rules may hold for a call, the closest first: its device, its number, the billing group of the device or else of the
 * number, the account. The plan's hold for what none of them names.
 */
export function ruleOwners(own: CompiledOwnRules, call: RatingCall): RuleOwner[] {
  const device = own.devices.get(call.device);
  const number = own.numbers.get(ownNumberOf(own, call));
  const groupId = device !== undefined && device.group !== '' ? device.group : (number?.group ?? '');
  const owners = [device?.rules, number?.rules, own.groups.get(groupId), own.account];
  return owners.filter((owner) => owner !== undefined && owner !== null);
}

/** The account's own number that the call went out from or came in to; 0 = none. */
function ownNumberOf(
  { numbers, numberByExtension }: CompiledOwnRules,
  call: Pick<
    RatingCall,
    'direction' | 'originNumber' | 'originText' | 'destinationNumber' | 'originalDestinationNumber'
  >,
): number {
  if (call.direction === 'inbound') {
    return numbers.has(call.originalDestinationNumber)
      ? call.originalDestinationNumber
      : call.destinationNumber;
  }
  return call.originNumber > 0 ? call.originNumber : (numberByExtension.get(call.originText) ?? 0);
}
