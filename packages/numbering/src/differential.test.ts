/**
 * Against libphonenumber-js on numbers drawn from the metadata's own patterns: every disagreement falls under one of the
 * reasons below, or the test fails and prints it.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import metadata from 'libphonenumber-js/metadata.max.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { close, compilePattern, step } from '../scripts/patterns.ts';
import { classify, normalize } from './index.ts';
import type { Destination, NormalizedNumber } from './index.ts';

const SEED = 20200131;
/** More of them, and what differs by reason with its count, for the page of the package: `NUMBERING_SAMPLE=200000`. */
const SAMPLE = Number(process.env['NUMBERING_SAMPLE'] ?? 20_000);

const CLASS_OF_TYPE: Readonly<Record<string, string>> = {
  FIXED_LINE: 'geographic',
  FIXED_LINE_OR_MOBILE: 'geographic',
  MOBILE: 'mobile',
  TOLL_FREE: 'toll_free',
  PREMIUM_RATE: 'premium',
  SHARED_COST: 'shared_cost',
};

/** Why we differ, told from the number, and on purpose. */
const REASONS: readonly (readonly [reason: string, applies: (difference: Difference) => boolean])[] = [
  [
    'exchange 976 of US and Canadian area codes is information service; the metadata counts it as geographic',
    ({ what, number }) => what === 'class' && /^1\d{3}976\d{4}$/.test(number),
  ],
  [
    "Canada's seven-digit 310 numbers can be reached only inside Canada: they have no E.164 form",
    ({ number }) => /^1310\d{4}$/.test(number),
  ],
  [
    'a national number that begins like an exit code (0000, 001800, 00800) is read as one by either side',
    ({ what, country, number }) =>
      what === 'national' && /^(?:BG|ID|JP|KR|PA|QA|TH|TJ|UY)$/.test(country) && /^\d{2,3}00/.test(number),
  ],
  [
    'a national number that begins with its own calling code (Italy 390…), and is a number with and without it, is read as having it',
    ({ what, country, number }) =>
      what === 'national' && /^(?:IT|VA)$/.test(country) && number.startsWith('3939'),
  ],
  [
    "Argentina's 15 inside a national mobile number is not understood; +54 9 is",
    ({ what, country, ours }) => what === 'national' && country === 'AR' && ours === '0',
  ],
  [
    "Gabon's former 0 before some eight-digit numbers is not understood; the plain national number is",
    ({ what, country, ours }) => what === 'national' && country === 'GA' && ours === '0',
  ],
];

interface Difference {
  readonly what: 'number' | 'country' | 'class' | 'national' | 'abroad';
  readonly number: string;
  readonly country: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Multiplicative congruential generator, so that the sample is the same everywhere. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * below);
  };
}

function drawNumber(pattern: string, random: (below: number) => number): string {
  let states = close([compilePattern(pattern, '')]);
  let drawn = '';
  for (;;) {
    const choices: number[] = [];
    for (let digit = 0; digit < 10; digit++) if (step(states, digit).length > 0) choices.push(digit);
    const accepts = states.some((state) => state.kind === 'accept');
    if (choices.length === 0 || (accepts && random(2) === 0)) return drawn;
    const digit = choices[random(choices.length)]!;
    drawn += String(digit);
    states = close(step(states, digit));
  }
}

function compare(country: string, international: string, differences: Difference[]): boolean {
  const theirs = parsePhoneNumberFromString(`+${international}`);
  if (theirs === undefined || !theirs.isValid()) return false;
  const digits = theirs.number.slice(1);
  if (digits.length > 15) return false;
  const out: NormalizedNumber = { kind: 'invalid', number: 0, text: '', routingNumber: '' };
  const destination: Destination = { country: '', numberClass: 'unknown' };
  const differ = (what: Difference['what'], expected: string, ours: string): void => {
    if (expected !== ours) differences.push({ what, number: digits, country, theirs: expected, ours });
  };
  normalize(`+${international}`, { country: 'US', areaCode: '' }, out);
  differ('number', digits, String(out.number));
  classify(Number(digits), destination);
  differ('country', theirs.country ?? '', destination.country);
  differ('class', CLASS_OF_TYPE[theirs.getType() ?? ''] ?? 'other', destination.numberClass);
  normalize(`011${digits}`, { country: 'US', areaCode: '' }, out);
  differ('abroad', digits, String(out.number));
  if (theirs.country !== undefined) {
    normalize(theirs.formatNational(), { country: theirs.country, areaCode: '' }, out);
    if (out.kind === 'e164' || theirs.nationalNumber.length > 6) {
      const national = parsePhoneNumberFromString(theirs.formatNational(), theirs.country);
      differ('national', national?.number.slice(1) ?? '', String(out.number));
    }
  }
  return true;
}

describe('against libphonenumber-js', () => {
  it(`agrees on ${SAMPLE} valid numbers of all countries, but for stated reasons (seed ${SEED})`, () => {
    const random = randomFrom(SEED);
    const countries = Object.entries(metadata.countries as unknown as Record<string, readonly unknown[]>);
    const differences: Difference[] = [];
    let compared = 0;
    for (let i = 0; compared < SAMPLE; i++) {
      const [country, data] = countries[i % countries.length]!;
      const patterns = ((data[11] || []) as ([string] | 0)[]).flatMap((type) =>
        type && type[0] !== '' ? [type[0]] : [],
      );
      if (patterns.length === 0) continue;
      const national = drawNumber(patterns[random(patterns.length)]!, random);
      if (compare(country, `${String(data[0])}${national}`, differences)) compared++;
    }
    const explained = new Map(REASONS.map(([reason]) => [reason, 0]));
    const unexplained = differences.filter((difference) => {
      const reason = REASONS.find(([, applies]) => applies(difference))?.[0];
      if (reason !== undefined) explained.set(reason, explained.get(reason)! + 1);
      return reason === undefined;
    });
    if (SAMPLE > 20_000) {
      for (const [reason, count] of explained) process.stdout.write(`${count} ${reason}\n`);
    }
    expect(
      unexplained.map((difference) => Object.values(difference).join(' ')),
      `${unexplained.length} of ${compared} differ`,
    ).toEqual([]);
  });
});
