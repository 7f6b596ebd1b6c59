/** Cells that say who calls, to what the catalog's column `origin` may hold. */

/** Words for all callers: such a row is one without origin. */
const ALL_WORDS: ReadonlySet<string> = new Set([
  'all',
  'any',
  'world',
  'worldwide',
  'default',
  'rest of world',
  'row',
  '*',
]);

const UNKNOWN_WORDS: ReadonlySet<string> = new Set([
  'unknown',
  'withheld',
  'anonymous',
  'no cli',
  'without cli',
  'invalid',
]);

/** What a column of kinds of callers may say, and what the catalog calls it. */
export const ORIGIN_CLASS_WORDS: ReadonlyMap<string, string> = new Map([
  ['', ''],
  ['all', ''],
  ['any', ''],
  ['geographic', 'geographic'],
  ['fixed', 'geographic'],
  ['landline', 'geographic'],
  ['mobile', 'mobile'],
  ['toll free', 'toll_free'],
  ['toll_free', 'toll_free'],
  ['premium', 'premium'],
  ['shared cost', 'shared_cost'],
  ['shared_cost', 'shared_cost'],
  ['other', 'other'],
]);

/**
 * @param words what the mapping file says of names, such as those of groups
 * @returns one origin for each item of the cell, '' for all callers; null when one is not known
 */
export function readOrigins(
  text: string,
  words: ReadonlyMap<string, string>,
  countries: ReadonlySet<string>,
): readonly string[] | null {
  const whole = originOf(text, words, countries);
  if (whole !== null) return [whole];
  const items = text
    .split(/[;,|\n\r]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const origins = items.map((item) => originOf(item, words, countries));
  return origins.length === 0 || origins.includes(null) ? null : [...new Set(origins as string[])];
}

function originOf(
  text: string,
  words: ReadonlyMap<string, string>,
  countries: ReadonlySet<string>,
): string | null {
  const word = text.toLowerCase().replace(/\s+/g, ' ');
  const said = words.get(word);
  if (said !== undefined) return said;
  if (ALL_WORDS.has(word)) return '';
  if (UNKNOWN_WORDS.has(word)) return 'unknown';
  if (countries.has(text)) return text;
  const digits = text.replace(/^(?:\+|00)/, '');
  return /^[1-9]\d{0,14}$/.test(digits) ? digits : null;
}
