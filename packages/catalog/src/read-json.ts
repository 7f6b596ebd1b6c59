/**
 * JSON as the YAML reader would read it: programs that write accounts by the hundred thousand write JSON, which is YAML as well, and YAML's own reader
 * takes half a millisecond and many kilobytes for each account.
 */

const DEPTH_MAX = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \n\r\t]*/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const WORDS: readonly (readonly [word: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Has no properties itself, so that objects have only those that are written; and unlike objects of no prototype they take little memory. */
const NO_PROPERTIES: object = Object.freeze(Object.create(null));

/** What the reader for YAML has to look at. */
class NotPlain extends Error {}

/**
 * Short texts that were met lately, each in the place of its hash: files by programs say the same keys and values over and over, and making a text
 * anew each time is most of the work.
 */
class RecentTexts {
  readonly #texts: (string | undefined)[] = Array.from({ length: RECENT_TEXTS });

  /** @param hash any function of its characters */
  slice(text: string, begin: number, end: number, hash: number): string {
    if (end - begin > RECENT_CHARACTERS_MAX) return text.slice(begin, end);
    const place = hash & (RECENT_TEXTS - 1);
    const known = this.#texts[place];
    if (known !== undefined && known.length === end - begin && text.startsWith(known, begin)) return known;
    return (this.#texts[place] = text.slice(begin, end));
  }
}
const RECENT_TEXTS = 1024;
const RECENT_CHARACTERS_MAX = 40;

/**
 * @returns the value, or undefined for all that is not JSON of the plainest kind: escapes in strings, keys that come twice, more than `nodesMax` values;
 *   whether that is YAML, and where it is wrong, the reader for YAML says
 */
export function readPlainJson(text: string, nodesMax: number): unknown {
  if (!text.startsWith('{')) return undefined;
  const recent = new RecentTexts();
  let at = 0;
  let nodes = 0;

  function skipSpace(): void {
    const code = text.charCodeAt(at);
    if (code > 0x20) return;
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
  }
  function take(character: number): boolean {
    skipSpace();
    if (text.charCodeAt(at) !== character) return false;
    at++;
    return true;
  }
  function expect(character: number): void {
    if (!take(character)) throw new NotPlain();
  }
  function string(): string {
    skipSpace();
    if (text.charCodeAt(at) !== QUOTE) throw new NotPlain();
    const begin = at + 1;
    let end = begin;
    let hash = 0;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === QUOTE) break;
      // What is written otherwise than it reads: escapes, and control characters.
      if (code === BACKSLASH || code < 0x20 || (code >= 0x7f && code <= 0x9f)) throw new NotPlain();
      hash = (Math.imul(hash, 31) + code) | 0;
    }
    if (end === text.length) throw new NotPlain();
    at = end + 1;
    return recent.slice(text, begin, end, hash);
  }
  function object(depth: number): unknown {
    const read: Record<string, unknown> = Object.create(NO_PROPERTIES);
    if (take(CLOSE_BRACE)) return read;
    do {
      const key = string();
      if (key in read) throw new NotPlain();
      expect(COLON);
      read[key] = value(depth);
    } while (take(COMMA));
    expect(CLOSE_BRACE);
    return read;
  }
  function array(depth: number): unknown {
    const read: unknown[] = [];
    if (take(CLOSE_BRACKET)) return read;
    do read.push(value(depth));
    while (take(COMMA));
    expect(CLOSE_BRACKET);
    return read;
  }
  function number(): unknown {
    NUMBER.lastIndex = at;
    if (!NUMBER.test(text)) throw new NotPlain();
    const source = text.slice(at, NUMBER.lastIndex);
    at = NUMBER.lastIndex;
    // As in YAML files: what a double does not hold as written stays text.
    const read = Number(source);
    return Number.isSafeInteger(read) && source === String(read) ? read : source;
  }
  function value(depth: number): unknown {
    if (++nodes > nodesMax || depth > DEPTH_MAX) throw new NotPlain();
    skipSpace();
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
        at++;
        return object(depth + 1);
      case OPEN_BRACKET:
        at++;
        return array(depth + 1);
      case QUOTE:
        return string();
      default: {
        const word = WORDS.find(([each]) => text.startsWith(each, at));
        if (word === undefined) return number();
        at += word[0].length;
        return word[1];
      }
    }
  }

  try {
    const read = value(0);
    skipSpace();
    return at === text.length ? read : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}
