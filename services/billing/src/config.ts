import {
  CATALOG_RELATIONS,
  CATALOG_SETTINGS,
  CLICKHOUSE_SETTINGS,
  defineConfig,
  KAFKA_SETTINGS,
  setting,
} from '@tollstream/service-kit';
import { isLoopback } from './access.ts';

/** Billing joins no group: it needs Kafka for published catalogs only. */
const { groupPrefix: _groupPrefix, ...KAFKA } = KAFKA_SETTINGS;

export const BILLING_CONFIG = defineConfig({
  name: 'billing',
  settings: {
    ...CLICKHOUSE_SETTINGS,
    ...CATALOG_SETTINGS,
    ...KAFKA,
    kafkaBrokers: setting.list({
      summary: 'Kafka bootstrap servers, host:port. Needed where catalogSource is topic.',
      default: [],
    }),
    postgresUrl: setting.secret({
      summary:
        'Billing store: `postgres://user:password@host:port/database`. Without it the API knows of nothing that was issued.',
    }),
    webhookUrl: setting.secret({
      summary:
        'Where each issued invoice is told (services/billing/README.md): an http or https address. Without it nobody is. Those that were issued before are told, too.',
    }),
    webhookSecret: setting.secret({
      summary: 'Signs what the webhook is told: `whsec_` and base64, or any text.',
    }),
    apiHost: setting.text({ summary: 'Address that the HTTP API listens on.', default: '127.0.0.1' }),
    apiPort: setting.integer({
      summary: 'Port of the HTTP API; 0 takes a free one.',
      min: 0,
      max: 65_535,
      default: 8080,
    }),
    apiKey: setting.secret({
      summary:
        'Key that callers send as `Authorization: Bearer KEY`, and may ask everything with. When the API listens beyond this machine, it or apiKeysFile is needed.',
    }),
    apiKeysFile: setting.text({
      summary:
        'File of further keys, each with its scopes and the account that it is limited to (services/billing/README.md). Read at start.',
      default: '',
    }),
  },
  relations: [
    ...CATALOG_RELATIONS,
    {
      holds: ({ catalogSource, kafkaBrokers }) => catalogSource === 'directory' || kafkaBrokers.length > 0,
      rule: 'kafkaBrokers must be set when catalogSource is topic',
      about: ['catalogSource', 'kafkaBrokers'],
    },
    {
      holds: ({ webhookUrl, webhookSecret }) => webhookUrl === '' || webhookSecret !== '',
      rule: 'webhookSecret must be set when webhookUrl is',
      about: ['webhookSecret'],
    },
    {
      holds: ({ webhookUrl, postgresUrl }) => webhookUrl === '' || postgresUrl !== '',
      rule: 'postgresUrl must be set when webhookUrl is: invoices stand there',
      about: ['postgresUrl'],
    },
    {
      holds: ({ webhookUrl }) => webhookUrl === '' || /^https?:\/\/[^\s/]/.test(webhookUrl),
      rule: 'webhookUrl must be an http or https address',
      about: ['webhookUrl'],
    },
    {
      holds: (values) => values.apiKey !== '' || values.apiKeysFile !== '' || isLoopback(values.apiHost),
      rule: 'apiKey must be set, or apiKeysFile, when apiHost is not a loopback address',
      about: ['apiHost'],
    },
  ],
});
