/** The notations a number comes in: punctuation, URIs with parameters, extensions after it, and words for nobody. */

export interface WrittenNumber {
  kind: 'digits' | 'anonymous' | 'star_code' | 'unreadable';
  plus: boolean;
  /** Digits written to the buffer. */
  count: number;
  /** Text of a star code. */
  text: string;
  /** Value of `;rn=`, as written. */
  routingNumber: string;
  /** Value of `;phone-context=` when it is a number. */
  context: string;
}

/** User parts and whole texts that name nobody, in lower case. */
const WITHHELD = new Set([
  '',
  'anonymous',
  'asserted',
  'blocked',
  'caller id blocked',
  'no caller id',
  'none',
  'null',
  '<null>',
  'not available',
  'out of area',
  'p',
  'private',
  'restricted',
  'unavailable',
  'unknown',
  'withheld',
]);

const SCHEME = /^(?:sips?|tel):/i;
/** An extension, a pause or a dial terminator after the number: the number ends before it. */
const AFTER_NUMBER = /^(?:#|[,;~pw]|(?:ext(?:ension|n)?|x)[\s.:=]*\d)/i;
/** Longest code that asks an exchange for a line: 9, 8, 0, 99. */
const LINE_DIGITS_MAX = 2;
/** What makes a dialler wait. */
const PAUSE = /^[,~pw]/i;
/** As many digits as this after a pause are a number, and what stands before it was dialled to get a line: `9,12125550100`. */
const DIALLED_AFTER_PAUSE = /^[,~pw\s]*\+?(?:[\s().-]*\d){7}/i;
/** Hide or show the caller's number for this call; the number dialled follows. */
const CALLER_ID_CODE = /^\*(?:67|82)(?=[\s-]*\+?(?:[\s().-]*\d){7})/;
const STAR_CODE = /^[*#][\d*#]*$/;
const SEPARATORS = ' \t\u00a0\u2007\u202f-./()\u2010\u2011\u2012\u2013\u2014\u2015\u2212[]';
const PLUSES = '+\uff0b';
/** First of ten consecutive digit characters: ASCII, full width, Arabic-Indic, Eastern Arabic-Indic. */
const DIGIT_ZEROS = [0x30, 0xff10, 0x660, 0x6f0];

/** @param digits receives the digits; a number with more than it holds is unreadable */
export function readWritten(text: string, digits: Uint8Array): WrittenNumber {
  const written: WrittenNumber = {
    kind: 'unreadable',
    plus: false,
    count: 0,
    text: '',
    routingNumber: '',
    context: '',
  };
  const uri = inAngleBrackets(text).trim();
  const withoutScheme = uri.replace(SCHEME, '');
  const parameters = withoutScheme.indexOf(';');
  if (parameters >= 0) readParameters(withoutScheme.slice(parameters), written);
  const user = userPart(withoutScheme);
  const body = decodePercent(user).trim().replace(CALLER_ID_CODE, '');
  const word = body.toLowerCase();
  if (WITHHELD.has(word) || withoutScheme.toLowerCase() === 'anonymous.invalid') {
    written.kind = 'anonymous';
    return written;
  }
  if (STAR_CODE.test(body)) {
    written.kind = 'star_code';
    written.text = body;
    return written;
  }
  return readBody(body, digits, written);
}

function readBody(body: string, digits: Uint8Array, written: WrittenNumber): WrittenNumber {
  for (let i = 0; i < body.length; i++) {
    const character = body[i]!;
    const digit = digitOf(body.charCodeAt(i));
    if (digit >= 0) {
      if (written.count === digits.length) return written;
      digits[written.count++] = digit;
    } else if (PLUSES.includes(character)) {
      if (written.count > 0 || written.plus) return written;
      written.plus = true;
    } else if (written.plus && written.count > 0 && body.startsWith('(0)', i)) {
      i += 2; // +44 (0)20: the trunk prefix in brackets is for callers inside the country
    } else if (!SEPARATORS.includes(character)) {
      const rest = body.slice(i);
      if (written.count === 0 || !AFTER_NUMBER.test(rest)) return written;
      // Read as extension 9 or 8, the call would be an internal one, and free.
      if (written.count <= LINE_DIGITS_MAX && PAUSE.test(rest) && DIALLED_AFTER_PAUSE.test(rest))
        return written;
      break;
    }
  }
  if (written.count > 0) written.kind = 'digits';
  return written;
}

/** `"Name" <sip:…>` → what stands between the brackets. */
function inAngleBrackets(text: string): string {
  const open = text.lastIndexOf('<');
  const close = text.indexOf('>', open);
  return open >= 0 && close > open && text.slice(open, close + 1).toLowerCase() !== '<null>'
    ? text.slice(open + 1, close)
    : text;
}

/** What stands before host, password and parameters. */
function userPart(uri: string): string {
  const at = uri.lastIndexOf('@');
  let user = at >= 0 ? uri.slice(0, at) : uri;
  for (const end of at >= 0 ? [';', ':'] : [';', '?']) {
    const index = user.indexOf(end);
    if (index >= 0) user = user.slice(0, index);
  }
  return user;
}

function readParameters(text: string, written: WrittenNumber): void {
  const numberStart = /[;]rn=([^;@?]*)/i.exec(text);
  if (numberStart !== null) {
    const routing = decodePercent(numberStart[1]!);
    const routingContext = /;rn-context=(\+[^;@?]*)/i.exec(text);
    written.routingNumber =
      routing.startsWith('+') || routingContext === null ? routing : routingContext[1]! + routing;
  }
  const context = /;phone-context=([^;@?]*)/i.exec(text);
  if (context !== null) {
    const value = decodePercent(context[1]!);
    if (value.startsWith('+')) written.context = value;
  }
}

/** Decodes %XX of ASCII characters; anything else stays as it is. */
function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function digitOf(code: number): number {
  for (const zero of DIGIT_ZEROS) if (code >= zero && code < zero + 10) return code - zero;
  return -1;
}
