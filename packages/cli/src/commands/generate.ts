import type { Command } from 'commander';

export interface GenerateOptions {
  readonly calls: string;
  readonly seed: string;
  readonly output: string;
  readonly format?: string;
  readonly catalog?: string;
}

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('Write seeded sample calls: every kind of call, with duplicates, late and broken records.')
    .requiredOption('--calls <n>', 'number of records')
    .option('--seed <n>', 'the same seed gives the same bytes', '2020')
    .requiredOption('--output <file>', "file to write, '-' for standard output")
    .option('--format <format>', 'json or avro (default: by the file name)')
    .option('--catalog <dir>', "catalog whose accounts make the calls (default: the sample's)")
    .addHelpText('after', '\nExample:\n  tollstream generate --calls 1000000 --seed 7 --output calls.jsonl')
    .action(async (options: GenerateOptions) => {
      const { runGenerate } = await import('../generate/command.ts');
      await runGenerate(options);
    });
}
