/**
 * Numbers read from the bytes of a record, without a string for them: E.164 numbers in the notations that most switches write, and short
 * texts of digits, whose meaning is remembered. `normalize` reads everything, and is what this is held against.
 */
import { diallingRulesOf } from './dialling-rules.ts';
import type { DiallingRules } from './dialling-rules.ts';
import { EXTENSION_DIGITS_MAX, normalize } from './normalize.ts';
import { DIGITS_MAX, digits, readDialled, readWithPlus } from './read-digits.ts';
import type { DialPlan, NormalizedNumber } from './types.ts';

/** Of longer texts of digits there are too many to remember them. */
const REMEMBERED_DIGITS_MAX = 4;

const [PLUS, OPENING_PARENTHESIS, AT, SEMICOLON, OPENING_BRACKET, LOWER_CASE] = [43, 40, 64, 59, 60, 0x20];
const [S, I, P, T, E, L, R, COLON] = [115, 105, 112, 116, 101, 108, 114, 58];

/** What may stand between the digits of a number. */
const isSeparator = new Uint8Array(256);
for (const character of ' \t-./()[]') isSeparator[character.charCodeAt(0)] = 1;

/** By the digits with a 1 before them. What so few digits mean is the same under all area codes of a country. */
const shortTexts = new Map<DiallingRules, (Readonly<NormalizedNumber> | undefined)[]>();
let lastRules: DiallingRules | null = null;
let lastTexts: (Readonly<NormalizedNumber> | undefined)[] = [];

/**
 * @param bytes ASCII in [start, end)
 * @returns whether `out` was written; else `normalize` is to be asked, for it may be anything
 */
export function normalizeBytes(
  bytes: Uint8Array,
  place: { readonly start: number; readonly end: number },
  plan: DialPlan,
  out: NormalizedNumber,
): boolean {
  const { start, end } = place;
  if (end - start <= REMEMBERED_DIGITS_MAX) return readShort(bytes, start, end, plan, out);
  let at = afterScheme(bytes, start, end);
  const isUri = at > start;
  const plus = bytes[at] === PLUS;
  if (plus) at += 1;
  let count = 0;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    const digit = byte - 48;
    if (digit >>> 0 <= 9) {
      if (count === DIGITS_MAX) return false;
      digits[count++] = digit;
    } else if (isSeparator[byte] === 1) {
      // +44 (0)20: the trunk prefix in brackets.
      if (plus && byte === OPENING_PARENTHESIS) return false;
    } else if (byte === AT && isUri && saysNoMore(bytes, at + 1, end)) {
      break;
    } else {
      return false;
    }
  }
  // What is as short as a short code or an extension may be one.
  if (count <= EXTENSION_DIGITS_MAX) return false;
  const rules = diallingRulesOf(plan.country);
  const number = plus ? readWithPlus(count, rules) : readDialled(count, rules, plan.areaCode);
  if (number === 0) return false;
  out.kind = 'e164';
  out.number = number;
  out.text = '';
  out.routingNumber = '';
  return true;
}

/** @returns where the text goes on behind `sip:` or `tel:`; `start` where it begins with neither */
function afterScheme(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 4 || bytes[start + 3] !== COLON) return start;
  const [first, second, third] = [
    bytes[start]! | LOWER_CASE,
    bytes[start + 1]! | LOWER_CASE,
    bytes[start + 2]! | LOWER_CASE,
  ];
  const isScheme =
    (first === S && second === I && third === P) || (first === T && second === E && third === L);
  return isScheme ? start + 4 : start;
}

/** Whether host and parameters of a URI say nothing of the number: no routing number, no context, no brackets around it all. */
function saysNoMore(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === AT || byte === OPENING_BRACKET) return false;
    if (byte !== SEMICOLON || at + 1 === end) continue;
    const next = bytes[at + 1]! | LOWER_CASE;
    if (next === R || next === P) return false;
  }
  return true;
}

function readShort(
  bytes: Uint8Array,
  start: number,
  end: number,
  plan: DialPlan,
  out: NormalizedNumber,
): boolean {
  if (start === end) return false;
  let key = 1;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit >>> 0 > 9) return false;
    key = key * 10 + digit;
  }
  const rules = diallingRulesOf(plan.country);
  if (rules !== lastRules) {
    lastRules = rules;
    lastTexts = shortTexts.get(rules) ?? [];
    shortTexts.set(rules, lastTexts);
  }
  const known = lastTexts;
  const meaning = (known[key] ??= Object.freeze({ ...normalize(String(key).slice(1), plan, out) }));
  out.kind = meaning.kind;
  out.number = meaning.number;
  out.text = meaning.text;
  out.routingNumber = meaning.routingNumber;
  return true;
}
