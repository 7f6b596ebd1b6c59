/** Real processes, a real broker and the real engine: killed and cut off, they give what an undisturbed run gives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, inject, test } from 'vitest';
import { temporaryDirectory } from '../support/cli.ts';
import { FAULTS } from './actions.ts';
import { MOVED } from './cuts.ts';
import { storm } from './storm.ts';

const KILLS = 20;
const SEED = Number(process.env['SEED'] ?? 31);

test.skipIf(inject('kafkaBrokers') === null)(
  `${KILLS} kills and faults beside them change no total (seed ${SEED})`,
  { timeout: 900_000 },
  async () => {
    await using directory = await temporaryDirectory();
    // Kept when the test fails.
    const logDirectory = await mkdtemp(path.join(tmpdir(), 'tollstream-faults-logs-'));
    const result = await storm({
      directory: directory.path,
      logDirectory,
      seed: SEED,
      kills: KILLS,
      callsPerFile: 5_000,
      partitions: 4,
      gapMs: { min: 100, max: 1_500 },
      // The others wait for half a minute of outage each; `npm run faults` has them.
      kinds: FAULTS.filter(
        ({ isKill, isBrokerAway, name }) =>
          (isKill && isBrokerAway !== true) || name === 'connections cut' || name === MOVED,
      ),
      say: (line) => console.log(line),
    });
    console.log(
      `${result.calls} calls, ${result.kills} kills in ${result.seconds.toFixed(0)} s; ${result.verdict}`,
    );
    expect(result.differences).toEqual([]);
    expect(result.unexpected).toEqual([]);
    expect(result.verdict).toMatch(/^verified/);
    expect(result.kills).toBeGreaterThanOrEqual(KILLS);
    await rm(logDirectory, { recursive: true, force: true });
  },
);
