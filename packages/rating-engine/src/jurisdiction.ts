import type { CallType, Jurisdiction } from '@tollstream/contracts';
import {
  classify,
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
const scratchOrigin: Destination = { country: '', numberClass: 'unknown' };
const scratchDestination: Destination = { country: '', numberClass: 'unknown' };
const scratchNumber: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };

/**
 * Whether a call stays in a state, told from where its two ends stand and from nothing else: not from the plan, and not from what it
 * costs. An end that stands nowhere (withheld, toll-free, personal) leaves open which state it is in.
 */
export function jurisdictionOf(callType: CallType, call: RatingCall, account: RatedAccount): Jurisdiction {
  if (callType === 'internal' || callType === 'emergency' || callType === 'service_code') return '';
  const origin = originEnd(call, account);
  const destination = destinationEnd(call, account);
  const from = stateOf(origin);
  const to = stateOf(destination);
  if (from !== 0 && to !== 0) return relationOf(from, to);
  return relationToElsewhere(origin, destination, call.direction === 'inbound', account);
}

/** The number that says where a call came from: of an extension its own number, or the account's first one. 0 = not known. */
export function originEnd({ originNumber, originText }: RatingCall, account: RatedAccount): number {
  if (originNumber > 0 || originText === '') return originNumber;
  if (normalize(originText, account.account.dialPlan, scratchNumber).kind !== 'extension') return 0;
  const own = account.account.numbers.find(({ extension }) => extension === originText);
  return own === undefined ? account.mainNumber : own.number;
}

/** The number that says where a call went: one that rang at an extension went to the account. 0 = not known. */
export function destinationEnd(
  { direction, destinationNumber }: RatingCall,
  { mainNumber }: RatedAccount,
): number {
  return destinationNumber === 0 && direction === 'inbound' ? mainNumber : destinationNumber;
}

/** At least one end is no geographic North American number. */
function relationToElsewhere(
  origin: number,
  destination: number,
  isInbound: boolean,
  { account }: RatedAccount,
): Jurisdiction {
  const { country } = account.dialPlan;
  // The account's own end stands in its country at least.
  const from = countryOf(origin, scratchOrigin) || (isInbound ? '' : country);
  const to = countryOf(destination, scratchDestination) || (isInbound ? country : '');
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

/** '' where it is not known. */
function countryOf(number: number, out: Destination): string {
  if (number >= 1e10 && number < 2e10 && stateOf(number) === 0) return SHARED;
  const { country } = classify(number, out);
  return country === '001' ? '' : country;
}
