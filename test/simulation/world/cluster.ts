import type { Membership } from '@tollstream/event-log';
import type { SnapshotEvent } from '@tollstream/service-rating';
import type { UsageStore } from '@tollstream/usage-store';
import { ClickHouseStore } from '../../../packages/usage-store/src/store.ts';
import { BrokerClient } from './broker-client.ts';
import type { SimulatedBroker } from './broker.ts';
import { CATALOG_VERSIONS } from './catalogs.ts';
import type { SimulatedEngine } from './engine.ts';
import { SERVICES, startService, type Seams, type Service } from './pipeline.ts';
import { SimulatedDisk } from './snapshot-disk.ts';
import { SimulatedProcess } from './virtual-time.ts';
import type { Wire } from './wire.ts';

const PROCESSES_EACH = 2;
const STOP_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 300;

/** One place of the installation, where a process runs, dies and is started again. */
interface Slot {
  readonly service: Service;
  readonly name: string;
  process: SimulatedProcess;
  stop: AbortController;
  membership: Membership | null;
  starts: number;
}

export interface ClusterParts {
  readonly wire: Wire;
  readonly broker: SimulatedBroker;
  readonly engine: SimulatedEngine;
  readonly seams: Seams;
}

/** Two processes of each service, and a supervisor that starts again what ended. */
export class Cluster {
  /** Errors that stopped a service: none is expected, whatever happens around it. */
  readonly fatal: string[] = [];
  readonly #parts: ClusterParts;
  readonly #slots: Slot[];
  readonly #disk: SimulatedDisk;
  /** Snapshots by what became of them. */
  readonly snapshots = new Map<SnapshotEvent['kind'], number>();
  #version = 1;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#disk = new SimulatedDisk(parts.wire);
    this.#slots = SERVICES.flatMap((service) =>
      Array.from({ length: PROCESSES_EACH }, (_, index) => ({
        service,
        name: `${service}-${index}`,
        process: new SimulatedProcess(`${service}-${index}.0`),
        stop: new AbortController(),
        membership: null,
        starts: 0,
      })),
    );
  }

  start(): void {
    for (const slot of this.#slots) this.#start(slot);
    this.#supervise();
  }

  /** One thing that happens to processes; on average every second. */
  disturb(): void {
    const { wire, broker } = this.#parts;
    const { faults, random, time } = wire;
    const slot = random.pick(this.#slots);
    const { process } = slot;
    const what = random.between(0, 9);
    if (what <= 1 && process.isAlive) {
      faults.count('process killed', process.name);
      process.isAlive = false;
    } else if (what <= 3 && process.isAlive) {
      faults.count('process restarted', process.name);
      this.#stop(slot);
    } else if (what <= 5) {
      const lengthMs = random.between(200, 25_000);
      faults.count('process paused', `${process.name} ${lengthMs} ms`);
      process.pausedUntilMs = time.nowMs + lengthMs;
    } else if (what <= 7) {
      const members = [...broker.groups()].flatMap((group) => group.members);
      if (members.length === 0) return;
      const member = random.pick(members);
      faults.count('member unheard', member.process.name);
      member.unheardUntilMs = time.nowMs + random.between(5_000, 20_000);
    } else if (what === 8) {
      const group = random.pick([...broker.groups()]);
      if (group.members.length === 0) return;
      faults.count('rebalance', group.name);
      group.rebalance('at random');
    } else {
      const jumpMs = random.between(-2 * 3_600_000, 2 * 3_600_000);
      const ofBroker = random.chance(0.3);
      faults.count('clock jump', `${ofBroker ? 'broker' : process.name} ${jumpMs} ms`);
      if (ofBroker) broker.clockOffsetMs = jumpMs;
      else process.clockOffsetMs = jumpMs;
    }
  }

  /** What was paused or unheard goes on; what a fault keeps from running is over. */
  heal(): void {
    const { broker, wire } = this.#parts;
    for (const { process } of this.#slots)
      process.pausedUntilMs = Math.min(process.pausedUntilMs, wire.time.nowMs + 1_000);
    for (const group of broker.groups()) for (const member of group.members) member.unheardUntilMs = 0;
  }

  #supervise(): void {
    const { broker, wire } = this.#parts;
    wire.time.schedule(null, LOOK_EVERY_MS, () => {
      for (const group of broker.groups()) group.expire();
      for (const slot of this.#slots) if (!slot.process.isAlive && wire.random.chance(0.2)) this.#start(slot);
      this.#supervise();
    });
  }

  #start(slot: Slot): void {
    const { broker, engine, seams, wire } = this.#parts;
    slot.starts += 1;
    slot.process = new SimulatedProcess(`${slot.name}.${slot.starts}`);
    slot.stop = new AbortController();
    slot.membership = null;
    if (slot.service === 'rating' && slot.starts > 1) this.#maybeSwapCatalog();
    const { process } = slot;
    const { signal } = slot.stop;
    const catalog = CATALOG_VERSIONS[this.#version - 1]!;
    wire.faults.trace(`${process.name} starts with catalog ${catalog.version}`);
    wire.time.schedule(process, 0, () => {
      const log = new BrokerClient(broker, process);
      const connection = engine.connect(process);
      const store: UsageStore = new ClickHouseStore(connection, { database: connection.database });
      const snapshots = this.#disk.of(process);
      const onSnapshot = (event: SnapshotEvent): void => {
        if (event.kind === 'paused') return;
        this.snapshots.set(event.kind, (this.snapshots.get(event.kind) ?? 0) + 1);
        const reason = event.kind === 'refused' ? `: ${event.reason}` : '';
        wire.faults.trace(`${process.name} snapshot of ${event.partition} ${event.kind}${reason}`);
      };
      const started = startService(slot.service, {
        log,
        store,
        catalog,
        snapshots,
        onSnapshot,
        signal,
        seams,
      });
      started
        .then(async (membership) => {
          slot.membership = membership;
          await membership.done;
        })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          wire.faults.trace(`${process.name} stopped by: ${reason}`);
          this.fatal.push(`${process.name} stopped: ${reason}`);
          process.isAlive = false;
        });
    });
  }

  /** Some restarts are how a new catalog comes into use. The two rating processes may so hold two for a while. */
  #maybeSwapCatalog(): void {
    const { faults, random } = this.#parts.wire;
    if (this.#version === CATALOG_VERSIONS.length || !random.chance(0.3)) return;
    this.#version += 1;
    faults.count('catalog swapped', String(this.#version));
  }

  /** SIGTERM; SIGKILL when that takes too long. */
  #stop(slot: Slot): void {
    const { process, membership, stop } = slot;
    const { time } = this.#parts.wire;
    const end = (): void => {
      process.isAlive = false;
    };
    time.schedule(process, 0, () => {
      stop.abort();
      if (membership === null) end();
      else void membership.stop().then(end, end);
    });
    time.schedule(null, STOP_TIMEOUT_MS, end);
  }
}
