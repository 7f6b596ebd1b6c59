import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { TollError } from './toll-error.ts';
import type { Setting } from './settings.ts';

// Each setting has its own type; `unknown` would refuse them all, because `print` takes the value.
// oxlint-disable-next-line typescript/no-explicit-any
export type Settings = Readonly<Record<string, Setting<any>>>;

export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** A rule between settings, checked at start when all of them could be read. */
export interface Relation<S extends Settings> {
  readonly holds: (values: Values<S>) => boolean;
  /** The rule as a sentence: `insertTimeoutMs must be below sessionTimeoutMs`. */
  readonly rule: string;
  /** Settings it is about; their values are shown. */
  readonly about: readonly (keyof S & string)[];
}

export interface ConfigSchema<S extends Settings = Settings> {
  /** The service or command that is configured. */
  readonly name: string;
  readonly settings: S;
  readonly relations: readonly Relation<S>[];
}

export type ConfigOf<C> = C extends ConfigSchema<infer S> ? Values<S> : never;

/** Declares a configuration. Relations are typed by the settings. */
export function defineConfig<const S extends Settings>(schema: {
  name: string;
  settings: S;
  relations?: readonly Relation<S>[];
}): ConfigSchema<S> {
  return { relations: [], ...schema };
}

/** `insertTimeoutMs` → `TOLLSTREAM_INSERT_TIMEOUT_MS`. */
export function variableName(key: string): string {
  return `TOLLSTREAM_${key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;
}

export interface LoadedConfig<V> {
  readonly values: V;
  /** Where each value came from. */
  readonly sources: Readonly<Record<string, 'environment' | 'file' | 'default'>>;
  /** What is probably a mistake and does not prevent the start. */
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration: environment before file before default. All problems are reported at once.
 * @param options.file a YAML or JSON file with the settings' names as keys
 * @throws TollError `TOLL_CONFIG_INVALID` naming each setting, what it got and what it needs
 */
export function loadConfig<S extends Settings>(
  schema: ConfigSchema<S>,
  options: { env: Readonly<Record<string, string | undefined>>; file?: string },
): LoadedConfig<Values<S>> {
  const problems: string[] = [];
  const fromFile = options.file === undefined ? {} : readConfigFile(options.file);
  for (const key of Object.keys(fromFile)) {
    if (!(key in schema.settings)) {
      problems.push(
        `${options.file}: "${key}" is no setting of ${schema.name}${didYouMean(key, Object.keys(schema.settings))}.`,
      );
    }
  }
  const values: Record<string, unknown> = {};
  const sources: Record<string, 'environment' | 'file' | 'default'> = {};
  for (const [key, setting] of Object.entries(schema.settings)) {
    const variable = variableName(key);
    // An empty variable counts as not set: compose files and shells make them by accident.
    const fromEnvironment = options.env[variable] || undefined;
    const given = fromEnvironment ?? fromFile[key];
    if (given === undefined || given === null) {
      if ('default' in setting) values[key] = setting.default;
      else problems.push(`${variable} is not set; it needs ${setting.needs}.`);
      sources[key] = 'default';
      continue;
    }
    sources[key] = fromEnvironment === undefined ? 'file' : 'environment';
    const parsed = setting.parse(given);
    if (parsed.ok) values[key] = parsed.value;
    else {
      const place = fromEnvironment === undefined ? `${options.file}: "${key}"` : variable;
      problems.push(`${place} is ${shown(setting, given)}; it needs ${setting.needs}.`);
    }
  }
  if (problems.length === 0) {
    for (const relation of schema.relations) {
      if (relation.holds(values as Values<S>)) continue;
      const about = relation.about.map(
        (key) => `${variableName(key)} is ${shown(schema.settings[key], values[key])}`,
      );
      problems.push(`${relation.rule}; ${about.join(', ')}.`);
    }
  }
  if (problems.length > 0) {
    throw new TollError({
      code: 'TOLL_CONFIG_INVALID',
      message: `The configuration of ${schema.name} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n  ${problems.join('\n  ')}\n`,
      remedy: 'Correct the values; docs/configuration.md lists all settings.',
    });
  }
  return {
    values: values as Values<S>,
    sources,
    warnings: misspelled(Object.keys(schema.settings), options.env),
  };
}

/** The configuration as lines of `VARIABLE=value`, with secrets and credentials hidden. */
export function printConfig<S extends Settings>(
  schema: ConfigSchema<S>,
  loaded: LoadedConfig<Values<S>>,
): string[] {
  return Object.entries(schema.settings).map(([key, setting]) => {
    const value = loaded.values[key];
    const hidden = setting.secret && value !== '';
    return `${variableName(key)}=${hidden ? '***' : setting.print(value)}  # ${loaded.sources[key]}`;
  });
}

function readConfigFile(file: string): Record<string, unknown> {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TollError({
      code: 'TOLL_CONFIG_FILE_UNREADABLE',
      message: `The configuration file ${file} cannot be read: ${(cause as Error).message}.`,
      remedy: 'Name an existing file, readable for this user.',
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = parseYaml(content); // JSON is YAML
  } catch (cause) {
    throw new TollError({
      code: 'TOLL_CONFIG_FILE_BROKEN',
      message: `The configuration file ${file} is no YAML or JSON: ${(cause as Error).message}`,
      remedy: 'Correct the place it names.',
      cause,
    });
  }
  if (parsed === null || parsed === undefined) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw new TollError({
      code: 'TOLL_CONFIG_FILE_BROKEN',
      message: `The configuration file ${file} does not hold settings with names.`,
      remedy: 'Write one "name: value" per line.',
    });
  }
  return parsed as Record<string, unknown>;
}

function shown(setting: Setting<unknown> | undefined, value: unknown): string {
  if (setting?.secret) return 'set (a secret)';
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return `"${written.length > 80 ? `${written.slice(0, 80)}…` : written}"`;
}

/** Variables with our prefix that are one or two letters off a setting's name. Other services' variables are none of ours. */
function misspelled(keys: readonly string[], env: Readonly<Record<string, string | undefined>>): string[] {
  const known = keys.map(variableName);
  return Object.keys(env)
    .filter((name) => name.startsWith('TOLLSTREAM_') && !known.includes(name))
    .flatMap((name) => {
      const hint = didYouMean(name, known);
      return hint === '' ? [] : [`The environment variable ${name} is no setting${hint}.`];
    });
}

function didYouMean(word: string, candidates: readonly string[]): string {
  const near = candidates.find((candidate) => editDistance(word, candidate) <= 2);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
