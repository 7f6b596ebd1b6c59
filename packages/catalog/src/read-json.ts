/**
 * JSON as the YAML reader would read it: programs that write accounts by the hundred thousand write JSON, which is YAML as well, and YAML's own reader
 * takes half a millisecond and many kilobytes for each account.
 */

const DEPTH_MAX = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \n\r\t]*/y;
/** Ends before anything that is written otherwise than it reads. */
const PLAIN_STRING = /"[^"\\\p{Cc}]*"/uy;
const WORDS: readonly (readonly [word: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** What the reader for YAML has to look at. */
class NotPlain extends Error {}

/**
 * @returns the value, or undefined for all that is not JSON of the plainest kind: escapes in strings, keys that come twice, more than `nodesMax` values;
 *   whether that is YAML, and where it is wrong, the reader for YAML says
 */
export function readPlainJson(text: string, nodesMax: number): unknown {
  if (!text.startsWith('{')) return undefined;
  let at = 0;
  let nodes = 0;

  function skipSpace(): void {
    const code = text.charCodeAt(at);
    if (code > 0x20) return;
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
  }
  function take(character: string): boolean {
    skipSpace();
    if (text[at] !== character) return false;
    at++;
    return true;
  }
  function expect(character: string): void {
    if (!take(character)) throw new NotPlain();
  }
  function string(): string {
    skipSpace();
    PLAIN_STRING.lastIndex = at;
    if (!PLAIN_STRING.test(text)) throw new NotPlain();
    const begin = at + 1;
    at = PLAIN_STRING.lastIndex;
    return text.slice(begin, at - 1);
  }
  function object(depth: number): unknown {
    const read: Record<string, unknown> = Object.create(null);
    if (take('}')) return read;
    do {
      const key = string();
      if (key in read) throw new NotPlain();
      expect(':');
      read[key] = value(depth);
    } while (take(','));
    expect('}');
    return read;
  }
  function array(depth: number): unknown {
    const read: unknown[] = [];
    if (take(']')) return read;
    do read.push(value(depth));
    while (take(','));
    expect(']');
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
    switch (text[at]) {
      case '{':
        at++;
        return object(depth + 1);
      case '[':
        at++;
        return array(depth + 1);
      case '"':
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
