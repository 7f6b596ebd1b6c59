import { loadConfig } from '@tollstream/service-kit';
import { describe, expect, test } from 'vitest';
import { INGEST_CONFIG } from './config.ts';
import { parseSource, printSource } from './source.ts';

describe('source topics', () => {
  test.each([
    ['kamailio.cdr=kamailio-cdr-json', { topic: 'kamailio.cdr', format: 'kamailio-cdr-json' }],
    [
      'pbx=asterisk-json?time-zone=Europe%2FBerlin&switch=pbx-1',
      { topic: 'pbx', format: 'asterisk-json', timeZone: 'Europe/Berlin', switchId: 'pbx-1' },
    ],
    ['pbx=csv?csv-header=a%2Cb', { topic: 'pbx', format: 'csv', csvHeader: 'a,b' }],
  ])('%s', (text, source) => {
    expect(parseSource(text)).toEqual(source);
    expect(printSource(source)).toBe(text);
  });

  test.each([
    '',
    'topic',
    'topic=',
    '=json',
    'a b=json',
    'pbx=csv?zone=UTC',
    'pbx=csv?time-zone=Mars/Olympus',
    'pbx=morse',
    'pbx=asterisk-json',
    'pbx=avro-container',
  ])('%j is none', (text) => expect(parseSource(text)).toBeNull());
});

describe('the configuration', () => {
  const env = { TOLLSTREAM_KAFKA_BROKERS: 'b:9092', TOLLSTREAM_CATALOG_DIR: '/catalog' };

  test('reads several sources', () => {
    const { values } = loadConfig(INGEST_CONFIG, {
      env: { ...env, TOLLSTREAM_SOURCE_TOPICS: 'a=json b=cucm-csv?csv-header=x' },
    });
    expect(values.sourceTopics).toMatchObject([{ topic: 'a' }, { topic: 'b', csvHeader: 'x' }]);
  });

  test.each([
    [{ TOLLSTREAM_SOURCE_TOPICS: 'calls.accepted=json' }, 'sourceTopics must not name'],
    [{ TOLLSTREAM_SOURCE_TOPICS: 'x' }, 'TOLLSTREAM_SOURCE_TOPICS is "x"'],
    [{ TOLLSTREAM_TOPIC_REJECTED: 'calls.raw' }, 'must be three topics'],
    [{ TOLLSTREAM_DEFAULT_COUNTRY: 'Atlantis' }, 'TOLLSTREAM_DEFAULT_COUNTRY'],
    [{ TOLLSTREAM_SCHEMA_DIR: '/s', TOLLSTREAM_SCHEMA_REGISTRY_URL: 'http://r' }, 'only one of'],
  ])('refuses %j', (given, message) => {
    expect(() => loadConfig(INGEST_CONFIG, { env: { ...env, ...given } })).toThrow(message);
  });
});
