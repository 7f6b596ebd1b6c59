/** `node test/broker/main.ts start|stop|status`: the broker that tests and benchmarks share, for people. */
import { ensureBroker } from './ensure-broker.ts';
import { findJavaBroker, stopJavaBroker } from './java-broker.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(command: string): Promise<number> {
  switch (command) {
    case 'start': {
      const search = await ensureBroker(say);
      if (search.broker === null) {
        say(`No broker can be run here: ${search.reasons.join('; ')}.`);
        return 1;
      }
      say(search.broker.description);
      process.stdout.write(`${search.broker.brokers.join(',')}\n`);
      return 0;
    }
    case 'stop':
      say((await stopJavaBroker()) ? 'The broker was stopped.' : 'No broker was running.');
      return 0;
    case 'status': {
      const broker = await findJavaBroker();
      say(broker ? broker.description : 'No broker is running.');
      return broker ? 0 : 1;
    }
    default:
      say('Usage: node test/broker/main.ts start|stop|status');
      return 2;
  }
}

try {
  process.exitCode = await main(process.argv[2] ?? '');
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
