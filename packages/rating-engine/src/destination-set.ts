import type { DestinationSet } from '@tollstream/catalog';
import type { CallType } from '@tollstream/contracts';
import { PrefixSet } from './prefix-set.ts';

/** What of a call decides whether it belongs to a set. */
export interface Destination {
  readonly callType: CallType;
  /** ISO 3166 alpha-2; '' = none. */
  readonly country: string;
  /** E.164 digits of the number that was rated; 0 = none. */
  readonly number: number;
}

/** A destination set, ready for look-ups. */
export interface CompiledSet {
  has(destination: Destination): boolean;
}

export function compileSet({ callTypes, countries, prefixes }: DestinationSet): CompiledSet {
  const prefixSet = new PrefixSet(prefixes);
  const isAnywhere = countries.size === 0 && prefixes.length === 0;
  return {
    has({ callType, country, number }) {
      // Calls for help cost nothing and belong to no set.
      if (callType === 'emergency' || (callTypes !== null && !callTypes.has(callType))) return false;
      return isAnywhere || countries.has(country) || prefixSet.match(number) > 0;
    },
  };
}
