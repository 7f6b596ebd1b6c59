import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findKey, parseKeys } from './keys.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const key = { id: 'portal', sha256: sha256('secret'), scopes: ['usage:read'], account: 'acme' };
const parse = (...keys: unknown[]) => parseKeys(JSON.stringify({ keys }), 'keys.json');

describe('a file of keys', () => {
  it('gives keys, each found by its secret only', () => {
    const keys = parse(key, { id: 'all', sha256: sha256('other'), scopes: ['accounts:read'] });
    expect(keys).toEqual([
      key,
      { id: 'all', sha256: sha256('other'), scopes: ['accounts:read'], account: null },
    ]);
    expect(findKey('Bearer secret', keys)).toBe(keys[0]);
    expect(findKey('Bearer other', keys)).toBe(keys[1]);
    expect(findKey(`Bearer ${key.sha256}`, keys)).toBeNull();
  });

  it.each([
    ['no list', '{}'],
    ['no JSON', 'keys: []'],
    ['a key that is none', '{"keys": [null]}'],
    ['an unknown scope', { ...key, scopes: ['everything'] }],
    ['no scope', { ...key, scopes: [] }],
    ['the key itself for its hash', { ...key, sha256: 'secret' }],
    ['no id', { ...key, id: '' }],
    ['an empty account', { ...key, account: '' }],
    ['a misspelled field', { ...key, acount: 'acme' }],
    ['the catalog for one account', { ...key, scopes: ['catalog:read'] }],
  ])('with %s is refused', (_, given) => {
    const text = typeof given === 'string' ? given : JSON.stringify({ keys: [given] });
    expect(() => parseKeys(text, 'keys.json')).toThrow(/^keys\.json holds no keys/);
  });

  it('is refused with one key or id twice', () => {
    expect(() => parse(key, { ...key, id: 'again' })).toThrow(/two keys have the sha256/);
    expect(() => parse(key, { ...key, sha256: sha256('x') })).toThrow(/two keys have the id/);
  });
});
