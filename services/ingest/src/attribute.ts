import type { Account, Catalog } from '@tollstream/catalog';
import type { CallEvent, Direction } from '@tollstream/contracts';
import { normalize } from '@tollstream/numbering';
import type { DialPlan, NormalizedNumber } from '@tollstream/numbering';

/** What attribution found; one object is used for all calls. */
export interface Attribution {
  accountId: string;
  direction: Direction;
  routingNumber: string;
  readonly origin: NormalizedNumber;
  readonly destination: NormalizedNumber;
}

export function emptyAttribution(): Attribution {
  return {
    accountId: '',
    direction: 'outbound',
    routingNumber: '',
    origin: emptyNumber(),
    destination: emptyNumber(),
  };
}

export function emptyNumber(): NormalizedNumber {
  return { kind: 'invalid', number: 0, text: '', routingNumber: '' };
}

/**
 * Tells who pays for a call, and normalises its numbers by that account's dial plan.
 *
 * The account is the event's own, known or not; else that of the charged party; else that of the calling number, or
 * of the called number of an inbound call. Numbers are looked up as the default dial plan reads them.
 */
export class Attributor {
  readonly #catalog: Catalog;
  readonly #defaultDialPlan: DialPlan;
  readonly #payer = emptyNumber();

  constructor(catalog: Catalog, defaultDialPlan: DialPlan) {
    this.#catalog = catalog;
    this.#defaultDialPlan = defaultDialPlan;
  }

  attribute(call: CallEvent, out: Attribution): void {
    const account = this.#findAccount(call);
    const dialPlan = account?.dialPlan ?? this.#defaultDialPlan;
    const { origin, destination } = out;
    normalize(call.from, dialPlan, origin);
    normalize(call.to, dialPlan, destination);
    out.accountId = account?.id ?? call.account ?? '';
    out.direction = this.#isInternal(origin, destination, account) ? 'internal' : call.direction;
    out.routingNumber = destination.routingNumber || call.routingNumber || '';
  }

  #findAccount(call: CallEvent): Account | undefined {
    if (call.account !== null && call.account !== '') return this.#catalog.accounts.get(call.account);
    if (call.chargedParty !== null && call.chargedParty !== '') {
      const account = this.#accountOfNumber(call.chargedParty);
      if (account !== undefined) return account;
    }
    return this.#accountOfNumber(call.direction === 'inbound' ? call.to : call.from);
  }

  #accountOfNumber(text: string): Account | undefined {
    const { number } = normalize(text, this.#defaultDialPlan, this.#payer);
    return number === 0 ? undefined : this.#catalog.accountByNumber.get(number);
  }

  /** An extension was called from an extension, or from a number of the same account. */
  #isInternal(
    origin: NormalizedNumber,
    destination: NormalizedNumber,
    account: Account | undefined,
  ): boolean {
    if (destination.kind !== 'extension') return false;
    if (origin.kind === 'extension') return true;
    return (
      account !== undefined &&
      origin.number !== 0 &&
      this.#catalog.accountByNumber.get(origin.number) === account
    );
  }
}
