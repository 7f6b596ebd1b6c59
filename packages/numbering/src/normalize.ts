/** What switches write in From and To → E.164 numbers, by the account's dial plan. */
import { diallingRulesOf } from './dialling-rules.ts';
import type { DiallingRules } from './dialling-rules.ts';
import { DIGITS_MAX, digits, readDialled, readWithPlus } from './read-digits.ts';
import type { DialPlan, NormalizedNumber } from './types.ts';
import { readWritten } from './written-number.ts';

/** Longest extension and short code. */
export const EXTENSION_DIGITS_MAX = 6;

/** A string of so many zeros is what some switches send for a withheld number. */
const WITHHELD_ZEROS_MIN = 4;

/** The word `anonymous` on a telephone keypad, which gateways send where letters are not allowed. */
const KEYPAD_ANONYMOUS = '266696687';

const PLUS = 43;

/**
 * Reads a number in any notation: national, with trunk or exit code, with plus, with punctuation, as sip: or tel: URI. Never throws.
 * Short codes of the plan's country (911, 988, 112 …) go before any country code; short numbers are extensions.
 * @param out written and returned, so that the hot path allocates nothing
 */
export function normalize(text: string, plan: DialPlan, out: NormalizedNumber): NormalizedNumber {
  const rules = diallingRulesOf(plan.country);
  const length = text.length;
  const plus = length > 0 && text.charCodeAt(0) === PLUS;
  out.routingNumber = '';
  let count = 0;
  for (let i = plus ? 1 : 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >>> 0 > 9 || count === DIGITS_MAX) return normalizeWritten(text, plan, rules, out);
    digits[count++] = digit;
  }
  if (count === 0) return normalizeWritten(text, plan, rules, out);
  return normalizeDigits({ plus, count, context: '' }, text, plan, rules, out);
}

function normalizeWritten(
  text: string,
  plan: DialPlan,
  rules: DiallingRules,
  out: NormalizedNumber,
): NormalizedNumber {
  const written = readWritten(text, digits);
  out.routingNumber = written.routingNumber === '' ? '' : routingDigits(written.routingNumber, plan, rules);
  switch (written.kind) {
    case 'digits':
      // The routing number was read through the same buffer.
      if (written.routingNumber !== '') readWritten(text, digits);
      return normalizeDigits(written, text, plan, rules, out);
    case 'anonymous':
      return setText(out, 'anonymous', 'anonymous');
    case 'star_code':
      return setText(out, 'service_code', written.text);
    case 'unreadable':
      return setText(out, 'invalid', text);
  }
}

function normalizeDigits(
  written: { readonly plus: boolean; readonly count: number; readonly context: string },
  text: string,
  plan: DialPlan,
  rules: DiallingRules,
  out: NormalizedNumber,
): NormalizedNumber {
  const { plus, count } = written;
  if (count <= EXTENSION_DIGITS_MAX) {
    const short = digitText(text, count);
    if (rules.emergency.has(short)) return setText(out, 'emergency', short);
    if (rules.service.has(short)) return setText(out, 'service_code', short);
  }
  let number = plus ? readWithPlus(count, rules) : 0;
  if (!plus && written.context !== '') number = readInContext(written.context, count, rules);
  if (!plus && number === 0) number = readDialled(count, rules, plan.areaCode);
  if (number !== 0) {
    out.kind = 'e164';
    out.number = number;
    out.text = '';
    return out;
  }
  if (!plus && count <= EXTENSION_DIGITS_MAX) return setText(out, 'extension', digitText(text, count));
  if ((count >= WITHHELD_ZEROS_MIN && isZeros(count)) || digitText(text, count) === KEYPAD_ANONYMOUS)
    return setText(out, 'anonymous', 'anonymous');
  return setText(out, 'invalid', text);
}

/** A local number of a tel: URI after its `phone-context` (`+1`, `+1-212`). */
function readInContext(context: string, count: number, rules: DiallingRules): number {
  const saved = digits.slice(0, count);
  let at = 0;
  for (const character of context)
    if (character >= '0' && character <= '9' && at < 8) digits[at++] = Number(character);
  if (at + count > DIGITS_MAX) return 0;
  digits.set(saved, at);
  const number = readWithPlus(at + count, rules);
  digits.set(saved);
  return number;
}

/** E.164 digits of a routing number, or its digits as written when they are no E.164 number. */
function routingDigits(text: string, plan: DialPlan, rules: DiallingRules): string {
  const { plus, count } = readWritten(text, digits);
  const asWritten = digitText('', count);
  const number = plus ? readWithPlus(count, rules) : readDialled(count, rules, plan.areaCode);
  return number === 0 ? asWritten : String(number);
}

/** The digits as text: the text itself when it is nothing but them. */
function digitText(text: string, count: number): string {
  if (text.length === count && text.charCodeAt(0) !== PLUS) return text;
  let result = '';
  for (let i = 0; i < count; i++) result += String(digits[i]);
  return result;
}

function isZeros(count: number): boolean {
  for (let i = 0; i < count; i++) if (digits[i] !== 0) return false;
  return true;
}

function setText(out: NormalizedNumber, kind: NormalizedNumber['kind'], text: string): NormalizedNumber {
  out.kind = kind;
  out.number = 0;
  out.text = text;
  return out;
}
