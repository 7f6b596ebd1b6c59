/**
 * The `peers` scenario: what else prices calls by longest prefix on this machine, beside this product's engine, in turns on the same deck and
 * the same calls. Each has its own script under `peers/`; what is not installed is said to be so.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clickHousePeer } from './peers/clickhouse.ts';
import type { PeerRun, PreparedPeer } from './peers/peer.ts';
import { postgresPeer } from './peers/postgres.ts';
import { tollstreamPeer } from './peers/tollstream.ts';
import { type PeerTotals, makePeerWork } from './peers/work.ts';
import type { PeerResult, PeersResult } from './result.ts';
import { median } from './result.ts';

const PREFIXES = [10_000, 100_000];

export async function benchPeers(options: {
  calls: number;
  rounds: number;
  seed: number;
  say: (line: string) => void;
}): Promise<PeersResult> {
  const results: PeerResult[] = [];
  const missing: Record<string, string> = {};
  for (const prefixes of PREFIXES) results.push(...(await onDeck(prefixes, options, missing)));
  return { rounds: options.rounds, results, missing };
}

async function onDeck(
  prefixes: number,
  { calls, rounds, seed, say }: { calls: number; rounds: number; seed: number; say: (line: string) => void },
  missing: Record<string, string>,
): Promise<PeerResult[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tollstream-peers-'));
  // PostgreSQL reads the files as a user of its own.
  await chmod(directory, 0o755);
  const peers = [tollstreamPeer(), postgresPeer(), clickHousePeer()];
  try {
    say(`${prefixes.toLocaleString('en')} prefixes, ${calls.toLocaleString('en')} calls …`);
    const work = await makePeerWork({ directory, prefixes, calls, seed });
    const prepared: PreparedPeer[] = [];
    for (const peer of peers) {
      const ready = await peer.prepare(work, directory);
      if (typeof ready === 'string') missing[peer.name] = ready;
      else prepared.push(...ready);
    }
    const runs = prepared.map((): PeerRun[] => []);
    // The round before the first compiles code and fills caches, for all alike.
    for (let round = 0; round <= rounds; round++) {
      for (const [i, peer] of prepared.entries()) {
        const run = await peer.run();
        if (round > 0) runs[i]!.push(run);
        say(`round ${round} of ${rounds}, ${peer.name}: ${run.seconds.toFixed(2)} s`);
      }
    }
    const ours = runs[0]!;
    return prepared.map(({ name, version, includes }, i): PeerResult => {
      const all = runs[i]!;
      const cpu = all.map(({ cpuSeconds }) => cpuSeconds).filter((seconds) => seconds !== null);
      return {
        name,
        version,
        includes,
        prefixes,
        calls,
        calls_per_second: Math.round(calls / median(all.map(({ seconds }) => seconds))),
        cpu_seconds_per_million: cpu.length === 0 ? null : (median(cpu) * 1e6) / calls,
        times_tollstream: median(
          all.map((run, round) => (run.cpuSeconds ?? run.seconds) / ours[round]!.cpuSeconds!),
        ),
        totals: all[0]!.totals,
        difference: differenceOf(all[0]!.totals, ours[0]!.totals),
      };
    });
  } finally {
    for (const peer of peers.toReversed()) await peer.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns '' when all calls cost the same to the last digit */
function differenceOf(totals: PeerTotals, ours: PeerTotals): string {
  return (['calls', 'charge', 'checksum'] as const)
    .filter((name) => String(totals[name]) !== String(ours[name]))
    .map((name) => `${name} ${totals[name]}, not ${ours[name]}`)
    .join('; ');
}
