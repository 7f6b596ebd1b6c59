import { createRequire } from 'node:module';
import type * as PromClient from 'prom-client';
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricDefinition, type MetricName } from './metric-definitions.ts';

const require = createRequire(import.meta.url);
/** Slow to load, and most commands keep no metrics. */
const promClient = (): typeof PromClient => require('prom-client') as typeof PromClient;

type NameOf<T extends MetricDefinition['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

type Labels<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

/** The metrics of one service in one process. Label values are always given in full. */
export interface Metrics {
  readonly registry: Registry;
  /** Adds to a counter. */
  add<N extends NameOf<'counter'>>(name: N, labels: Labels<N>, amount: number): void;
  /** Sets a gauge. */
  set<N extends NameOf<'gauge'>>(name: N, labels: Labels<N>, value: number): void;
  /** Takes a gauge's series away, such as that of a partition that was given up. */
  unset<N extends NameOf<'gauge'>>(name: N, labels: Labels<N>): void;
  /** Observes a value in a histogram. */
  observe<N extends NameOf<'histogram'>>(name: N, labels: Labels<N>, value: number): void;
  /** The sum of a counter over all its series (progress lines read it). */
  total(name: NameOf<'counter'>): Promise<number>;
}

/**
 * @param options.service value of the label `service` on every series
 * @param options.registry a shared one where several services live in one process; a new one by default
 */
export function createMetrics(options: { service: string; registry?: Registry }): Metrics {
  const client = promClient();
  const registry = options.registry ?? new client.Registry();
  if (options.registry === undefined) client.collectDefaultMetrics({ register: registry });
  const service = { service: options.service };
  const instruments = new Map<MetricName, Counter | Gauge | Histogram>();
  for (const [name, definition] of Object.entries(METRICS) as [MetricName, MetricDefinition][]) {
    instruments.set(
      name,
      (registry.getSingleMetric(name) as Counter | undefined) ?? make(name, definition, registry),
    );
  }
  return {
    registry,
    add: (name, labels, amount) => (instruments.get(name) as Counter).inc({ ...service, ...labels }, amount),
    set: (name, labels, value) => (instruments.get(name) as Gauge).set({ ...service, ...labels }, value),
    unset: (name, labels) => (instruments.get(name) as Gauge).remove({ ...service, ...labels }),
    observe: (name, labels, value) =>
      (instruments.get(name) as Histogram).observe({ ...service, ...labels }, value),
    total: async (name) => {
      const { values } = await (instruments.get(name) as Counter).get();
      return values.reduce(
        (sum, series) => (series.labels['service'] === options.service ? sum + series.value : sum),
        0,
      );
    },
  };
}

function make(
  name: MetricName,
  definition: MetricDefinition,
  registry: Registry,
): Counter | Gauge | Histogram {
  const common = {
    name,
    help: definition.help,
    labelNames: ['service', ...definition.labels],
    registers: [registry],
  };
  const client = promClient();
  if (definition.type === 'counter') return new client.Counter(common);
  if (definition.type === 'gauge') return new client.Gauge(common);
  return new client.Histogram({ ...common, buckets: [...(definition.buckets ?? [])] });
}
