import { knownCountries } from '@tollstream/numbering';
import {
  BATCH_RELATIONS,
  BATCH_SETTINGS,
  CATALOG_RELATIONS,
  CATALOG_SETTINGS,
  defineConfig,
  KAFKA_SETTINGS,
  setting,
  TOPIC_SETTINGS,
} from '@tollstream/service-kit';
import { FORMATS } from '@tollstream/switch-formats';
import { INGEST_LIMITS } from './limits.ts';
import { EVENT_FORMAT, parseSource, printSource } from './source.ts';
import type { IngestSource } from './source.ts';

const { custom, integer, optionalText, secret } = setting;
const { topicRaw, topicAccepted, topicRejected } = TOPIC_SETTINGS;

const topicFormats = Object.values(FORMATS).filter((format) => format.singleRecord);
const TOPIC_FORMATS = [EVENT_FORMAT, ...topicFormats.map(({ id }) => id)].join(', ');
const LOCAL_TIME_FORMATS = topicFormats
  .filter((format) => format.needsTimeZone)
  .map(({ id }) => id)
  .join(', ');

function parseSources(input: unknown): readonly IngestSource[] | null {
  const texts: unknown[] = Array.isArray(input)
    ? input
    : typeof input === 'string'
      ? input.split(' ')
      : [null];
  const sources = texts
    .filter((text) => text !== '')
    .map((text) => (typeof text === 'string' ? parseSource(text) : null));
  return sources.includes(null) ? null : (sources as IngestSource[]);
}

export const INGEST_CONFIG = defineConfig({
  name: 'ingest',
  settings: {
    ...KAFKA_SETTINGS,
    topicRaw,
    topicAccepted,
    topicRejected,
    sourceTopics: custom<readonly IngestSource[]>({
      summary:
        'Further topics to read, each with its format and what its records do not say: kamailio.cdr=kamailio-cdr-json?switch=sbc-1, or pbx.cdr=asterisk-json?time-zone=Europe/Berlin.',
      needs: `topic=format, several separated by spaces; ?time-zone= (which ${LOCAL_TIME_FORMATS} must have), &switch= and &csv-header= may follow; formats: ${TOPIC_FORMATS}`,
      default: [],
      parse: parseSources,
      print: (sources) => sources.map(printSource).join(' '),
    }),
    ...CATALOG_SETTINGS,
    ...BATCH_SETTINGS,
    defaultCountry: custom<string>({
      summary:
        'Country whose dialling rules read the numbers of calls without a known account; empty: that of the default plan, else US.',
      needs: 'an ISO 3166 country code such as US',
      default: '',
      parse: (input) => (typeof input === 'string' && knownCountries().includes(input) ? input : null),
    }),
    schemaRegistryUrl: optionalText({
      summary: 'Confluent-compatible schema registry for Avro records in its wire format; empty: none.',
    }),
    schemaRegistryCredentials: secret({ summary: 'user:password of the schema registry.' }),
    schemaDir: optionalText({
      summary:
        'Directory of Avro writer schemas, used in place of a registry: <id>.avsc answers for a registry id.',
    }),
    recordBytesMax: integer({
      summary: 'Longest raw record that is decoded; longer ones are rejected.',
      min: 1_024,
      max: 16_777_216,
      default: INGEST_LIMITS.recordBytesMax,
    }),
    futureSkewMsMax: integer({
      summary: 'How far a call may start after the log received its record.',
      min: 0,
      max: 366 * 86_400_000,
      default: INGEST_LIMITS.futureSkewMsMax,
    }),
    durationMsMax: integer({
      summary: 'Longest call, from start to end.',
      min: 60_000,
      max: 366 * 86_400_000,
      default: INGEST_LIMITS.durationMsMax,
    }),
    blockRecordsMax: integer({
      summary: 'Calls of one block.',
      min: 1,
      max: 100_000,
      default: INGEST_LIMITS.blockRecordsMax,
    }),
  },
  relations: [
    ...CATALOG_RELATIONS,
    ...BATCH_RELATIONS,
    {
      holds: ({ topicRaw: raw, topicAccepted: accepted, topicRejected: rejected }) =>
        new Set([raw, accepted, rejected]).size === 3,
      rule: 'topicRaw, topicAccepted and topicRejected must be three topics',
      about: ['topicRaw', 'topicAccepted', 'topicRejected'],
    },
    {
      holds: ({ sourceTopics, topicAccepted: accepted, topicRejected: rejected }) =>
        !sourceTopics.some(({ topic }) => topic === accepted || topic === rejected),
      rule: 'sourceTopics must not name a topic that ingest writes',
      about: ['topicAccepted', 'topicRejected'],
    },
    {
      holds: ({ schemaRegistryUrl, schemaDir }) => schemaRegistryUrl === '' || schemaDir === '',
      rule: 'only one of schemaRegistryUrl and schemaDir can be set',
      about: ['schemaRegistryUrl', 'schemaDir'],
    },
    {
      holds: ({ schemaRegistryUrl }) => schemaRegistryUrl === '' || URL.canParse(schemaRegistryUrl),
      rule: 'schemaRegistryUrl must be an address',
      about: ['schemaRegistryUrl'],
    },
  ],
});
