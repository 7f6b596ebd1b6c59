import { describe, expect, it } from 'vitest';
import { loadConfig } from '@tollstream/service-kit';
import { hasKey, namesThisMachine } from './access.ts';
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
    expect(hasKey('Bearer secret', 'secret')).toBe(true);
    expect(hasKey('bearer secret', 'secret')).toBe(true);
    for (const wrong of [undefined, '', 'secret', 'Basic secret', 'Bearer ', 'Bearer secret2'])
      expect(hasKey(wrong, 'secret')).toBe(false);
  });

  it('knows names of this machine', () => {
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080'])
      expect(namesThisMachine(host)).toBe(true);
    for (const host of [undefined, '', 'localhost.example.com', 'example.com:8080'])
      expect(namesThisMachine(host)).toBe(false);
  });
});
