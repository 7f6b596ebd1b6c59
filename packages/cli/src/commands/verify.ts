import type { Command } from 'commander';

export interface VerifyCommandOptions {
  readonly data?: string;
  readonly from?: string;
  readonly to?: string;
  readonly rawTopic?: readonly string[];
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description('Prove over topics and tables that no call was lost and none was billed twice.')
    .option(
      '--data <dir>',
      'data directory of an embedded run (default: Kafka and ClickHouse by environment)',
    )
    .option('--from <offset>', 'first offset of the raw topic to verify (default: the earliest)')
    .option(
      '--to <offset>',
      'offset of the raw topic to verify up to, exclusive (default: all that was read)',
    )
    .option('--raw-topic <name...>', 'further topics that ingest reads beside the raw topic')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  tollstream verify --data .tollstream/sample
  tollstream verify --data .tollstream/data --from 1000000 --to 1100000     a part of it
  KAFKA_BROKERS=localhost:9092 tollstream verify                            Kafka and ClickHouse

Changes nothing, and may run while the pipeline does. The last line is the verdict: 'verified: …', or
'DIFFERENT: …' with the first bad offset, and the exit code is 1.`,
    )
    .action(async (options: VerifyCommandOptions) => {
      const { runVerify } = await import('../verify/command.ts');
      await runVerify(options);
    });
}
