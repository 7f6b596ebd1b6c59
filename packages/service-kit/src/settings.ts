/**
 * Kinds of settings. A setting knows how to read its value from text (environment) or from a file's value, says what
 * it needs when it cannot, and describes itself for the reference page. Units stand in the setting's name
 * (`batchRecordsMax`, `insertTimeoutMs`).
 */

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

export interface Setting<T> {
  /** One sentence for the reference page. */
  readonly summary: string;
  /** Completes "needs …" in an error: `a whole number from 1 to 65535`. */
  readonly needs: string;
  /** Absent: the setting must be given. */
  readonly default?: T;
  /** Never printed. */
  readonly secret: boolean;
  /** @param input text from the environment, or any value from a configuration file */
  parse(input: unknown): Parsed<T>;
  /** How a value is written in the environment. */
  print(value: T): string;
}

interface Common<T> {
  readonly summary: string;
  readonly default?: T;
}

const NO: Parsed<never> = { ok: false };
const yes = <T>(value: T): Parsed<T> => ({ ok: true, value });

function make<T>(
  common: Common<T>,
  rest: Pick<Setting<T>, 'needs' | 'parse'> & Partial<Setting<T>>,
): Setting<T> {
  return {
    summary: common.summary,
    ...('default' in common ? { default: common.default } : {}),
    secret: false,
    print: String,
    ...rest,
  };
}

const scalarText = (input: unknown): string | null =>
  typeof input === 'string'
    ? input
    : typeof input === 'number' || typeof input === 'boolean'
      ? String(input)
      : null;

export function text(options: Common<string>): Setting<string> {
  return make(options, {
    needs: 'a text',
    parse: (input) => {
      const value = scalarText(input);
      return value === null ? NO : yes(value);
    },
  });
}

/** A text that may be left out: '' then. */
export function optionalText(options: { summary: string }): Setting<string> {
  return text({ ...options, default: '' });
}

/** Like `optionalText`, and never printed. */
export function secret(options: { summary: string }): Setting<string> {
  return { ...optionalText(options), secret: true };
}

/** A whole number within bounds (both inclusive). */
export function integer(options: Common<number> & { min: number; max: number }): Setting<number> {
  return make(options, {
    needs: `a whole number from ${options.min} to ${options.max}`,
    parse: (input) => {
      const written = scalarText(input);
      if (written === null || !/^[+-]?\d+$/.test(written.trim())) return NO;
      const value = Number(written);
      return value >= options.min && value <= options.max ? yes(value) : NO;
    },
  });
}

export function flag(options: Common<boolean>): Setting<boolean> {
  const words = new Map([
    ['true', true],
    ['1', true],
    ['yes', true],
    ['on', true],
    ['false', false],
    ['0', false],
    ['no', false],
    ['off', false],
  ]);
  return make(options, {
    needs: 'true or false',
    parse: (input) => {
      const value = words.get(scalarText(input)?.trim().toLowerCase() ?? '');
      return value === undefined ? NO : yes(value);
    },
  });
}

export function choice<const T extends string>(
  options: Common<NoInfer<T>> & { of: readonly T[] },
): Setting<T> {
  return make(options, {
    needs: `one of ${options.of.join(', ')}`,
    parse: (input) => {
      const value = options.of.find((candidate) => candidate === input);
      return value === undefined ? NO : yes(value);
    },
  });
}

/** Texts separated by commas, or a list in a file. */
export function list(options: Common<readonly string[]> & { min?: number }): Setting<readonly string[]> {
  const min = options.min ?? 0;
  return make(options, {
    needs: min > 0 ? 'a list of texts separated by commas, not empty' : 'a list of texts separated by commas',
    parse: (input) => {
      const parts = Array.isArray(input) ? input.map(scalarText) : scalarText(input)?.split(',');
      if (parts === undefined || parts.includes(null)) return NO;
      const values = parts.map((part) => (part ?? '').trim()).filter((part) => part !== '');
      return values.length >= min ? yes(values) : NO;
    },
    print: (values) => values.join(','),
  });
}

/** An absolute http or https address. Credentials inside it are not shown. */
export function url(options: Common<string>): Setting<string> {
  return make(options, {
    needs: 'an address that begins with http:// or https://',
    parse: (input) => {
      if (typeof input !== 'string' || !URL.canParse(input)) return NO;
      return ['http:', 'https:'].includes(new URL(input).protocol) ? yes(input) : NO;
    },
    print: (value) => value.replace(/\/\/[^@/]*@/, '//***@'),
  });
}

/** Any other kind: a setting with a reader of its own. `parse` returns null for what it cannot read. */
export function custom<T>(
  options: Common<T> & { needs: string; parse: (input: unknown) => T | null; print?: (value: T) => string },
): Setting<T> {
  return make(options, {
    needs: options.needs,
    parse: (input) => {
      const value = options.parse(input);
      return value === null ? NO : yes(value);
    },
    ...(options.print === undefined ? {} : { print: options.print }),
  });
}
