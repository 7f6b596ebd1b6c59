import type { Command } from 'commander';

const SERVICES = {
  ingest: 'Decode, validate and normalise call events; attribute each to its account.',
  rating: 'Drop duplicates, classify and price calls.',
  aggregator: 'Write rated usage to ClickHouse, each block exactly once.',
  billing: 'Serve invoices, usage and call details over HTTP.',
} as const;

export type ServiceName = keyof typeof SERVICES;

export interface ServiceOptions {
  readonly config?: string;
  readonly checkConfig?: boolean;
}

export function addServiceCommands(program: Command): void {
  for (const [name, description] of Object.entries(SERVICES)) {
    program
      .command(name)
      .description(`${description} Configured by environment or file: docs/configuration.md.`)
      .option('--config <file>', 'YAML or JSON file of settings; the environment wins')
      .option('--check-config', 'check the configuration, print it without secrets, and end')
      .action(async (options: ServiceOptions) => {
        const { runService } = await import('../services.ts');
        await runService(name as ServiceName, options);
      });
  }
}
