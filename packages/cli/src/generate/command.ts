import type { GenerateOptions } from '../commands/generate.ts';
import { catalogOf } from '../catalog-option.ts';
import { UsageError } from '../failure.ts';
import { count, say } from '../terminal.ts';
import { writeCalls } from './index.ts';

export async function runGenerate(options: GenerateOptions): Promise<void> {
  const calls = wholeNumber(options.calls, '--calls');
  const seed = wholeNumber(options.seed, '--seed');
  const format = options.format ?? (options.output.endsWith('.avro') ? 'avro' : 'json');
  if (format !== 'json' && format !== 'avro') {
    throw new UsageError({
      code: 'TOLL_USAGE_FORMAT',
      message: `--format: '${format}' cannot be generated`,
      remedy: 'Use json or avro.',
    });
  }
  const catalog = await catalogOf(options);
  const startedMs = performance.now();
  await writeCalls({ calls, seed, output: options.output, format, catalog });
  say(
    `${count(calls)} calls (seed ${seed}) in ${((performance.now() - startedMs) / 1000).toFixed(1)} s → ${options.output}`,
  );
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new UsageError({
      code: 'TOLL_USAGE_NUMBER',
      message: `${option}: '${text}' is not a whole number`,
      remedy: 'Write digits only, such as 100000.',
    });
  }
  return value;
}
