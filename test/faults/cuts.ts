/**
 * Services cut off from the network: no packet passes, so that connections stay half open on both sides, and what was sent comes when the
 * network is back, however late that is.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../support/until.ts';
import type { Wire } from './network.ts';
import { commitsRefused, partitionsHeld } from './partitions-held.ts';
import { SERVICES } from './rig.ts';
import type { Rig, ServiceName } from './rig.ts';
import { START_KILL_MS_MAX, outageMs, pick } from './strike.ts';
import type { FaultKind } from './strike.ts';
import type { Phase } from './supervised.ts';

/** The Kafka client gives up a request after 30 s. */
const REQUESTS_OVER_MS = 35_000;
/** What the new owner does before the former one can be heard again. */
const NEW_OWNER_MS_MAX = 4_000;

/** Cuts a service off for as long as something takes; it is never left so. */
async function whileCut(wire: Wire, work: () => Promise<void>): Promise<void> {
  await wire.setCut(true);
  try {
    await work();
  } finally {
    await wire.setCut(false);
  }
}

function wireOf(rig: Rig, target: ServiceName): Wire {
  if (rig.wires === null) throw new Error('There is no network that could be cut.');
  return rig.wires[target];
}

export const MOVED = 'cut off until its partitions moved to another';

export const CUTS: readonly FaultKind[] = [
  {
    name: 'cut off (no packet passes)',
    weight: 2,
    isKill: false,
    needsWires: true,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      const { phase } = rig.services[target];
      await whileCut(wireOf(rig, target), () => wait(outageMs(random)));
      return { target, phase };
    },
  },
  {
    name: MOVED,
    weight: 1,
    isKill: false,
    needsWires: true,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      const service = rig.services[target];
      const standby = await rig.startStandby(target);
      await service.untilReady();
      await until(
        `both processes of ${target} have partitions`,
        () => partitionsHeld(service.said).size > 0 && partitionsHeld(standby.said).size > 0,
      );
      const all = [...partitionsHeld(service.said), ...partitionsHeld(standby.said)];
      const { phase, starts } = service;
      const before = service.said;
      await whileCut(wireOf(rig, target), async () => {
        await until(`${target} has moved`, () => {
          const held = partitionsHeld(standby.said);
          return all.every((place) => held.has(place));
        });
        await wait(random() * NEW_OWNER_MS_MAX);
      });
      // What it sent before comes now, late: the kernel has kept it, and goes on trying.
      const said = (): string => service.said.slice(before.length);
      await until(
        `${target} hears that its partitions moved`,
        () => said().includes('"msg":"partition given up"') || service.starts !== starts,
      );
      await standby.stop();
      return { target, phase, refused: commitsRefused(said()) };
    },
  },
  {
    name: 'cut off for longer than a request may take',
    weight: 0.25,
    isKill: false,
    needsWires: true,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      const { phase } = rig.services[target];
      await whileCut(wireOf(rig, target), () => wait(REQUESTS_OVER_MS));
      return { target, phase };
    },
  },
  {
    // Neither broker nor ClickHouse hears that it ended.
    name: 'killed while it is cut off',
    weight: 1,
    isKill: true,
    needsWires: true,
    async strike({ rig, random }) {
      const target = pick(SERVICES, random);
      let phase: Phase = 'working';
      await whileCut(wireOf(rig, target), async () => {
        await wait(random() * START_KILL_MS_MAX);
        phase = rig.services[target].kill();
        await wait(outageMs(random));
      });
      return { target, phase };
    },
  },
];
