/**
 * Measures a change of the catalog under load on a real broker:
 *   node test/catalog/main.ts [--calls 60000] [--swaps 5] [--rates 0]
 */
import { parseArgs } from 'node:util';
import { ensureBroker } from '../broker/ensure-broker.ts';
import { swapUnderLoad } from './swap-under-load.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '60000' },
    swaps: { type: 'string', default: '5' },
    rates: { type: 'string', default: '0' },
  },
});
const found = await ensureBroker();
if (found.broker === null) throw new Error(`no broker: ${found.reasons.join('; ')}`);
const options = {
  brokers: found.broker.brokers,
  calls: Number(values.calls),
  extraRates: Number(values.rates),
};
const still = await swapUnderLoad({ ...options, swaps: 0 });
const report = await swapUnderLoad({ ...options, swaps: Number(values.swaps) });
for (const { version, loadMs, swapMs } of report.swaps) {
  process.stdout.write(
    `version ${version}: read and compiled in ${loadMs.toFixed(0)} ms, swapped in ${swapMs.toFixed(3)} ms\n`,
  );
}
process.stdout.write(
  `longest pause of the process: ${report.longestPauseMs.toFixed(1)} ms with swaps, ` +
    `${still.longestPauseMs.toFixed(1)} ms without (ingest and rating in one thread)\n`,
);
process.exit(0);
