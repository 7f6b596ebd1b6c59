/** What can be done to a running pipeline. Each action returns where it struck, and leaves everything running again. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CUTS } from './cuts.ts';
import { SESSION_TIMEOUT_MS, SERVICES } from './rig.ts';
import type { Rig, ServiceName } from './rig.ts';
import { START_KILL_MS_MAX, outageMs, pick } from './strike.ts';
import type { FaultKind } from './strike.ts';

/** Longer than a session: the partitions of one that is paused move to another. */
const PAUSE_MS = SESSION_TIMEOUT_MS + 3_000;

export const FAULTS: readonly FaultKind[] = [
  ...CUTS,
  {
    name: 'killed (SIGKILL)',
    weight: 10,
    isKill: true,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      return { target, phase: rig.services[target].kill() };
    },
  },
  {
    name: 'killed, and again while it starts',
    weight: 3,
    isKill: true,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      const service = rig.services[target];
      service.kill();
      // The wait is the fault: the point in time at which the process is killed.
      await wait(random() * START_KILL_MS_MAX);
      return { target, phase: service.kill() };
    },
  },
  {
    name: 'stopped in order (SIGTERM)',
    weight: 2,
    isKill: false,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      return { target, phase: rig.services[target].kill('SIGTERM') };
    },
  },
  {
    name: 'paused until its partitions moved to another',
    weight: 1,
    isKill: false,
    async strike({ rig, random }) {
      const target: ServiceName = pick(SERVICES, random);
      const standby = await rig.startStandby(target);
      const { phase, resume } = rig.services[target].pause();
      await wait(PAUSE_MS);
      resume();
      await standby.stop();
      return { target, phase };
    },
  },
  {
    name: 'killed (SIGKILL)',
    weight: 2,
    isKill: true,
    async strike({ rig }) {
      const phase = rig.engine.kill();
      await rig.engine.untilReady();
      return { target: 'ClickHouse', phase };
    },
  },
  {
    name: 'killed (SIGKILL)',
    weight: 1,
    isKill: true,
    isBrokerAway: true,
    async strike({ rig }) {
      await rig.killAndRestartBroker();
      return { target: 'broker', phase: 'working' };
    },
  },
  {
    name: 'killed (SIGKILL)',
    weight: 1,
    isKill: true,
    async strike({ killPublisher }) {
      killPublisher();
      return { target: 'importer', phase: 'publishing' };
    },
  },
  ...(['broker', 'ClickHouse'] as const).flatMap((target): FaultKind[] => {
    const proxyOf = (rig: Rig): Rig['brokerProxy'] =>
      target === 'broker' ? rig.brokerProxy : rig.engineProxy;
    return [
      {
        name: 'connections cut',
        weight: 2,
        isKill: false,
        async strike({ rig }) {
          proxyOf(rig).cut();
          return { target, phase: 'working' };
        },
      },
      {
        name: 'unreachable',
        weight: 1,
        isKill: false,
        async strike({ rig, random }) {
          proxyOf(rig).setRefusing(true);
          await wait(outageMs(random));
          proxyOf(rig).setRefusing(false);
          return { target, phase: 'working' };
        },
      },
      {
        name: 'silent (no byte passes)',
        weight: 1,
        isKill: false,
        async strike({ rig, random }) {
          proxyOf(rig).setStalled(true);
          await wait(outageMs(random));
          proxyOf(rig).setStalled(false);
          return { target, phase: 'working' };
        },
      },
    ];
  }),
  {
    name: 'disk full',
    weight: 1,
    isKill: false,
    async strike({ smallDisk, random }) {
      if (smallDisk === null) return { target: 'ClickHouse (not run: no small disk)', phase: 'working' };
      const file = path.join(smallDisk, 'filler');
      fill(file);
      await wait(outageMs(random));
      rmSync(file, { force: true });
      return { target: 'ClickHouse', phase: 'working' };
    },
  },
];

const FILL_CHUNK = Buffer.alloc(1024 * 1024);

/** Takes all that is left of a file system. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (;;) writeSync(descriptor, FILL_CHUNK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    try {
      fsyncSync(descriptor);
    } catch {
      // Full is what it is meant to be.
    }
  } finally {
    closeSync(descriptor);
  }
}
