import { describe, expect, test } from 'vitest';
import { readCodes } from './codes.ts';

function codes(text: string, countryCode = ''): string {
  const out: string[] = [];
  const fault = readCodes(text, countryCode, out);
  if (fault !== null) expect(out).toEqual([]);
  return fault?.code.replace('TOLL_DECK_', '') ?? out.join(' ');
}

describe('a cell of codes', () => {
  test.each([
    ['447400', '447400'],
    ['+44 7400', '447400'],
    ['0044 7400', '447400'],
    ['011447400', '447400'],
    ['00447400', '447400'],
    ['1 876 555', '1876555'],
    ['+1 (876)', '1876'],
    ['1876;1658', '1876 1658'],
    ['1876, 1658 / 1659|1700', '1876 1658 1659 1700'],
    ['447400-447402', '447400 447401 447402'],
    ['447400 - 447402', '447400 447401 447402'],
    ['447409–447411', '447409 447410 447411'],
    ['44 7400-7402;7415', '447400 447401 447402 447415'],
    ['44 7400-7402;7415;+33 6', '447400 447401 447402 447415 336'],
    ['7 701;702', '7701 7702'],
    ['44 20;1 876', '4420 1876'],
    ['447400;\n447401', '447400 447401'],
  ])('%j', (text, expected) => {
    expect(codes(text)).toBe(expected);
  });

  test.each([
    ['20', '44', '4420'],
    ['7400-7402;7415', '44', '447400 447401 447402 447415'],
    ['+447400', '44', '447400'],
    ['00447400', '44', '447400'],
  ])('%j beside the country code %s', (text, countryCode, expected) => {
    expect(codes(text, countryCode)).toBe(expected);
  });

  test('that carries the trunk digit of its country is refused, never taken for 011 and another country', () => {
    expect(codes('0117', '44')).toBe('CODE_INVALID');
    expect(codes('020', '44')).toBe('CODE_INVALID');
  });

  test.each([
    // One code in groups, or a list?
    ['7400 7402', 'CODE_AMBIGUOUS'],
    ['201 202 203', 'CODE_AMBIGUOUS'],
    // 44 447415, or 447415 as it stands?
    ['44 7400; 447415', 'CODE_AMBIGUOUS'],
    ['4.474E+11', 'CODE_MANGLED'],
    ['447400.0', 'CODE_MANGLED'],
    ['447402-447400', 'RANGE_INVALID'],
    ['447400-02', 'RANGE_INVALID'],
    ['1000000-9000000', 'RANGE_INVALID'],
    ['0', 'CODE_INVALID'],
    ['020', 'CODE_INVALID'],
    ['44x', 'CODE_INVALID'],
    ['1234567890123456', 'CODE_INVALID'],
    ['', 'CODE_INVALID'],
    [';', 'CODE_INVALID'],
  ])('%j is refused: %s', (text, expected) => {
    expect(codes(text)).toBe(expected);
  });

  test('keeps what was read before it when it is refused', () => {
    const out = ['1'];
    expect(readCodes('44;x', '', out)).not.toBeNull();
    expect(out).toEqual(['1']);
  });
});
