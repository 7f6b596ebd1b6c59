import { createHash } from 'node:crypto';
import { RESOLVED_OUTCOMES } from '@tollstream/contracts';
import { USAGE_TABLES } from '@tollstream/usage-store';
import { audit } from './audit/audit.ts';
import { SimulatedBroker, type BrokerFlaws } from './world/broker.ts';
import { CATALOG_VERSIONS } from './world/catalogs.ts';
import { Cluster } from './world/cluster.ts';
import { SimulatedEngine } from './world/engine.ts';
import { Faults, type FaultKind } from './world/faults.ts';
import { SimulatedOperators } from './world/operator.ts';
import { TOPICS, type Seams } from './world/pipeline.ts';
import { Random } from './world/random.ts';
import { SimulatedSwitch } from './world/switch.ts';
import { VirtualTime } from './world/virtual-time.ts';
import { Wire } from './world/wire.ts';

/** What is different from the right pipeline in a right world; see broken.ts. */
export interface Variant {
  readonly flaws?: BrokerFlaws;
  readonly tokenWindow?: number;
  /** Made anew for each run, since wrappers may remember. */
  readonly seams?: () => Seams;
}

export interface RunOptions {
  readonly seed: number;
  readonly variant?: Variant;
  readonly onTrace?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  /** What is wrong, in sentences; empty when nothing is. */
  readonly violations: readonly string[];
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** `step (before|after)` → how often a process crashed there. */
  readonly crashes: ReadonlyMap<string, number>;
  /** Snapshots of rating's state, by what became of them. */
  readonly snapshots: ReadonlyMap<string, number>;
  /** Parts whose call an operator's request made whole. */
  readonly partsAskedFor: number;
  /** Raw records on the log, copies included. */
  readonly calls: number;
  readonly events: number;
  readonly virtualMs: number;
  /** The same for every run of the seed: of all requests, faults and messages. */
  readonly traceHash: string;
}

const PARTITIONS = 3;
const CALLS = 220;
/** Reported in two to four parts each. */
const LONG_CALLS = 16;
const FAULTY_MS = 60_000;
/** Within it, everything must be done once the faults are over. */
const HEALING_MS = 300_000;
/** What is still on its way when all is done arrives within it. */
const SETTLING_MS = 20_000;
const TOKEN_WINDOW = 1_000;

/** Runs the whole pipeline once through faults and out of them, and audits what it left. */
export async function run({ seed, variant = {}, onTrace }: RunOptions): Promise<RunResult> {
  const time = new VirtualTime(new Random(seed, 'order'));
  const faults = new Faults(new Random(seed, 'faults'), time, onTrace);
  const random = new Random(seed, 'world');
  const wire = new Wire({ faults, random, time });
  const broker = new SimulatedBroker(wire, variant.flaws);
  const engine = new SimulatedEngine(wire, { tokenWindow: variant.tokenWindow ?? TOKEN_WINDOW });
  for (const name of Object.values(TOPICS)) broker.store.createTopic({ name, partitions: PARTITIONS });
  const source = new SimulatedSwitch({ broker, faults, random: new Random(seed, 'calls'), time });
  const seams = variant.seams?.() ?? {};
  const cluster = new Cluster({ wire, broker, engine, seams });

  source.start({ calls: CALLS, longCalls: LONG_CALLS, spreadMs: FAULTY_MS * 0.7, topic: TOPICS.raw });
  cluster.start();
  new SimulatedOperators({ wire, broker, engine, seams }).start();
  disturbAtRandom({ cluster, wire });
  await time.runUntil(() => false, FAULTY_MS);
  faults.isOn = false;
  cluster.heal();
  const undone = (): string[] => (source.isDone ? unfinished(broker) : ['the switch still publishes']);
  const isDone = everySoOften(time, () => undone().length === 0);
  const hasHealed = await time.runUntil(isDone, FAULTY_MS + HEALING_MS);
  const virtualMs = time.nowMs;
  await time.runUntil(() => false, time.nowMs + SETTLING_MS);

  const violations = cluster.fatal.slice(0, 3);
  if (!hasHealed)
    violations.push(`Not done ${HEALING_MS / 1000} s after the last fault: ${undone().join(', ')}.`);
  violations.push(
    ...audit({
      topics: TOPICS,
      partitions: PARTITIONS,
      catalogs: CATALOG_VERSIONS,
      records: (topic, partition) => broker.records(topic, partition),
      committed: (group, topic, partition) => broker.committed(group, topic, partition),
      stored: (table) => engine.rows(table),
    }),
  );
  for (const topic of Object.values(TOPICS)) faults.trace(`${topic} ${contentHash(broker, topic)}`);
  return {
    seed,
    violations,
    faults: faults.counts,
    crashes: faults.crashes,
    snapshots: cluster.snapshots,
    partsAskedFor: partsAskedFor(engine),
    calls: source.published,
    events: time.eventCount,
    virtualMs,
    traceHash: faults.traceHash(),
  };
}

/** Parts that are resolved by a request as their call, not by rating itself, given up, or kept. */
function partsAskedFor(engine: SimulatedEngine): number {
  const { columns } = USAGE_TABLES.usage_resolved;
  const [run, outcome, sequence] = ['run', 'outcome', 'partial_sequence'].map((name) =>
    columns.indexOf(name),
  );
  const isPriced = (number: string): boolean =>
    ['rated', 'assembled'].includes(RESOLVED_OUTCOMES[Number(number) - 1]!);
  return engine
    .rows('usage_resolved')
    .filter(({ cells }) => cells[run!] !== '' && cells[sequence!] !== '0' && isPriced(cells[outcome!]!))
    .length;
}

/** Disturbs processes every second or so, and now and then takes the log or the store away from all. */
function disturbAtRandom({ cluster, wire }: { cluster: Cluster; wire: Wire }): void {
  const { faults, random, time } = wire;
  const next = (): void => {
    if (!faults.isOn) return;
    cluster.disturb();
    time.schedule(null, random.between(200, 1_800), next);
  };
  const nextOutage = (): void => {
    if (!faults.isOn) return;
    const outage = random.pick(['log down', 'log disk full', 'store down', 'store disk full'] as const);
    faults.begin(outage, random.between(200, outage.startsWith('store') ? 20_000 : 8_000));
    time.schedule(null, random.between(2_000, 20_000), nextOutage);
  };
  time.schedule(null, 1_000, next);
  time.schedule(null, random.between(2_000, 20_000), nextOutage);
}

/** Partitions with records that a stage has not committed, by name. */
function unfinished(broker: SimulatedBroker): string[] {
  const stages = [
    { group: 'ingest', topics: [TOPICS.raw] },
    { group: 'rating', topics: [TOPICS.accepted] },
    {
      group: 'aggregator',
      topics: [TOPICS.rated, TOPICS.suspended, TOPICS.resolved, TOPICS.alerts, TOPICS.rejected],
    },
  ];
  const places: string[] = [];
  for (const { group, topics } of stages) {
    for (const topic of topics) {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const committed = broker.committed(group, topic, partition);
        const isBegun = committed?.metadata.includes('"boundary"') ?? false;
        if (isBegun || broker.records(topic, partition, committed?.offset ?? 0).length > 0)
          places.push(`${group} of ${topic}/${partition}`);
      }
    }
  }
  return places;
}

/** Asks once in 200 ms of virtual time, since asking costs more than an event. */
function everySoOften(time: VirtualTime, condition: () => boolean): () => boolean {
  let nextMs = 0;
  return () => {
    if (time.nowMs < nextMs) return false;
    nextMs = time.nowMs + 200;
    return condition();
  };
}

function contentHash(broker: SimulatedBroker, topic: string): string {
  const hash = createHash('sha256');
  for (let partition = 0; partition < PARTITIONS; partition += 1)
    for (const { offset, value } of broker.records(topic, partition))
      hash.update(`${partition}/${offset}`).update(value ?? '');
  return hash.digest('hex');
}
