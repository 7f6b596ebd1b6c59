/**
 * Loaded into a service before anything else (`node --import`): whoever opens Kafka's event log opens the at-least-once one of
 * `event-log.ts`. So the services are the same to the last line, and know nothing of it.
 */
import { registerHooks } from 'node:module';

const REPLACED = '@tollstream/event-log';
const REPLACEMENT = new URL('event-log.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    return specifier === REPLACED && context.parentURL !== REPLACEMENT
      ? { url: REPLACEMENT, shortCircuit: true }
      : next(specifier, context);
  },
});
