import { CATALOG_SETTINGS, CLICKHOUSE_SETTINGS, defineConfig, setting } from '@tollstream/service-kit';
import { isLoopback } from './access.ts';

export const BILLING_CONFIG = defineConfig({
  name: 'billing',
  settings: {
    ...CLICKHOUSE_SETTINGS,
    ...CATALOG_SETTINGS,
    apiHost: setting.text({ summary: 'Address that the HTTP API listens on.', default: '127.0.0.1' }),
    apiPort: setting.integer({
      summary: 'Port of the HTTP API; 0 takes a free one.',
      min: 0,
      max: 65_535,
      default: 8080,
    }),
    apiKey: setting.secret({
      summary:
        'Key that callers send as `Authorization: Bearer KEY`; needed when the API listens beyond this machine.',
    }),
  },
  relations: [
    {
      holds: (values) => values.apiKey !== '' || isLoopback(values.apiHost),
      rule: 'apiKey must be set when apiHost is not a loopback address',
      about: ['apiHost'],
    },
  ],
});
