import {
  loadConfig,
  printConfig,
  variableName,
  type ConfigSchema,
  type Settings,
  type Values,
} from './config.ts';
import { createHealth, type Health } from './health.ts';
import { createLifecycle } from './lifecycle.ts';
import { createLogger, LOG_LEVELS, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { startOperationsServer } from './operations-server.ts';
import { choice, integer, text } from './settings.ts';
import { onStopSignals } from './signals.ts';
import { describeError, TollError } from './toll-error.ts';

/** Settings that every service has beside its own. */
export const SERVICE_SETTINGS = {
  logLevel: choice({ summary: 'Least severe level that is logged.', of: LOG_LEVELS, default: 'info' }),
  operationsHost: text({
    summary: 'Address that /metrics, /healthz and /readyz listen on.',
    default: '127.0.0.1',
  }),
  operationsPort: integer({
    summary: 'Port of /metrics, /healthz and /readyz; 0 takes a free one.',
    min: 0,
    max: 65_535,
    default: 9400,
  }),
  shutdownDeadlineMs: integer({
    summary:
      'Time for the orderly stop; after it the process ends with code 1, and what was not committed is read again.',
    min: 100,
    max: 600_000,
    default: 25_000,
  }),
} as const;

export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** What a service is given to start with. */
export interface ServiceContext<S extends Settings> {
  readonly config: Values<S & typeof SERVICE_SETTINGS>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Registers a step of the stop; steps run in reverse order: open stores first, readers last. */
  readonly onStop: (what: string, stop: () => Promise<void> | void) => void;
  /** Work that must not end by itself: when it ends or fails, the service stops with exit code 1. */
  readonly watch: (what: string, done: Promise<unknown>) => void;
}

export interface ServiceDefinition<S extends Settings> {
  readonly name: string;
  readonly config: ConfigSchema<S>;
  /** Starts everything; the service is ready when this resolves. */
  start(context: ServiceContext<S>): Promise<void>;
  /** Command line after the service's name: `--config FILE`, `--check-config`, `--help`. */
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a service until it is told to stop: configuration → logs and metrics → `start` → ready → (signal) → unready →
 * stop in reverse order.
 * @returns the exit code: 0 after an orderly stop, 1 after a failure or a stop that overran its deadline, 2 for a
 *   wrong configuration. The caller sets `process.exitCode`.
 */
export async function startService<S extends Settings>(definition: ServiceDefinition<S>): Promise<number> {
  const { name } = definition;
  const schema = withServiceSettings(definition.config);
  let loaded;
  try {
    const options = parseArguments(name, definition.argv ?? process.argv.slice(2));
    if (options.help) {
      process.stdout.write(helpText(schema));
      return EXIT.ok;
    }
    const env = definition.env ?? process.env;
    const file = options.file ?? (env['TOLLSTREAM_CONFIG_FILE'] || undefined);
    loaded = loadConfig(schema, { env, ...(file === undefined ? {} : { file }) });
    if (options.checkConfig) {
      for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
      process.stdout.write(
        `${printConfig(schema, loaded).join('\n')}\nThe configuration of ${name} is valid.\n`,
      );
      return EXIT.ok;
    }
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return EXIT.usage;
  }
  const config = loaded.values as Values<S & typeof SERVICE_SETTINGS>;
  const common = loaded.values as Values<typeof SERVICE_SETTINGS>;

  const log = createLogger({ name, level: common.logLevel });
  for (const warning of loaded.warnings) log.warn(warning);
  const metrics = createMetrics({ service: name });
  const health = createHealth((ready) => metrics.set('tollstream_ready', {}, ready ? 1 : 0));
  const lifecycle = createLifecycle({
    deadlineMs: common.shutdownDeadlineMs,
    onStep: (what) => log.info({ step: what }, 'stopping'),
  });
  const ended = Promise.withResolvers<number>();
  const removeSignals = onStopSignals({
    onStop: (signal) => {
      log.info({ signal }, 'told to stop');
      ended.resolve(EXIT.ok);
    },
    onForce: () => {
      log.warn('told twice to stop: ending at once; what was not committed is read again');
      process.exit(EXIT.failed);
    },
  });
  const fail = (what: string, error: unknown): void => {
    log.error({ err: error, what }, describeError(error));
    ended.resolve(EXIT.failed);
  };

  try {
    const operations = await startOperationsServer({
      host: common.operationsHost,
      port: common.operationsPort,
      registry: metrics.registry,
      health,
      portSetting: variableName('operationsPort'),
    });
    lifecycle.onStop('operations server', () => operations.close());
    log.info({ address: operations.address }, 'metrics and health are served');
    const started = definition.start({
      config,
      log,
      metrics,
      health,
      onStop: (what, stop) => lifecycle.onStop(what, stop),
      watch: (what, done) => {
        done.then(
          () => fail(what, new Error(`${what} ended by itself`)),
          (error: unknown) => fail(what, error),
        );
      },
    });
    // A signal during a long start (a state being restored, a broker that does not answer) stops it as well.
    const first = await Promise.race([started.then(() => null), ended.promise]);
    if (first === null) {
      health.started();
      log.info('ready');
    } else started.catch(() => {});
  } catch (error) {
    fail('start', error);
  }

  const code = await ended.promise;
  health.stopping();
  const report = await lifecycle.stop();
  removeSignals();
  for (const { what, error } of report.failed)
    log.error({ err: error, what }, `stop failed: ${describeError(error)}`);
  if (report.overran !== null) {
    log.error(
      { step: report.overran, deadlineMs: common.shutdownDeadlineMs },
      'the stop overran its deadline',
    );
    // Something still holds the event loop: leave it behind, it could not be stopped.
    process.exit(EXIT.failed);
  }
  log.info({ code }, 'stopped');
  return report.failed.length > 0 ? EXIT.failed : code;
}

/** So that all services can run on one machine as they are. */
const OPERATIONS_PORTS: Readonly<Record<string, number>> = {
  ingest: 9401,
  rating: 9402,
  aggregator: 9403,
  billing: 9404,
};

/** A service's schema together with the settings that every service has. */
export function withServiceSettings<S extends Settings>(schema: ConfigSchema<S>): ConfigSchema {
  const port = OPERATIONS_PORTS[schema.name] ?? SERVICE_SETTINGS.operationsPort.default;
  const operationsPort = { ...SERVICE_SETTINGS.operationsPort, default: port };
  const settings: Settings = { ...schema.settings, ...SERVICE_SETTINGS, operationsPort };
  // A relation reads the settings it was declared with, and all of those are still there.
  return { ...schema, settings } as unknown as ConfigSchema;
}

function parseArguments(
  name: string,
  argv: readonly string[],
): { file?: string; checkConfig: boolean; help: boolean } {
  let file: string | undefined;
  let checkConfig = false;
  let help = false;
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--check-config') checkConfig = true;
    else if (word === '--help' || word === '-h') help = true;
    else if (word.startsWith('--config=')) file = word.slice('--config='.length);
    else if (word === '--config' && rest.length > 0) file = rest.shift();
    else {
      throw new TollError({
        code: 'TOLL_OPTION_UNKNOWN',
        message:
          word === '--config' ? 'The option --config needs a file.' : `${name} has no option "${word}".`,
        remedy: 'There are --config FILE, --check-config and --help; everything else is a setting.',
      });
    }
  }
  return { ...(file === undefined ? {} : { file }), checkConfig, help };
}

function helpText(schema: ConfigSchema): string {
  const lines = Object.entries(schema.settings).map(([key, setting]) => {
    const standard =
      'default' in setting ? `default ${setting.print(setting.default) || 'empty'}` : 'must be set';
    return `  ${variableName(key)}\n      ${setting.summary} Needs ${setting.needs}; ${standard}.\n`;
  });
  return `tollstream ${schema.name} [--config FILE] [--check-config]\n\nSettings, from the environment or (by name) from a YAML or JSON file:\n${lines.join('')}`;
}
