import type { DestinationSet } from '@tollstream/catalog';
import { expect, it } from 'vitest';
import { compileSet } from './destination-set.ts';

const set = (part: Partial<DestinationSet>) =>
  compileSet({ id: 'set', callTypes: null, countries: new Set(), prefixes: [], ...part });
const us = { callType: 'long_distance', country: 'US', number: 14155550199 } as const;
const brazil = { callType: 'international', country: 'BR', number: 5511987650123 } as const;
const help = { callType: 'emergency', country: '', number: 0 } as const;
const service = { callType: 'service_code', country: '', number: 0 } as const;

it.each<[string, Partial<DestinationSet>, readonly [boolean, boolean, boolean, boolean]]>([
  // To the USA, to Brazil, to a number without a country, and for help.
  ['all calls', {}, [true, true, true, false]],
  ['a call type', { callTypes: new Set(['international']) }, [false, true, false, false]],
  ['a country', { countries: new Set(['BR']) }, [false, true, false, false]],
  ['a prefix', { prefixes: ['1415'] }, [true, false, false, false]],
  ['a country or a prefix', { countries: new Set(['BR']), prefixes: ['1415'] }, [true, true, false, false]],
  [
    'a call type, to a country or a prefix',
    { callTypes: new Set(['international']), countries: new Set(['US']), prefixes: ['55'] },
    [false, true, false, false],
  ],
  [
    'calls for help, which belong to no set',
    { callTypes: new Set(['emergency']) },
    [false, false, false, false],
  ],
])('holds %s', (_, part, expected) => {
  const compiled = set(part);
  expect([us, brazil, service, help].map((destination) => compiled.has(destination))).toEqual(expected);
});
