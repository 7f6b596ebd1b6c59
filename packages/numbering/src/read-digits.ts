/**
 * Digits as dialled → E.164. The digits stand in `digits`, a scratch buffer that this module and `normalize` share so that the
 * hot path allocates nothing; each call fills it before it reads it. A reading is the E.164 number, or 0 when it is none.
 */
import { isListed } from './classify.ts';
import { lengthMaskByCallingCode, trunkDigitByCallingCode } from './dialling-rules.ts';
import type { DiallingRules } from './dialling-rules.ts';
import { E164_DIGITS_MAX } from './packed-digits.ts';

/** Longest dialled digits that are read: a 7-digit carrier access code, an exit code and 15 digits fit well. */
export const DIGITS_MAX = 32;
/** Fewer digits without a trunk prefix are an extension, even where subscribers have numbers so short. */
const SUBSCRIBER_DIGITS_MIN = 7;
/** Without exit code or plus, only this many digits can be told from a national number. */
const BARE_INTERNATIONAL_DIGITS_MIN = 11;

export const digits = new Uint8Array(DIGITS_MAX);

const NORTH_AMERICA = 1;
const MEXICO = 52;
const TEN_DIGITS = 10_000_000_000;

/**
 * A number written with a plus.
 * Ten digits that can be no international number, under a North American plan, lack their 1: `+7875551234` is Puerto Rico's
 * 787 555 1234, for no country +7 number has nine digits more. Whatever can be an international number is taken as written.
 */
export function readWithPlus(count: number, rules: DiallingRules): number {
  if (digits[0] === 0) return readAfterExitCode(count, rules);
  const number = readInternational(0, count);
  if (number !== 0 || !rules.northAmerican || count !== 10) return number;
  const withCountryCode = readNorthAmerican(0);
  return withCountryCode !== 0 && isListed(withCountryCode) ? withCountryCode : 0;
}

/** Digits as dialled in the plan's country. */
export function readDialled(count: number, rules: DiallingRules, areaCode: string): number {
  if (rules.northAmerican) {
    if (count === 10 && digits[0]! >= 2) return readNorthAmerican(0);
    if (count === 11 && digits[0] === 1) return readNorthAmerican(1);
  }
  const abroad = readAfterExitCode(count, rules);
  if (abroad !== 0) return abroad;
  const national = rules.northAmerican
    ? readNorthAmericanLocal(count, rules, areaCode)
    : readNational(count, rules, areaCode);
  if (national !== 0 || count < BARE_INTERNATIONAL_DIGITS_MIN) return national;
  // Many trunks send E.164 without the plus; this long it can be nothing else here.
  return readInternational(0, count);
}

/** Country code and number in digits[from, to). */
function readInternational(from: number, to: number): number {
  const callingCode = callingCodeAt(from, to);
  if (callingCode === 0) return 0;
  const start = from + (callingCode < 10 ? 1 : callingCode < 100 ? 2 : 3);
  if (callingCode === NORTH_AMERICA) return to - start === 10 ? readNorthAmerican(start) : 0;
  return readNationalNumber(callingCode, start, to);
}

function readAfterExitCode(count: number, rules: DiallingRules): number {
  for (const exitCode of rules.exitCodes) {
    if (!startsWith(exitCode, 0, count)) continue;
    const number = readInternational(exitCode.length, count);
    if (number !== 0) return number;
  }
  return 0;
}

/** Seven digits with the plan's area code; a carrier access code 101 XXXX before any of the others. */
function readNorthAmericanLocal(count: number, rules: DiallingRules, areaCode: string): number {
  if (count === 7 && areaCode.length === 3 && digits[0]! >= 2) {
    digits.copyWithin(3, 0, 7);
    for (let i = 0; i < 3; i++) digits[i] = areaCode.charCodeAt(i) - 48;
    return readNorthAmerican(0);
  }
  if (count > 16 && digits[0] === 1 && digits[1] === 0 && digits[2] === 1) {
    digits.copyWithin(0, 7, count);
    return readDialled(count - 7, rules, areaCode);
  }
  return 0;
}

/**
 * A national number outside North America, in this order: 1 after the trunk prefix (and carrier code), 2 with the country's
 * own code but without plus, 3 as it stands, 4 after the plan's area code. What the metadata lists goes before what merely
 * has a possible length.
 */
function readNational(count: number, rules: DiallingRules, areaCode: string): number {
  const callingCode = rules.callingCode;
  if (callingCode === 0) return 0;
  let possible = 0;
  for (const prefix of rules.trunkPrefixes) {
    if (!startsWith(prefix, 0, count)) continue;
    const start = prefix.length;
    const carrier =
      rules.carriers.size > 0 && count - start > 11 ? digits[start]! * 10 + digits[start + 1]! : -1;
    const number = readNationalNumber(callingCode, rules.carriers.has(carrier) ? start + 2 : start, count);
    if (number !== 0 && isListed(number)) return number;
    possible ||= number;
  }
  if (callingCodeAt(0, count) === callingCode) {
    const number = readInternational(0, count);
    if (number !== 0 && isListed(number)) return number;
    if (!hasLength(rules.lengthMask, count)) possible ||= number;
  }
  const couldBeExtension = count < SUBSCRIBER_DIGITS_MIN && rules.trunkPrefixes.length > 0;
  const asItStands =
    !couldBeExtension && hasLength(rules.lengthMask, count) ? readNationalNumber(callingCode, 0, count) : 0;
  if (asItStands !== 0 && isListed(asItStands)) return asItStands;
  if (areaCode !== '' && count >= SUBSCRIBER_DIGITS_MIN && count + areaCode.length <= E164_DIGITS_MAX) {
    const saved = digits.slice(0, count);
    digits.copyWithin(areaCode.length, 0, count);
    for (let i = 0; i < areaCode.length; i++) digits[i] = areaCode.charCodeAt(i) - 48;
    const number = readNationalNumber(callingCode, 0, count + areaCode.length);
    digits.set(saved);
    if (number !== 0 && isListed(number)) return number;
    possible ||= number;
  }
  return possible || asItStands;
}

/** digits[start, to) as a national number of the calling code; a trunk prefix left in by the writer is taken out. */
function readNationalNumber(callingCode: number, start: number, to: number): number {
  const mask = lengthMaskByCallingCode[callingCode]!;
  const number = hasLength(mask, to - start) ? compose(callingCode, start, to) : 0;
  const trunkDigit = trunkDigitByCallingCode[callingCode]! - 1;
  const strayPrefix =
    digits[start] === trunkDigit || (callingCode === MEXICO && digits[start] === 1 && to - start === 11);
  if (!strayPrefix || !hasLength(mask, to - start - 1)) return number;
  if (number !== 0 && isListed(number)) return number;
  const without = compose(callingCode, start + 1, to);
  return isListed(without) ? without : number;
}

/** Ten digits from `start`: area code 2XX–9XX, exchange 2XX–9XX, or 0XX and 1XX where the metadata lists it (Dominican Republic). */
function readNorthAmerican(start: number): number {
  if (digits[start]! < 2) return 0;
  const number = TEN_DIGITS + value(start, start + 10);
  return digits[start + 3]! >= 2 || isListed(number) ? number : 0;
}

/** The calling code that digits[from, to) begin with, or 0. No calling code is the beginning of another. */
function callingCodeAt(from: number, to: number): number {
  let code = 0;
  for (let i = from; i < to && i < from + 3; i++) {
    code = code * 10 + digits[i]!;
    if (lengthMaskByCallingCode[code] !== 0) return code;
    if (code === 0) return 0;
  }
  return 0;
}

function compose(callingCode: number, start: number, to: number): number {
  const length = to - start;
  const codeLength = callingCode < 10 ? 1 : callingCode < 100 ? 2 : 3;
  if (length + codeLength > E164_DIGITS_MAX) return 0;
  return callingCode * 10 ** length + value(start, to);
}

function value(from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) number = number * 10 + digits[i]!;
  return number;
}

function hasLength(mask: number, length: number): boolean {
  return length > 0 && length < 31 && ((mask >> length) & 1) === 1;
}

function startsWith(prefix: Uint8Array, from: number, to: number): boolean {
  if (to - from <= prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (digits[from + i] !== prefix[i]) return false;
  return true;
}
