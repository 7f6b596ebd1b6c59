/** Options of the project's own commands: `npm run bench`, `faults`, `simulate`, `api`. */
import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options }>
>['values'];

/**
 * Reads the options of this process. It ends with 0 after `--help`, and with 2 at an option that does not exist or lacks its value; the
 * usage is printed either way.
 */
export function readOptions<const Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
): Values<Options> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return endWrongUse(error instanceof Error ? error.message : String(error), usage);
  }
}

/** A whole number of at least `min`; ends the process with 2 for any other. */
export function readCount(name: string, text: string, usage: string, min = 1): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
  return endWrongUse(`--${name} must be a whole number of at least ${min}, is "${text}".`, usage);
}

/** Says what is wrong and how the command is used, and ends the process with 2. */
export function endWrongUse(message: string, usage: string): never {
  process.stderr.write(`${message}\n\n${usage}\n`);
  process.exit(2);
}
