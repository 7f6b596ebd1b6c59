/** How a country dials, compiled from the generated tables when the program starts. */
import { shortCodesOf } from './short-codes.ts';
import { CALLING_CODES, COUNTRIES } from './tables.generated.ts';

export interface DiallingRules {
  readonly country: string;
  /** 0 when the plan names no country that the tables know: then only international notation is understood. */
  readonly callingCode: number;
  readonly northAmerican: boolean;
  /** Exit codes as digits, longest first. */
  readonly exitCodes: readonly Uint8Array[];
  /** Trunk prefixes as digits, longest first: what is dialled before a national number. */
  readonly trunkPrefixes: readonly Uint8Array[];
  /** Two-digit carrier codes after the trunk prefix, as numbers; empty where there are none. */
  readonly carriers: ReadonlySet<number>;
  /** Bit n: a national number may have n digits. */
  readonly lengthMask: number;
  readonly emergency: ReadonlySet<string>;
  readonly service: ReadonlySet<string>;
}

/** Bit n of entry c: after calling code c a number may have n digits; 0 where c is no calling code. */
export const lengthMaskByCallingCode = new Uint32Array(1000);
/** Trunk prefix digit of a calling code's main country + 1, or 0: people write `+44 (0)20`, and `+44020` too. */
export const trunkDigitByCallingCode = new Uint8Array(1000);

for (const entry of CALLING_CODES.split(' ')) {
  const [code, mask, trunk] = entry.split(',') as [string, string, string];
  lengthMaskByCallingCode[Number(code)] = Number.parseInt(mask, 36);
  if (trunk.length === 1) trunkDigitByCallingCode[Number(code)] = Number(trunk) + 1;
}

/**
 * Prefixes in use that the metadata does not state as such: Mexico's 01, 044 and 045 (until 2019, and in switches'
 * translations long after), Brazil's 90 for collect calls.
 */
const MORE_TRUNK_PREFIXES: Readonly<Record<string, readonly string[]>> = {
  BR: ['90'],
  MX: ['01', '044', '045'],
};

/** Brazil: long-distance calls name their carrier, 0 XX area number. */
const CARRIERS: Readonly<Record<string, readonly number[]>> = {
  BR: [12, 14, 15, 21, 22, 23, 24, 25, 31, 41, 43, 55, 65, 99],
};

/** Another name of the plan all +1 countries share. */
const NORTH_AMERICAN_PLAN = 'NANP';

const rulesByCountry = compileRules();

const nowhere: DiallingRules = {
  country: '',
  callingCode: 0,
  northAmerican: false,
  exitCodes: ['011', '00'].map(digitsOf),
  trunkPrefixes: [],
  carriers: new Set(),
  lengthMask: 0,
  ...shortCodesOf('', false),
};

let lastCountry = '';
let lastRules = nowhere;

/** @param country ISO 3166 alpha-2, or 'NANP' */
export function diallingRulesOf(country: string): DiallingRules {
  // Nearly always the country of the number before.
  if (country !== lastCountry) {
    lastCountry = country;
    lastRules = rulesByCountry.get(country) ?? nowhere;
  }
  return lastRules;
}

/**
 * Whether the country is part of the North American Numbering Plan. Its members share the toll-free, 900 and 5XX codes, which
 * `classify` counts as US: +1 800 is as domestic to Canada as it is to the US.
 */
export function isNorthAmerican(country: string): boolean {
  return rulesByCountry.get(country)?.northAmerican ?? false;
}

/** 0 when the country is not known. */
export function callingCodeOf(country: string): number {
  return rulesByCountry.get(country)?.callingCode ?? 0;
}

/** ISO 3166 alpha-2 codes of the countries whose dialling is known. */
export function knownCountries(): string[] {
  return [...rulesByCountry.keys()].filter((country) => country !== NORTH_AMERICAN_PLAN);
}

function compileRules(): Map<string, DiallingRules> {
  const rules = new Map<string, DiallingRules>();
  for (const entry of COUNTRIES.split(' ')) {
    const [country, code, trunk, mask, exits] = entry.split(',') as [string, string, string, string, string];
    const northAmerican = code === '1';
    const exitCodes = new Set(exits.split('/').filter((exit) => exit !== ''));
    // Switches write 00 for "international" whatever their country dials.
    exitCodes.add('00');
    const trunkPrefixes = [...trunk.split('/'), ...(MORE_TRUNK_PREFIXES[country] ?? [])].filter(
      (prefix) => prefix !== '',
    );
    rules.set(country, {
      country,
      callingCode: Number(code),
      northAmerican,
      exitCodes: longestFirst([...exitCodes]),
      trunkPrefixes: longestFirst(trunkPrefixes),
      carriers: new Set(CARRIERS[country] ?? []),
      lengthMask: Number.parseInt(mask, 36),
      ...shortCodesOf(country, northAmerican),
    });
  }
  rules.set(NORTH_AMERICAN_PLAN, rules.get('US')!);
  return rules;
}

function longestFirst(prefixes: readonly string[]): Uint8Array[] {
  return [...prefixes].sort((a, b) => b.length - a.length).map(digitsOf);
}

function digitsOf(text: string): Uint8Array {
  return Uint8Array.from(text, Number);
}
