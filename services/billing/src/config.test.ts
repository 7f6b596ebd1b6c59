import { describe, expect, it } from 'vitest';
import { loadConfig } from '@tollstream/service-kit';
import { namesThisMachine } from './access.ts';
import { findKey, masterKey } from './api/keys.ts';
import { BILLING_CONFIG } from './config.ts';

const load = (env: Record<string, string>) =>
  loadConfig(BILLING_CONFIG, { env: { TOLLSTREAM_CATALOG_DIR: 'catalog', ...env } });

describe('the configuration', () => {
  it.each(['127.0.0.1', '127.8.0.1', 'localhost', '::1'])('needs no key on %s', (host) => {
    expect(load({ TOLLSTREAM_API_HOST: host }).values.apiKey).toBe('');
  });

  it.each(['0.0.0.0', '::', '10.0.0.7', '127.0.0.1.example.com'])('needs a key on %s', (host) => {
    expect(() => load({ TOLLSTREAM_API_HOST: host })).toThrow(/apiKey must be set/);
    expect(load({ TOLLSTREAM_API_HOST: host, TOLLSTREAM_API_KEY: 'k' }).values.apiHost).toBe(host);
  });
});

describe('access', () => {
  it('takes the key as bearer token only', () => {
    const key = masterKey('secret');
    expect(findKey('Bearer secret', [key])).toBe(key);
    expect(findKey('bearer secret', [masterKey('other'), key])).toBe(key);
    for (const wrong of [undefined, '', 'secret', 'Basic secret', 'Bearer ', 'Bearer secret2'])
      expect(findKey(wrong, [key])).toBeNull();
  });

  it('knows names of this machine', () => {
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080'])
      expect(namesThisMachine(host)).toBe(true);
    for (const host of [undefined, '', 'localhost.example.com', 'example.com:8080'])
      expect(namesThisMachine(host)).toBe(false);
  });
});
