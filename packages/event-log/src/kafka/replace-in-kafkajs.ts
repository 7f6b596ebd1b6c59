/**
 * Puts something else in the place of a module of kafkajs. kafkajs keeps what it finds when it is loaded, so this must happen before:
 * parts that are replaced in half of it would not fit the other half.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** What kafkajs's entry requires; the entry itself is in the cache from the moment that somebody imports it. */
const KAFKAJS = 'kafkajs/src/index.js';
/** Marks what stands in for a module, also for a second instance of this one. */
const REPLACED = Symbol.for('tollstream.kafkajs.replaced');

/** Does nothing under `TOLLSTREAM_KAFKAJS_STOCK=1`. */
export function replaceInKafkajs(module: string, by: object): void {
  if (process.env['TOLLSTREAM_KAFKAJS_STOCK'] === '1') return;
  const loaded = require.cache[require.resolve(module)];
  if (loaded === undefined) throw new Error(`${module} is not where kafkajs 2.2.4 has it.`);
  if (REPLACED in (loaded.exports as object)) return;
  if (require.cache[require.resolve(KAFKAJS)] !== undefined)
    throw new Error('kafkajs was loaded before what replaces parts of it.');
  loaded.exports = Object.assign(by, { [REPLACED]: true });
}
