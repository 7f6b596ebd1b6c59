/** Real processes, a real broker and the real engine: killed, cut off and filled up, they give what an undisturbed run gives. */
import { expect, inject, test } from 'vitest';
import { temporaryDirectory } from '../support/cli.ts';
import { storm } from './storm.ts';

const KILLS = 20;
const SEED = Number(process.env['SEED'] ?? 31);

test.skipIf(inject('kafkaBrokers') === null)(
  `${KILLS} kills and faults beside them change no total (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    await using directory = await temporaryDirectory();
    const result = await storm({
      directory: directory.path,
      seed: SEED,
      kills: KILLS,
      callsPerFile: 8_000,
      partitions: 4,
      say: (line) => console.log(line),
    });
    console.log(
      `${result.calls} calls, ${result.kills} kills in ${result.seconds.toFixed(0)} s; ${result.verdict}`,
    );
    expect(result.differences).toEqual([]);
    expect(result.unexpected).toEqual([]);
    expect(result.verdict).toMatch(/^verified/);
    expect(result.kills).toBeGreaterThanOrEqual(KILLS);
  },
);
