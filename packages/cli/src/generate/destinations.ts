/** Numbers to call and to be called from, and the ways in which people and switches write them. */
import { Weighted, type Random } from './random.ts';

const US_AREAS = [
  '201',
  '202',
  '206',
  '212',
  '213',
  '214',
  '215',
  '267',
  '301',
  '303',
  '305',
  '312',
  '313',
  '314',
]
  .concat([
    '330',
    '347',
    '402',
    '404',
    '410',
    '412',
    '415',
    '425',
    '480',
    '502',
    '503',
    '504',
    '512',
    '513',
    '602',
  ])
  .concat([
    '603',
    '608',
    '612',
    '615',
    '617',
    '619',
    '646',
    '702',
    '703',
    '704',
    '713',
    '718',
    '801',
    '804',
    '808',
  ])
  .concat(['813', '816', '818', '901', '907', '916', '919', '972', '973', '787', '340']);
const CANADA_AREAS = [
  '204',
  '226',
  '250',
  '306',
  '403',
  '416',
  '418',
  '438',
  '506',
  '514',
  '519',
  '604',
  '613',
  '647',
].concat(['705', '709', '778', '780', '819', '902', '905']);
const BRAZIL_AREAS = [
  '11',
  '12',
  '19',
  '21',
  '27',
  '31',
  '41',
  '47',
  '48',
  '51',
  '61',
  '62',
  '71',
  '81',
  '85',
  '91',
];

/**
 * Numbers abroad: the digits that stand, how many more follow, and how often. Many are ranges that regulators keep for fiction.
 * Jamaica, Bermuda and the Dominican Republic begin with 1 as the United States do.
 */
const ABROAD = new Weighted<readonly [prefix: string, moreDigits: number]>([
  [['525555550', 3], 9], // Mexico
  [['4420794601', 2], 5], // United Kingdom, London
  [['447700900', 3], 6], // United Kingdom, mobile
  [['187655501', 2], 5], // Jamaica
  [['180955501', 2], 4], // Dominican Republic
  [['144155501', 2], 1], // Bermuda
  [['493023125', 3], 4], // Germany, Berlin
  [['491719920', 3], 3], // Germany, mobile
  [['3319900', 4], 4], // France, Paris
  [['336399800', 2], 3], // France, mobile
  [['6491570', 3], 1], // New Zealand
  [['61491570', 3], 3], // Australia, mobile
  [['912255501', 3], 5], // India, Mumbai
  [['919820550', 3], 5], // India, mobile
  [['8135550', 4], 3], // Japan, Tokyo
  [['541150550', 3], 2], // Argentina
  [['5622555', 4], 2], // Chile
  [['57155501', 2], 2], // Colombia
  [['34915550', 3], 2], // Spain
  [['390655501', 3], 2], // Italy
  [['86105550', 4], 2], // China
  [['632855501', 2], 3], // Philippines
  [['46846500', 3], 1], // Sweden
  [['972255501', 2], 1], // Israel
  [['27215550', 2], 1], // South Africa
]);
const PREMIUM = [
  ['1787555', 4],
  ['1900555', 4],
  ['1345976', 4],
] as const;
/** Calling codes that nobody has. */
const NOWHERE = ['2105550', '6995550', '9995550'];

export const SERVICE_CODES = ['411', '611', '711', '211', '988'] as const;

export function moreDigits(prefix: string, count: number, random: Random): string {
  return prefix + String(random.below(10 ** count)).padStart(count, '0');
}

export function usNumber(random: Random): string {
  return moreDigits(`1${random.pick(US_AREAS)}55501`, 2, random);
}

function canadaNumber(random: Random): string {
  return moreDigits(`1${random.pick(CANADA_AREAS)}55501`, 2, random);
}

function brazilMobile(random: Random): string {
  return moreDigits(`55${random.pick(BRAZIL_AREAS)}987650`, 3, random);
}

function brazilFixed(random: Random): string {
  return moreDigits(`55${random.pick(BRAZIL_AREAS)}355501`, 2, random);
}

export function nearbyNumber(country: string, areaCode: string, random: Random): string {
  if (country === 'BR') return moreDigits(`55${areaCode}355501`, 2, random);
  return moreDigits(`1${areaCode}55501`, 2, random);
}

export function domesticNumber(country: string, random: Random): string {
  if (country === 'CA') return canadaNumber(random);
  if (country === 'BR') return random.chance(0.6) ? brazilMobile(random) : brazilFixed(random);
  return usNumber(random);
}

export function foreignNumber(country: string, random: Random): string {
  const share = random.fraction();
  if (country !== 'BR' && share < 0.24) return brazilMobile(random);
  if (country !== 'BR' && share < 0.34) return brazilFixed(random);
  if (country !== 'CA' && share < 0.5) return canadaNumber(random);
  if (country !== 'US' && share < 0.66) return usNumber(random);
  const [prefix, count] = ABROAD.pick(random);
  return moreDigits(prefix, count, random);
}

export function premiumNumber(random: Random): string {
  const [prefix, count] = random.pick(PREMIUM);
  return moreDigits(prefix, count, random);
}

export function tollFreeNumber(country: string, random: Random): string {
  return country === 'BR' ? moreDigits('558005551', 3, random) : moreDigits('188855501', 2, random);
}

export function numberNobodyHas(random: Random): string {
  return moreDigits(random.pick(NOWHERE), 5, random);
}

/** How a user in `country` or the switch behind it writes an E.164 number. */
export function written(e164: string, country: string, random: Random): string {
  const way = random.below(20);
  if (way < 8) return `+${e164}`;
  if (way < 10) return `sip:+${e164}@sbc.example.net;user=phone`;
  if (way === 10) return `tel:+${e164}`;
  if (country === 'BR') return e164.startsWith('55') ? `0${e164.slice(2)}` : `+${e164}`;
  if (!e164.startsWith('1')) return way < 19 ? `011${e164}` : `sip:011${e164}@pbx.example.net`;
  if (way < 15) return e164;
  if (way < 19) return e164.slice(1);
  return `(${e164.slice(1, 4)}) ${e164.slice(4, 7)}-${e164.slice(7)}`;
}
