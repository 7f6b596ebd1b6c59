import type { CallType, Jurisdiction } from '@tollstream/contracts';
import {
  classify,
  countryOfArea,
  countryWithStates,
  isNorthAmerican,
  normalize,
  relationOf,
  stateOf,
} from '@tollstream/numbering';
import type { Destination, NormalizedNumber } from '@tollstream/numbering';
import type { RatingCall } from './call.ts';
import type { RatedAccount } from './rate-table.ts';

// Filled anew by every call; nothing is read from them across calls.
const scratchDestination: Destination = { country: '', numberClass: 'unknown' };
const scratchNumber: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };

/**
 * Whether a call stays in a state, told from where its two ends stand and from nothing else: not from the plan, and not from what it
 * costs. An end that stands nowhere (withheld, toll-free, personal) leaves open which state it is in.
 * @param farCountry country of the far end as `classify` has it, so that it need not be looked up again
 */
export function jurisdictionOf(
  callType: CallType,
  call: RatingCall,
  account: RatedAccount,
  farCountry?: string,
): Jurisdiction {
  if (callType === 'internal' || callType === 'emergency' || callType === 'service_code') return '';
  const origin = originEnd(call, account);
  const destination = destinationEnd(call, account);
  const from = stateOf(origin);
  const to = stateOf(destination);
  if (from !== 0 && to !== 0) return relationOf(from, to);
  const isInbound = call.direction === 'inbound';
  // A place in North America and a country elsewhere, as most calls abroad have them: there is nothing to look up.
  if (
    farCountry !== undefined &&
    isCountryElsewhere(isInbound ? origin : destination, farCountry) &&
    (isInbound ? to : from) !== 0
  ) {
    return 'international';
  }
  return relationToElsewhere(
    countryOf(origin, isInbound && origin === call.originNumber ? farCountry : undefined),
    countryOf(destination, isInbound ? undefined : farCountry),
    isInbound,
    account,
  );
}

/** The number that says where a call came from: of an extension its own number, or the account's first one. 0 = not known. */
export function originEnd({ originNumber, originText }: RatingCall, account: RatedAccount): number {
  if (originNumber > 0 || originText === '') return originNumber;
  if (normalize(originText, account.account.dialPlan, scratchNumber).kind !== 'extension') return 0;
  return account.numbers.ofExtension(originText);
}

/** The number that says where a call went: one that rang at an extension went to the account. 0 = not known. */
export function destinationEnd(
  { direction, destinationNumber }: RatingCall,
  { numbers }: RatedAccount,
): number {
  return destinationNumber === 0 && direction === 'inbound' ? numbers.main : destinationNumber;
}

/** Whether a number is of a country, and not of North America. */
function isCountryElsewhere(number: number, country: string): boolean {
  return number > 0 && !(number >= 1e10 && number < 2e10) && country !== '' && country !== '001';
}

/** At least one end is no geographic North American number. */
function relationToElsewhere(
  origin: string,
  destination: string,
  isInbound: boolean,
  { account }: RatedAccount,
): Jurisdiction {
  const { country } = account.dialPlan;
  // The account's own end stands in its country at least.
  const from = origin || (isInbound ? '' : country);
  const to = destination || (isInbound ? country : '');
  if (from === '' || to === '') return countryWithStates(from || to) === '' ? '' : 'indeterminate';
  if (isShared(from) || isShared(to)) {
    const other = isShared(from) ? to : from;
    return isShared(other) || isNorthAmerican(other) ? 'indeterminate' : 'international';
  }
  const inStates = countryWithStates(from);
  if (inStates !== '' && inStates === countryWithStates(to)) return 'indeterminate';
  return from === to ? '' : 'international';
}

/** Numbers that all North American countries share: toll-free, premium, personal. */
const SHARED = 'shared';

function isShared(country: string): boolean {
  return country === SHARED;
}

/**
 * '' where it is not known.
 * @param known what `classify` says of it, where that was asked before
 */
function countryOf(number: number, known?: string): string {
  if (number >= 1e10 && number < 2e10) return stateOf(number) === 0 ? SHARED : countryOfArea(number);
  const country = known ?? classify(number, scratchDestination).country;
  return country === '001' ? '' : country;
}
