/** Keys of callers: only their SHA-256 is kept, each with what it may ask, for all accounts or for one. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { TollError } from '@tollstream/service-kit';
import { API_SCOPES, SCOPES_OF_ALL } from './routes.ts';
import type { ApiScope } from './routes.ts';

export interface ApiKey {
  /** Names the key in logs; no secret. */
  readonly id: string;
  /** Of the key, 64 hex digits. */
  readonly sha256: string;
  readonly scopes: readonly ApiScope[];
  /** The only account that it may ask about; null = all. */
  readonly account: string | null;
}

/** What `apiKey` gives: everything. */
export function masterKey(key: string): ApiKey {
  return { id: 'apiKey', sha256: digest(key).toString('hex'), scopes: API_SCOPES, account: null };
}

/** The key that the header `Bearer KEY` names; takes as long for a wrong one as for a right one. */
export function findKey(authorization: string | undefined, keys: readonly ApiKey[]): ApiKey | null {
  const given = digest(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '');
  let found: ApiKey | null = null;
  for (const key of keys) if (timingSafeEqual(given, Buffer.from(key.sha256, 'hex'))) found = key;
  return found;
}

/**
 * Keys from a file: `{"keys": [{"id", "sha256", "scopes", "account"}]}`.
 * @throws TollError TOLL_BILLING_KEYS_INVALID
 */
export function readKeys(file: string): ApiKey[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw keysInvalid(file, cause instanceof Error ? cause.message : String(cause));
  }
  return parseKeys(text, file);
}

export function parseKeys(text: string, file: string): ApiKey[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw keysInvalid(file, (cause as Error).message);
  }
  const entries: unknown = isRecord(read) ? read['keys'] : undefined;
  if (!Array.isArray(entries)) throw keysInvalid(file, 'it has no list "keys"');
  const keys = entries.map((entry: unknown, i) =>
    keyOf(entry, (what) => keysInvalid(file, `keys[${i}] ${what}`)),
  );
  for (const name of ['id', 'sha256'] as const) {
    const twice = keys.find((key, i) => keys.findIndex((other) => other[name] === key[name]) !== i);
    if (twice !== undefined)
      throw keysInvalid(file, `two keys have the ${name} of ${JSON.stringify(twice.id)}`);
  }
  return keys;
}

function keyOf(entry: unknown, invalid: (what: string) => TollError): ApiKey {
  if (!isRecord(entry)) throw invalid('is no object');
  const { id, sha256, scopes, account = null, ...others } = entry;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`has ${JSON.stringify(other)}, which means nothing`);
  if (typeof id !== 'string' || id === '') throw invalid('has no id');
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw invalid('has no sha256 of 64 lower-case hex digits');
  }
  if (account !== null && (typeof account !== 'string' || account === '')) throw invalid('names no account');
  if (!Array.isArray(scopes) || scopes.length === 0) throw invalid('has no scopes');
  const known = scopes.map((scope: unknown) => {
    const found = API_SCOPES.find((each) => each === scope);
    if (found === undefined)
      throw invalid(`has scope ${JSON.stringify(scope)}; there are ${API_SCOPES.join(', ')}`);
    return found;
  });
  const ofAll = known.find((scope) => SCOPES_OF_ALL.includes(scope));
  if (account !== null && ofAll !== undefined) {
    throw invalid(`is limited to an account and cannot have ${ofAll}, which is about all of them`);
  }
  return { id, sha256, scopes: known, account };
}

function keysInvalid(file: string, what: string): TollError {
  return new TollError({
    code: 'TOLL_BILLING_KEYS_INVALID',
    message: `${file} holds no keys that can be used: ${what}.`,
    remedy: 'Correct the file; services/billing/README.md shows one.',
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
