import type { Account, Catalog } from '@tollstream/catalog';
import { redirectingOfLeg } from '@tollstream/contracts';
import type { CallEvent, Direction } from '@tollstream/contracts';
import { normalize } from '@tollstream/numbering';
import type { DialPlan, NormalizedNumber } from '@tollstream/numbering';

/** The party that made a leg. An inbound one came to the account, whoever sent it on before. */
function makerOf({ direction, from, redirectingNumber }: CallEvent): string {
  return redirectingOfLeg(direction, redirectingNumber) || from;
}

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
 * Tells who pays for a leg, and normalises its numbers by that account's dial plan.
 *
 * The account is the event's own, known or not; else that of the charged party; else that of the party that made the leg, or
 * of the called number of an inbound one. A leg was made by who calls, and one of a forwarded or transferred call by who forwarded
 * it: it is a call of the redirecting party, and never that of the caller whom it sent on. Numbers are looked up as the default
 * dial plan reads them.
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
    const maker = makerOf(call);
    const account = this.#findAccount(call, maker);
    const dialPlan = account?.dialPlan ?? this.#defaultDialPlan;
    const { origin, destination } = out;
    normalize(maker, dialPlan, origin);
    normalize(call.to, dialPlan, destination);
    out.accountId = account?.id ?? call.account ?? '';
    // What the terminating side says of an internal call stays inbound: the originating side's record is the one that counts.
    const isInternal = call.direction === 'outbound' && this.#isInternal(origin, destination, account);
    out.direction = isInternal ? 'internal' : call.direction;
    out.routingNumber = destination.routingNumber || call.routingNumber || '';
  }

  #findAccount(call: CallEvent, maker: string): Account | undefined {
    if (call.account !== null && call.account !== '') return this.#catalog.accounts.get(call.account);
    if (call.chargedParty !== null && call.chargedParty !== '') {
      const account = this.#accountOfNumber(call.chargedParty);
      if (account !== undefined) return account;
    }
    return this.#accountOfNumber(call.direction === 'inbound' ? call.to : maker);
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
