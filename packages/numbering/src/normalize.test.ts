import { describe, expect, it } from 'vitest';
import { classify, isNorthAmerican, normalize } from './index.ts';
import type { Destination, DialPlan, NormalizedNumber } from './index.ts';

const US: DialPlan = { country: 'US', areaCode: '' };
const NEW_YORK: DialPlan = { country: 'US', areaCode: '212' };
const CANADA: DialPlan = { country: 'CA', areaCode: '416' };
const BRAZIL: DialPlan = { country: 'BR', areaCode: '11' };
const plan = (country: string, areaCode = ''): DialPlan => ({ country, areaCode });

function read(text: string, dialPlan: DialPlan = US): NormalizedNumber {
  return normalize(text, dialPlan, { kind: 'invalid', number: 1, text: 'stale', routingNumber: 'stale' });
}

function e164(text: string, dialPlan: DialPlan = US): number {
  const { kind, number, text: rest } = read(text, dialPlan);
  expect([kind, rest]).toEqual(['e164', '']);
  return number;
}

describe('North American dialling', () => {
  it.each([
    ['2125550100', 12125550100],
    ['12125550100', 12125550100],
    ['+12125550100', 12125550100],
    ['(212) 555-0100', 12125550100],
    ['1 212.555.0100', 12125550100],
    ['tel:+1-212-555-0100', 12125550100],
    ['0015125550100', 15125550100],
    ['01118765550127', 18765550127],
    ['011442079460706', 442079460706],
    ['0115511955503686', 5511955503686],
    ['00493023125937', 493023125937],
    ['+0115521955506008', 5521955506008],
    ['1010288 1 212 555 0100', 12125550100],
    ['*67 212 555 0100', 12125550100],
    ['*8212125550100', 12125550100],
    ['011881612345729', 881612345729],
    ['18005550130', 18005550130],
  ])('%s', (text, number) => {
    expect(e164(text)).toBe(number);
    expect(e164(text, CANADA)).toBe(number);
    expect(e164(text, plan('NANP'))).toBe(number);
  });

  it('adds the area code only where the plan has one', () => {
    expect(e164('555-0100', NEW_YORK)).toBe(12125550100);
    expect(read('5550100').kind).toBe('invalid');
    expect(read('1550100', NEW_YORK).kind).toBe('invalid');
  });

  it.each([
    '1415555010',
    '011521555593',
    '21255501',
    '121255501000',
    '01121255',
    '+1212555010',
    '+12120550100',
    '11125550100',
  ])('refuses %s and keeps it as it came', (text) => {
    expect(read(text)).toEqual({ kind: 'invalid', number: 0, text, routingNumber: '' });
  });

  it('takes E.164 without plus when it can be nothing else', () => {
    expect(e164('442079460024')).toBe(442079460024);
    expect(e164('33639012299')).toBe(33639012299);
  });
});

describe('a plus without the country code', () => {
  it('is North American where no international number has those digits', () => {
    expect(e164('+7875551234')).toBe(17875551234);
    expect(e164('+2125551234')).toBe(12125551234);
    expect(e164('+18765550123')).toBe(18765550123);
  });

  it('is taken as written where some country has numbers of that length', () => {
    expect(e164('+6505551234')).toBe(6505551234);
  });

  it('is so only under a North American plan, and only with an area code in use', () => {
    expect(read('+7875551234', plan('RU')).kind).toBe('invalid');
    expect(read('+2115551234').kind).toBe('invalid');
  });
});

describe('short codes come before any country code', () => {
  it.each([
    ['911', US, 'emergency'],
    ['933', US, 'emergency'],
    ['+911', US, 'emergency'],
    ['sip:911@gateway.example', US, 'emergency'],
    ['tel:911;phone-context=+1', US, 'emergency'],
    ['911', plan('JM'), 'emergency'],
    ['112', plan('DE'), 'emergency'],
    ['999', plan('GB'), 'emergency'],
    ['190', BRAZIL, 'emergency'],
    ['15', plan('FR'), 'emergency'],
    ['112', plan('KE'), 'emergency'],
    ['411', US, 'service_code'],
    ['988', US, 'service_code'],
    ['0', US, 'service_code'],
    ['111', plan('GB'), 'service_code'],
    ['188', BRAZIL, 'service_code'],
    ['*98', US, 'service_code'],
    ['#31#', plan('DE'), 'service_code'],
    ['112', US, 'extension'],
    ['999', US, 'extension'],
    ['2257', US, 'extension'],
    ['sip:7042@pbx11.example.net', US, 'extension'],
    ['tel:7042;phone-context=example.com', US, 'extension'],
  ] as const)('%s', (text, dialPlan, kind) => {
    const result = read(text, dialPlan);
    expect([result.kind, result.number]).toEqual([kind, 0]);
    expect(text).toContain(result.text);
  });
});

describe('URIs', () => {
  it.each([
    ['sip:+12125550100@sw1.example.net;user=phone', 12125550100, ''],
    ['SIPS:12125550100@sw1.example.net:5061', 12125550100, ''],
    ['sip:2125550100:secret@sw1.example.net', 12125550100, ''],
    ['"Reception" <sip:2125550100@sw1.example.net;transport=tcp>;tag=1', 12125550100, ''],
    ['12125550100@sw1.example.net', 12125550100, ''],
    ['sip:%2B12125550100@sw1.example.net', 12125550100, ''],
    ['tel:2125550100;phone-context=+1', 12125550100, ''],
    ['tel:5550100;phone-context=+1-212', 12125550100, ''],
    ['tel:+12125550100;ext=77', 12125550100, ''],
    ['tel:2079460127;phone-context=+44', 442079460127, ''],
    ['2135550128;rn=+17135550173;npdi=yes', 12135550128, '17135550173'],
    ['8175550178;npdi;rn=2015550147', 18175550178, '12015550147'],
    ['sip:2135550128;rn=+17135550173;npdi=yes@sw1.example.net', 12135550128, '17135550173'],
    ['tel:+12135550128;rn=5550173;rn-context=+1713', 12135550128, '17135550173'],
    ['+12135550128;npdi=yes', 12135550128, ''],
  ])('%s', (text, number, routingNumber) => {
    expect(e164(text)).toBe(number);
    expect(read(text).routingNumber).toBe(routingNumber);
  });
});

describe('what follows a number', () => {
  it.each([
    '2125550100x12',
    '212-555-0100 ext. 12',
    '2125550100,,12#',
    '2125550100#',
    '2125550100p12',
    '212 555 0100 extension 12',
  ])('%s', (text) => {
    expect(e164(text)).toBe(12125550100);
  });
});

describe('a pause after the digits that ask for a line', () => {
  it.each([
    '9,12125550100',
    '9,,011442079460706',
    '9w2125550100',
    '8~10 44 20 7946 0127',
    '99p +1 212 555 0100',
  ])('%s is not the extension before it, which would be free', (text) => {
    expect(read(text).kind).toBe('invalid');
  });

  it.each([
    ['9,911', '9'],
    ['101,12125550100#', '101'],
    ['7042,,12#', '7042'],
  ])('%s is extension %s, and what is keyed in there', (text, extension) => {
    expect(read(text)).toMatchObject({ kind: 'extension', text: extension });
  });
});

describe('nobody', () => {
  it.each([
    '',
    '  ',
    'anonymous',
    'Restricted',
    'UNAVAILABLE',
    'sip:anonymous@anonymous.invalid',
    'sip:anonymous.invalid',
    '"Anonymous" <sip:anonymous@anonymous.invalid>',
    'sip:@sw1.example.net',
    '0000000000',
    '266696687',
    '<null>',
  ])('%j is anonymous', (text) => {
    expect(read(text)).toEqual({ kind: 'anonymous', number: 0, text: 'anonymous', routingNumber: '' });
  });

  it.each([
    'alice',
    'sip:alice@example.com',
    '1-800-FLOWERS',
    '+',
    '++1212',
    '12+34567890',
    '9'.repeat(40),
    '\u0000',
    '12a',
  ])('%j is invalid', (text) => {
    expect(read(text)).toEqual({ kind: 'invalid', number: 0, text, routingNumber: '' });
  });
});

describe('dialling elsewhere', () => {
  it.each([
    ['BR', '11', '0 15 11 98765 4321', 5511987654321],
    ['BR', '11', '011987654321', 5511987654321],
    ['BR', '11', '11987654321', 5511987654321],
    ['BR', '11', '987654321', 5511987654321],
    ['BR', '11', '5511987654321', 5511987654321],
    ['BR', '11', '55987654321', 5555987654321],
    ['BR', '', '0012125550100', 12125550100],
    ['BR', '', '0015 1 212 555 0100', 12125550100],
    ['BR', '', '08001234567', 558001234567],
    ['GB', '', '020 7946 0127', 442079460127],
    ['GB', '', '+44 (0)20 7946 0127', 442079460127],
    ['GB', '', '+44020 7946 0127', 442079460127],
    ['GB', '', '0012125550100', 12125550100],
    ['DE', '', '030 123456', 4930123456],
    ['DE', '30', '12345678', 493012345678],
    ['DE', '', '493023125937', 493023125937],
    ['FR', '', '01 42 34 56 78', 33142345678],
    ['ES', '', '912345678', 34912345678],
    ['IT', '', '02 1234 5678', 390212345678],
    ['MX', '', '55 5555 0902', 525555550902],
    ['MX', '', '01 55 5555 0902', 525555550902],
    ['MX', '', '044 55 5555 0902', 525555550902],
    ['US', '', '+52 1 55 5555 0902', 525555550902],
    ['RU', '', '8 495 123-45-67', 74951234567],
    ['RU', '', '810 44 20 7946 0127', 442079460127],
    ['AU', '', '0011 44 20 7946 0127', 442079460127],
    ['AU', '', '02 9374 4000', 61293744000],
    ['JP', '', '010 1 212 555 0100', 12125550100],
    ['HU', '', '06 1 234 5678', 3612345678],
  ])('%s (%s): %s', (country, areaCode, text, number) => {
    expect(e164(text, plan(country, areaCode))).toBe(number);
  });

  it('understands only international notation where the country is not known', () => {
    expect(e164('+12125550100', plan('XX'))).toBe(12125550100);
    expect(e164('0012125550100', plan(''))).toBe(12125550100);
    expect(read('2125550100', plan('XX')).kind).toBe('invalid');
  });

  it('reads digits of other scripts and typographic punctuation', () => {
    expect(e164('＋１２１２５５５０１００')).toBe(12125550100);
    expect(e164('+1\u00a0212\u2011555\u20130100')).toBe(12125550100);
    expect(e164('٢١٢٥٥٥٠١٠٠')).toBe(12125550100);
  });
});

describe('classes', () => {
  const destination = (number: number): [string, string] => {
    const out: Destination = { country: 'stale', numberClass: 'other' };
    expect(classify(number, out)).toBe(out);
    return [out.country, out.numberClass];
  };

  it.each([
    [12125550100, 'US', 'geographic'],
    [14165550100, 'CA', 'geographic'],
    [18765550123, 'JM', 'mobile'],
    [16582951234, 'JM', 'mobile'],
    [17875551234, 'PR', 'geographic'],
    [19395551234, 'PR', 'geographic'],
    [18095551234, 'DO', 'geographic'],
    [18295551234, 'DO', 'geographic'],
    [18495551234, 'DO', 'geographic'],
    [12425550152, 'BS', 'mobile'],
    [12465550178, 'BB', 'geographic'],
    [18005550130, 'US', 'toll_free'],
    [18335550130, 'US', 'toll_free'],
    [19005553260, 'US', 'premium'],
    [13109764143, 'US', 'premium'],
    [14169764143, 'CA', 'premium'],
    [13459761234, 'KY', 'premium'],
    [18769761234, 'JM', 'geographic'],
    [15005550100, 'US', 'other'],
    [74951234567, 'RU', 'geographic'],
    [79161234567, 'RU', 'mobile'],
    [77011234567, 'KZ', 'mobile'],
    [77172123456, 'KZ', 'geographic'],
    [442079460127, 'GB', 'geographic'],
    [447700123456, 'GB', 'mobile'],
    [447911123456, 'GG', 'mobile'],
    [441534123456, 'JE', 'geographic'],
    [441481123456, 'GG', 'geographic'],
    [441624123456, 'IM', 'geographic'],
    [447700900065, 'GB', 'unknown'],
    [443001234567, 'GB', 'other'],
    [448431234567, 'GB', 'premium'],
    [449012345678, 'GB', 'premium'],
    [390669812345, 'VA', 'geographic'],
    [5511987654321, 'BR', 'mobile'],
    [551132345678, 'BR', 'geographic'],
    [5540041234, 'BR', 'shared_cost'],
    [4915123456789, 'DE', 'mobile'],
    [80012345678, '', 'toll_free'],
    [80812345678, '', 'shared_cost'],
    [979123456789, '', 'premium'],
    [881612345729, '', 'mobile'],
    [19995550100, '', 'unknown'],
    [2101234567, '', 'unknown'],
    [0, '', 'unknown'],
    [-1, '', 'unknown'],
    [Number.NaN, '', 'unknown'],
    [2 ** 60, '', 'unknown'],
    [1, '', 'unknown'],
  ])('%i is %s %s', (number, country, numberClass) => {
    expect(destination(number)).toEqual([country, numberClass]);
  });
});

it('knows who shares the North American codes', () => {
  expect(['US', 'CA', 'JM', 'PR', 'BR', 'GB', '', 'XX'].filter(isNorthAmerican)).toEqual([
    'US',
    'CA',
    'JM',
    'PR',
  ]);
});
