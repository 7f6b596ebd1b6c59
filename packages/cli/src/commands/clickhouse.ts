import type { Command } from 'commander';
import { DEFAULT_CLICKHOUSE_PORT, parsePort } from './run.ts';

export interface ClickHouseOptions {
  readonly data: string;
  readonly port: number;
}

export function addClickHouseCommand(program: Command): void {
  program
    .command('clickhouse')
    .description(
      'Serve an embedded ClickHouse engine over HTTP on loopback, for several processes of one machine.',
    )
    .requiredOption('--data <dir>', 'directory of the engine; made when missing')
    .option('--port <port>', 'port, 0 for any free one', parsePort, DEFAULT_CLICKHOUSE_PORT)
    .addHelpText(
      'after',
      `
Example:
  tollstream clickhouse --data .tollstream/clickhouse
  TOLLSTREAM_CLICKHOUSE_URL=http://127.0.0.1:8123 tollstream migrate

Its address is the one line on standard output. For production use a ClickHouse server.`,
    )
    .action(async (options: ClickHouseOptions) => {
      const { serveClickHouse } = await import('../clickhouse.ts');
      await serveClickHouse(options);
    });
}
