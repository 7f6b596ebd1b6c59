import type { Command } from 'commander';

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('Bring the ClickHouse schema up to date; safe to repeat.')
    .addHelpText('after', '\nExample:\n  TOLLSTREAM_CLICKHOUSE_URL=http://localhost:8123 tollstream migrate')
    .action(async () => {
      const { migrate } = await import('../migrate.ts');
      await migrate();
    });
}
