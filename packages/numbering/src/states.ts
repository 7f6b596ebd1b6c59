/**
 * Where a North American number stands, for the jurisdiction of a call: country and state or province. Territories of the United
 * States are states of it, as the regulator counts them (47 U.S.C. 153(47)).
 */
import { AREA_CODES } from './area-codes.ts';

/** Country and state in one number, so that two places compare as numbers: `country << STATE_BITS | state`. 0 = none. */
export type StateCode = number;

const STATE_BITS = 8;
const STATE_MASK = 2 ** STATE_BITS - 1;
/** Of a country that has no states. */
const NO_STATES = 0;
/** Bit of area codes that span several states (902, 867): which one it is cannot be told. */
const SEVERAL = 0x80;

const US_TERRITORIES = new Set(['AS', 'GU', 'MP', 'PR', 'VI']);

const codeByAreaCode = compileStates();
const countryByAreaCode = Array.from(
  { length: 1000 },
  (_, areaCode) => AREA_CODES.get(areaCode)?.country ?? '',
);

/**
 * @param number E.164 digits as an exact integer
 * @returns 0 when it is no geographic North American number: abroad, toll-free, premium, personal
 */
export function stateOf(number: number): StateCode {
  if (!(number >= 1e10 && number < 2e10)) return 0;
  return codeByAreaCode[Math.floor(number / 1e7) - 1000]!;
}

/**
 * @param number E.164 digits as an exact integer
 * @returns ISO 3166 alpha-2 of a geographic North American number's area code, as `classify` has it; '' for all others
 */
export function countryOfArea(number: number): string {
  if (!(number >= 1e10 && number < 2e10)) return '';
  return countryByAreaCode[Math.floor(number / 1e7) - 1000]!;
}

/** How two places lie to each other; '' within a country that has no states. */
export function relationOf(
  a: StateCode,
  b: StateCode,
): '' | 'interstate' | 'intrastate' | 'indeterminate' | 'international' {
  if (a >> STATE_BITS !== b >> STATE_BITS) return 'international';
  const state = a & STATE_MASK;
  if (state === NO_STATES) return '';
  if (a !== b) return 'interstate';
  return (state & SEVERAL) === 0 ? 'intrastate' : 'indeterminate';
}

/** 'US' (for its territories, too) or 'CA'; '' for countries within which calls are not told apart by state. */
export function countryWithStates(country: string): string {
  if (country === 'US' || country === 'CA') return country;
  return US_TERRITORIES.has(country) ? 'US' : '';
}

/** Where a number stands, for people: 'US NY', 'CA NS/PE', 'JM'; '' for what is no geographic North American number. */
export function stateName(number: number): string {
  const found = number >= 1e10 && number < 2e10 ? AREA_CODES.get(Math.floor(number / 1e7) - 1000) : undefined;
  return found === undefined ? '' : [found.country, found.regions.join('/')].join(' ').trim();
}

function compileStates(): Uint16Array {
  const codes = new Uint16Array(1000);
  const countries = new Map<string, number>();
  const states = new Map<string, number>();
  const alone = new Set<string>();
  const together = new Set<string>();
  for (const { areaCode, country, regions } of AREA_CODES.values()) {
    const isTerritory = US_TERRITORIES.has(country);
    const countryId = idOf(countries, isTerritory ? 'US' : country);
    const state = isTerritory ? country : regions.join(' ');
    let stateId = state === '' ? NO_STATES : idOf(states, state);
    if (regions.length > 1) stateId |= SEVERAL;
    for (const region of regions) (regions.length > 1 ? together : alone).add(`${country} ${region}`);
    codes[areaCode] = (countryId << STATE_BITS) | stateId;
  }
  // Otherwise two codes that differ could stand for one state.
  for (const region of together) {
    if (alone.has(region)) throw new Error(`${region} has an area code of its own and shares another`);
  }
  return codes;
}

/** Ids count from 1. */
function idOf(ids: Map<string, number>, name: string): number {
  const id = ids.get(name) ?? ids.size + 1;
  ids.set(name, id);
  return id;
}
