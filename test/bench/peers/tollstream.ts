/** This product's engine, in this process, on one core. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '../../support/cli.ts';
import type { Peer } from './peer.ts';
import { priceAll } from './work.ts';

export function tollstreamPeer(): Peer {
  return {
    name: 'tollstream',
    async prepare(work) {
      const { version } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
        version: string;
      };
      return [
        {
          name: 'tollstream, rating-engine',
          version: `${version}, Node ${process.versions.node}`,
          includes:
            'classifies each call by the plan, chooses the rule, finds the longest prefix in force at the answer, prices in scaled integers; calls lie in memory',
          async run() {
            const cpu = process.cpuUsage();
            const startedMs = performance.now();
            const totals = priceAll(work);
            const seconds = (performance.now() - startedMs) / 1_000;
            const { user, system } = process.cpuUsage(cpu);
            return { totals, seconds, cpuSeconds: (user + system) / 1e6 };
          },
        },
      ];
    },
    async close() {},
  };
}
