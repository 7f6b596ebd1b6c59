import type { Command } from 'commander';

export interface BackupOptions {
  readonly data?: string;
  readonly output: string;
}

export interface RestoreOptions {
  readonly data: string;
}

export function addBackupCommands(program: Command): void {
  program
    .command('backup')
    .description('Write a data directory to one file: log, tables, billing and settings, as of one moment.')
    .requiredOption('--output <file>', 'file to write, such as january.tar.zst')
    .option('--data <dir>', 'data directory of an embedded run (default: .tollstream/data)')
    .addHelpText(
      'after',
      `
Example:
  tollstream backup --data .tollstream/data --output january.tar.zst

No run may hold the directory meanwhile. The file is a tar archive compressed with Zstandard, with a checksum of each file in it; it
appears under its name only when it is whole.`,
    )
    .action(async (options: BackupOptions) => {
      const { backUp } = await import('../backup/backup.ts');
      await backUp(options);
    });
  program
    .command('restore')
    .description('Make a data directory from a backup; every file is held against its checksum.')
    .argument('<file>', 'what `tollstream backup` wrote')
    .requiredOption('--data <dir>', 'directory to make; it must not exist, or be empty')
    .addHelpText(
      'after',
      `
Example:
  tollstream restore january.tar.zst --data .tollstream/restored
  tollstream verify --data .tollstream/restored`,
    )
    .action(async (file: string, options: RestoreOptions) => {
      const { restore } = await import('../backup/restore.ts');
      await restore(file, options);
    });
}
